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
import { revoke, turn } from '../../src/register/operator.ts';
import { EPOCH_SECONDS, idOf, leafOf, openTestRegister, SECRETS } from './harness.ts';

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

describe("the operator's command", () => {
  const folder = mkdtempSync(join(tmpdir(), 'bauta-operator-'));
  const key = join(folder, 'operator.key');
  const stack = join(folder, 'keys.json');
  let register: Opened;
  let server: ServerType;
  let url = '';

  beforeAll(async () => {
    writeFileSync(key, `${toBase64Url(SECRETS.operator)}\n`, { mode: 0o600 });
    writeFileSync(stack, JSON.stringify({ operator: toBase64Url(SECRETS.operator), other: 'x' }), { mode: 0o600 });
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

  it('revokes a leaf and turns the epoch', async () => {
    await register.submit(leafOf(1));
    const leaf = leafOf(1).toString();
    const revoked = await runProcess('revoke', '--leaf', leaf, '--reason', 'document_lost', '--url', url, '--key', key);
    expect(revoked).toEqual({ code: 0, stdout: `${JSON.stringify({ leaf, status: 'pending' })}\n`, stderr: '' });
    const turned = await run('turn', '--url', `${url}/`, '--key', stack);
    expect(turned).toEqual({ code: 0, stdout: `${JSON.stringify({ epoch: 1, turned: true })}\n`, stderr: '' });
    expect((await register.checkpoint()).counts).toEqual({ issued: 1, revoked: 1, active: 0 });
  }, 60_000);

  it('says what the register refused, and exits 1', async () => {
    const leaf = leafOf('never').toString();
    const refused = await run('revoke', '--leaf', leaf, '--reason', 'fraud', '--url', url, '--key', key);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^leaf_unknown: /);
    const nobody = await run('turn', '--url', 'http://127.0.0.1:1', '--key', key);
    expect(nobody).toMatchObject({ code: 1, stdout: '' });
    expect(nobody.stderr).toMatch(/^register_unreachable: /);
  });

  it('explains itself, and exits 2 on a wrong command line or key file', async () => {
    const help = await run('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('document_withdrawn');
    const open = join(folder, 'open.key');
    writeFileSync(open, toBase64Url(SECRETS.operator));
    chmodSync(open, 0o644);
    const revokeOne = ['revoke', '--leaf', '1', '--url', url] as const;
    const wrong = await Promise.all([
      run(),
      run('revoke', '--leaf', '1'),
      run(...revokeOne, '--reason', 'whim', '--key', key),
      run(...revokeOne, '--reason', 'fraud', '--key', open),
      run(...revokeOne, '--reason', 'fraud', '--key', join(folder, 'none')),
    ]);
    for (const { code, stdout, stderr } of wrong) {
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('Usage:');
      expect(stderr).not.toContain(toBase64Url(SECRETS.operator));
    }
    expect(wrong[3].stderr).toContain('chmod 600');
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
    expect(await revoke(operator, leafOf(1), 'death')).toBe('pending');
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
