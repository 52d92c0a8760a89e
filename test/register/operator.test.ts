// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve, type ServerType } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { runCommand } from '../../src/register/command.ts';
import { turn } from '../../src/register/operator.ts';
import { EPOCH_SECONDS, idOf, leafOf, openTestRegister, RULES, SECRETS, START } from './harness.ts';

type Opened = Awaited<ReturnType<typeof openTestRegister>>;

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command within the test. */
async function run(...args: readonly string[]): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  const code = await runCommand(args, {
    fetch: (url, init) => fetch(url, init),
    clock: () => START,
    out: (text) => (stdout += text),
    err: (text) => (stderr += text),
  });
  return { code, stdout, stderr };
}

/** Runs the command as a process. */
function runProcess(...args: readonly string[]): Promise<Outcome> {
  const script = fileURLToPath(new URL('../../scripts/register.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, ...output });
    });
  });
}

describe('the command of approvers and the operator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bauta-operator-'));
  const file = (name: string): string => join(folder, name);
  const stack = file('keys.json');
  const [one, two] = [file('one.key'), file('two.key')];
  let register: Opened;
  let server: ServerType;
  let url = '';

  beforeAll(async () => {
    const text = (name: keyof typeof SECRETS): string => toBase64Url(SECRETS[name]);
    writeFileSync(one, `${text('approver1')}\n`, { mode: 0o600 });
    writeFileSync(two, `${text('approver2')}\n`, { mode: 0o600 });
    const keys = { operator: text('operator'), approver1: text('approver1'), approver2: text('approver2') };
    writeFileSync(stack, JSON.stringify({ ...keys, other: 'x' }), { mode: 0o600 });
    register = await openTestRegister(':memory:');
    await new Promise<void>((resolve) => {
      server = serve({ fetch: register.app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }: AddressInfo) => {
        url = `http://127.0.0.1:${String(port)}`;
        resolve();
      });
    });
  });
  afterAll(async () => {
    server.close();
    await register.close();
    rmSync(folder, { recursive: true });
  });

  /** Approves with both keys; returns the options that name the approvals. */
  async function approvals(name: string, ...args: readonly string[]): Promise<readonly string[]> {
    const options: string[] = [];
    for (const [i, key] of [one, two].entries()) {
      const { code, stdout, stderr } = await run('approve', ...args, '--key', key);
      expect([code, stderr]).toEqual([0, '']);
      const path = file(`${name}${String(i)}.json`);
      writeFileSync(path, stdout);
      options.push('--approval', path);
    }
    return options;
  }
  const done = (leaf: string, status: string): Outcome => ({
    code: 0,
    stdout: `${JSON.stringify({ leaf, status })}\n`,
    stderr: '',
  });
  const turned = async (): Promise<void> => {
    register.time.now += EPOCH_SECONDS * 1000;
    expect(await run('turn', '--url', `${url}/`, '--key', stack)).toMatchObject({ code: 0, stderr: '' });
  };

  it('announces, reverses and announces again what approvers signed apart, and it is carried out', async () => {
    await register.submit(leafOf(1));
    const leaf = leafOf(1).toString();
    const first = await approvals('first', '--leaf', leaf, '--reason', 'fraud');
    expect(await runProcess('announce', ...first, '--url', url)).toEqual(done(leaf, 'pending'));
    await turned();
    const position = (await register.checkpoint()).size - 1;
    const back = await approvals('back', '--leaf', leaf, '--reverse', String(position));
    expect(await run('reverse', ...back, '--url', url)).toEqual(done(leaf, 'pending'));
    await turned();
    expect(await run('announce', ...first, '--url', url)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^announcement_outdated: /) as string,
    });
    const again = await approvals('again', '--leaf', leaf, '--reason', 'fraud', '--after', String(position));
    expect(await run('announce', ...again, '--url', url)).toEqual(done(leaf, 'pending'));
    await turned();
    expect((await register.checkpoint()).counts).toMatchObject({ revoked: 0, announced: 1 });
    register.time.now += RULES.delay * 1000;
    await turned();
    expect((await register.checkpoint()).counts).toMatchObject({ revoked: 1, announced: 0 });
  }, 60_000);

  it('revokes at once where that may be', async () => {
    await register.submit(leafOf(2));
    const leaf = leafOf(2).toString();
    const urgent = await approvals('urgent', '--leaf', leaf, '--reason', 'document_lost', '--urgent');
    expect(await run('revoke', '--urgent', ...urgent, '--url', url)).toEqual(done(leaf, 'pending'));
    await turned();
    expect(await run('revoke', '--urgent', ...urgent, '--url', url)).toEqual(done(leaf, 'revoked'));
    expect(await run('revoke', ...urgent, '--url', url)).toMatchObject({ code: 2 });
  });

  it('takes the key that --name names from the keys of a development stack', async () => {
    const base = ['approve', '--leaf', '1', '--reason', 'death', '--key', stack] as const;
    const [unnamed, named] = await Promise.all([run(...base), run(...base, '--name', 'approver2')]);
    expect(JSON.parse(unnamed.stdout)).toMatchObject({ act: 'announce', approver: idOf('approver1') });
    expect(JSON.parse(named.stdout)).toMatchObject({ act: 'announce', approver: idOf('approver2') });
    expect(await run(...base, '--name', 'other')).toMatchObject({ code: 2 });
  });

  it('submits approvals of one and the same act only', async () => {
    const fraud = await approvals('fraud', '--leaf', '5', '--reason', 'fraud');
    const death = await approvals('death', '--leaf', '5', '--reason', 'death');
    const other = await approvals('other', '--leaf', '6', '--reason', 'fraud');
    const refused = { code: 1, stderr: expect.stringMatching(/^approvals_differ: /) as string };
    expect(await run('announce', ...fraud.slice(2), ...death.slice(2), '--url', url)).toMatchObject(refused);
    expect(await run('announce', ...fraud.slice(2), ...other.slice(2), '--url', url)).toMatchObject(refused);
    expect(await run('reverse', ...fraud, '--url', url)).toMatchObject(refused);
    writeFileSync(file('empty.json'), '{}');
    expect(await run('announce', '--approval', file('empty.json'), '--url', url)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^approval_invalid: /) as string,
    });
  });

  it('says what the register refused, and exits 1', async () => {
    const never = await approvals('never', '--leaf', leafOf('never').toString(), '--reason', 'fraud');
    const refused = await run('announce', ...never, '--url', url);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^leaf_unknown: /);
    const nobody = await run('turn', '--url', 'http://127.0.0.1:1', '--key', one);
    expect(nobody).toMatchObject({ code: 1, stdout: '' });
    expect(nobody.stderr).toMatch(/^register_unreachable: /);
  });

  it('explains itself, and exits 2 on a wrong command line or key file', async () => {
    const help = await run('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('document_withdrawn');
    const open = file('open.key');
    writeFileSync(open, toBase64Url(SECRETS.approver1));
    chmodSync(open, 0o644);
    const approveOne = ['approve', '--leaf', '1'] as const;
    const wrong = await Promise.all([
      run(...approveOne, '--reason', 'fraud', '--key', open),
      run(),
      run('approve', '--reason', 'fraud', '--key', one),
      run('approve', '--leaf', '01', '--reason', 'fraud', '--key', one),
      run(...approveOne, '--reason', 'whim', '--key', one),
      run(...approveOne, '--reason', 'holder_request', '--key', one),
      run(...approveOne, '--reason', 'fraud', '--urgent', '--key', one),
      run(...approveOne, '--reason', 'fraud', '--after', 'x', '--key', one),
      run(...approveOne, '--reverse', '-2', '--key', one),
      run(...approveOne, '--reverse', '2', '--reason', 'fraud', '--key', one),
      run(...approveOne, '--reason', 'fraud', '--key', file('none')),
      run('announce', '--url', url),
      run('announce', '--approval', file('none'), '--url', url),
    ]);
    for (const { code, stdout, stderr } of wrong) {
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('Usage:');
      expect(stderr).not.toContain(toBase64Url(SECRETS.approver1));
    }
    expect(wrong[0].stderr).toContain('chmod 600');
  });

  it('makes a key that only its owner may read', async () => {
    const path = join(folder, 'fresh.key');
    const made = await run('key', '--out', path);
    expect(made.code).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ id: expect.stringMatching(/^[\w-]{11}$/) as string });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await run('key', '--out', path)).code).toBe(2);
  });
});

describe('orders to turn', () => {
  it('are signed by an operator for the next epoch, and cut only what is due', async () => {
    const register = await openTestRegister(':memory:');
    const fetch = (url: string, init: RequestInit): Promise<Response> =>
      Promise.resolve(register.app.request(url.replace('http://register', ''), init));
    const operator = { url: 'http://register', key: SECRETS.operator, fetch };
    expect(await turn(operator)).toEqual({ epoch: 1, turned: false });
    await register.submit(leafOf(1));
    await expect(turn({ ...operator, key: SECRETS.stranger })).rejects.toMatchObject({ code: 'operator_unknown' });
    expect(await turn(operator)).toEqual({ epoch: 1, turned: true });
    await register.submit(leafOf(2));
    expect(await turn(operator)).toEqual({ epoch: 2, turned: false });
    register.time.now += EPOCH_SECONDS * 1000;
    const replayed = { epoch: 1, operator: idOf('operator'), signature: toBase64Url(new Uint8Array(64)) };
    expect(await (await register.post('/v1/turns', replayed)).json()).toMatchObject({ code: 'signature_invalid' });
    expect((await register.checkpoint()).epoch).toBe(1);
    await register.revoke(leafOf(1));
    expect(await turn(operator)).toEqual({ epoch: 2, turned: true });
    await register.close();
  });

  it('that are replayed are refused', async () => {
    const register = await openTestRegister(':memory:');
    const bodies: string[] = [];
    const fetch = (url: string, init: RequestInit): Promise<Response> => {
      if (typeof init.body === 'string') bodies.push(init.body);
      return Promise.resolve(register.app.request(url.replace('http://register', ''), init));
    };
    await register.submit(leafOf(1));
    await turn({ url: 'http://register', key: SECRETS.operator, fetch });
    await register.submit(leafOf(2));
    register.time.now += EPOCH_SECONDS * 1000;
    const answer = await register.post('/v1/turns', bodies.at(-1));
    expect(await answer.json()).toMatchObject({ code: 'epoch_not_next' });
    await register.close();
  });
});
