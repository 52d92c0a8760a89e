// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve, type ServerType } from '@hono/node-server';
import { ed25519 } from '@noble/curves/ed25519.js';
import { type Context, Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { emptyRoots } from '../../src/commitment/tree.ts';
import { signCheckpoint } from '../../src/log/checkpoint.ts';
import { cosign } from '../../src/log/cosignature.ts';
import { MemoryStore } from '../../src/log/memory_store.ts';
import { entryHash } from '../../src/log/merkle.ts';
import { Replay } from '../../src/log/replay.ts';
import { initialState } from '../../src/log/replay_state.ts';
import { decodeBundle, encodeBundle } from '../../src/log/tiles.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { makeBlock } from '../../src/register/audit_blocks.ts';
import type { AuditReport } from '../../src/register/audit_report.ts';
import { runAudit } from '../../src/register/audit_command.ts';
import { buildLog, type Cut, goodEpochs, LOG_KEY, LOG_ORIGIN, LOG_SECRETS, make } from '../log/log_builder.ts';
import { leafOf, openTestRegister, ORIGIN, REGISTER_KEY, SECRETS } from './harness.ts';

const servers: ServerType[] = [];
let register: Awaited<ReturnType<typeof openTestRegister>>;
let url: string;
const folder = mkdtempSync(join(tmpdir(), 'bauta-audit-'));

/** Listens on a port of its own. */
function listen(app: Hono): Promise<string> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
      resolve(`http://127.0.0.1:${String(port)}`);
    });
    servers.push(server);
  });
}

/** A mirror that answers as the register does, but for what a test changes; undefined: 404. */
function mirror(change: (path: string, body: Buffer) => Uint8Array | string | undefined): Promise<string> {
  const app = new Hono();
  app.get('*', async (c) => {
    const { pathname } = new URL(c.req.url);
    const response = await register.get(pathname);
    const body = Buffer.from(await response.arrayBuffer());
    const changed = response.ok ? change(pathname, body) : undefined;
    return changed === undefined
      ? c.notFound()
      : c.body(typeof changed === 'string' ? changed : Buffer.from(changed), 200);
  });
  return listen(app);
}

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(...args: string[]): Promise<Run> {
  let [out, err] = ['', ''];
  const code = await runAudit(args, {
    fetch: (target, init) => fetch(target, init),
    pause: () => Promise.resolve(),
    readFile: (path) => readFile(path, 'utf8'),
    out: (text) => (out += text),
    err: (text) => (err += text),
    clock: () => 0,
  });
  return { code, out, err };
}

async function report(target: string, ...args: string[]): Promise<AuditReport & { readonly code: number }> {
  const { code, out } = await run(target, '--json', '--quiet', ...args);
  return { ...(JSON.parse(out) as AuditReport), code };
}

const keyText = (name: string, publicKey: Uint8Array): string => `${name}:${toBase64Url(publicKey)}`;
const KEY = keyText(ORIGIN, REGISTER_KEY.publicKey);
const flip = (bytes: Uint8Array, at: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));

beforeAll(async () => {
  register = await openTestRegister(':memory:');
  for (let i = 0; i < 20; i++) await register.submit(leafOf(i));
  await register.nextEpoch();
  await register.revoke(leafOf(3));
  await register.request(leafOf(4));
  for (let i = 20; i < 260; i++) await register.submit(leafOf(i));
  await register.nextEpoch();
  await register.submit(leafOf(999));
  await register.nextEpoch();
  url = await listen(register.app);
});

afterAll(async () => {
  for (const server of servers) server.close();
  await register.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the audit of a register on a socket', () => {
  it('says that all holds, and what it saw', async () => {
    const { checkpoint } = { checkpoint: await register.checkpoint() };
    const found = await report(url, '--key', KEY);
    expect(found).toMatchObject({
      ...{ code: 0, holds: true, fault: null, origin: ORIGIN, key: 'given' },
      ...{ epoch: 3, size: checkpoint.size, entries: checkpoint.size, checkpoints: 4 },
      counts: { issued: 261, revoked: 2, active: 259 },
      reasons: { holder_request: 1, document_lost: 1 },
      witnesses: { trusted: 0, threshold: 0, newest: [] },
    });
    expect(found.downloaded.files).toBeGreaterThan(5);
  });

  it('takes the key from the register when none is given, and says so', async () => {
    expect(await report(`${url}/`)).toMatchObject({ code: 0, key: 'named by the register' });
    const { code, out, err } = await run(url);
    expect(code).toBe(0);
    expect(out).toContain('named by the register: this says nothing about who it is');
    expect(out).toMatch(/\nall holds\n$/);
    expect(err).toContain('downloading checkpoints');
  });

  it('finds another key than the one that it was given', async () => {
    const other = keyText(ORIGIN, ed25519.getPublicKey(SECRETS.stranger));
    expect(await report(url, '--key', other)).toMatchObject({ code: 1, holds: false, fault: { rule: 'checkpoint' } });
    const renamed = keyText('other.test/v1', REGISTER_KEY.publicKey);
    expect(await report(url, '--key', renamed)).toMatchObject({ code: 1, fault: { rule: 'checkpoint' } });
  });
});

describe('a mirror', () => {
  const changed = async (path: RegExp, change: (body: Buffer) => Uint8Array | string | undefined): Promise<string> =>
    mirror((found, body) => (path.test(found) ? change(body) : body));

  it('that changes nothing is as good as the register', async () => {
    expect(await report(await mirror((_, body) => body), '--key', KEY)).toMatchObject({ code: 0, holds: true });
  });

  it.each([
    ['an entry', /^\/tile\/entries\/000$/, (body: Buffer) => flip(body, 3000), 'log_root', /entry \d+ is not the one/],
    ['the order of entries', /^\/tile\/entries\/000$/, swapEntries, 'log_root', /entry 10 is not/],
    ['the length of a bundle', /^\/tile\/entries\/000$/, (body: Buffer) => body.subarray(0, -1), 'tile', /damaged/],
    ['a bundle away', /^\/tile\/entries\/001/, () => undefined, 'tile', /does not have its file \/tile\/entries\/001/],
    [
      'a hash of level 0',
      /^\/tile\/0\/000$/,
      (body: Buffer) => flip(body, 700),
      'tile',
      /are not those of the entries/,
    ],
    ['a hash of level 1', /^\/tile\/1\//, (body: Buffer) => flip(body, 0), 'tile', /are not those of the entries/],
    ['a tile away', /^\/tile\/1\//, () => undefined, 'tile', /missing/],
    ['a block', /^\/blocks\/\d+\/0\.bin$/, (body: Buffer) => flip(body, body.length - 1), 'block', /not the block/],
    ['a block away', /^\/blocks\//, () => undefined, 'block', /missing/],
    [
      'the newest checkpoint',
      /^\/checkpoint$/,
      (body: Buffer) => body.toString().replace('epoch 3', 'epoch 4'),
      'checkpoint',
      /signature/,
    ],
    [
      'a checkpoint of the past',
      /^\/checkpoints\//,
      (body: Buffer) => body.toString().replace('epoch 1\\n', 'epoch 2\\n'),
      'checkpoint',
      /signature/,
    ],
    ['a checkpoint of the past away', /^\/checkpoints\//, withoutEpoch1, 'history', /missing/],
    ['all checkpoints of the past away', /^\/checkpoints\//, () => undefined, 'history', /missing/],
  ] as const)('that changes %s is found out', async (_, path, change, rule, detail) => {
    const found = await report(await changed(path, change), '--key', KEY);
    expect(found).toMatchObject({ code: 1, holds: false, fault: { rule } });
    expect(found.fault?.detail).toMatch(detail);
  });

  it('that shows a second checkpoint of an epoch is found out', async () => {
    const forged = async (): Promise<string> => {
      const current = await register.current();
      const last = current.at(-1);
      if (last === undefined) throw new Error('there is no checkpoint');
      return signCheckpoint({ ...last, activeFrom: last.activeFrom + 1 }, SECRETS.register, ORIGIN);
    };
    const note = await forged();
    const newest = await changed(/^\/checkpoint$/, () => note);
    expect((await report(newest)).fault).toMatchObject({ rule: 'second_root', at: 'epoch 3' });
    const shown = await changed(/^\/v1\/checkpoints$/, () => JSON.stringify({ checkpoints: [note] }));
    expect((await report(shown)).fault).toMatchObject({ rule: 'second_root', at: 'epoch 3' });
  });

  it('whose blocks go because the epoch turned meanwhile is no fault', async () => {
    let asked = 0;
    const turning = await mirror((path, body) => {
      if (path.startsWith('/blocks/')) return undefined;
      if (path !== '/v1/checkpoints' || asked++ === 0) return body;
      return JSON.stringify({ checkpoints: [nextNote] });
    });
    const last = await register.checkpoint();
    const nextNote = signCheckpoint({ ...last, epoch: 9, activeFrom: last.activeFrom + 9 }, SECRETS.register, ORIGIN);
    expect(await report(turning, '--key', KEY)).toMatchObject({ code: 0, holds: true });
  });

  it('of an older state is whole by itself', async () => {
    const notes = (await register.json<{ checkpoints: string[] }>('/checkpoints/0.json')).checkpoints.slice(0, 2);
    const old = await mirror((path, body) => {
      if (path === '/checkpoint') return notes[1];
      if (path.startsWith('/checkpoints/')) return JSON.stringify({ checkpoints: notes });
      if (path === '/v1/checkpoints') return JSON.stringify({ checkpoints: notes });
      return path.startsWith('/blocks/') ? undefined : body;
    });
    // Without the blocks that wallets would look for there.
    expect(await report(old)).toMatchObject({ epoch: 1, fault: { rule: 'block' } });
  });
});

function swapEntries(body: Buffer): Uint8Array {
  const entries = [...decodeBundle(body, 256)];
  [entries[10], entries[11]] = [entries[11] ?? body, entries[10] ?? body];
  return encodeBundle(entries);
}

function withoutEpoch1(body: Buffer): string {
  const { checkpoints } = JSON.parse(body.toString()) as { checkpoints: string[] };
  return JSON.stringify({ checkpoints: [...checkpoints.slice(0, 1), ...checkpoints.slice(2)] });
}

describe('a register that breaks its own rules', () => {
  /** Serves a log that a test made, with everything that belongs to it as far as it can be replayed. */
  async function serveLog(cuts: readonly Cut[]): Promise<string> {
    const app = new Hono();
    const entries = cuts.flatMap((cut) => cut.entries);
    const notes = cuts.map(({ note }) => note);
    app.get('/checkpoint', (c) => c.text(notes.at(-1) ?? ''));
    app.get('/v1/checkpoints', (c) => c.json({ checkpoints: notes.slice(-1) }));
    app.get('/v1/info', (c) => c.json({ origin: LOG_ORIGIN, public_key: toBase64Url(LOG_KEY.publicKey) }));
    app.get('/checkpoints/0.json', (c) => c.json({ checkpoints: notes }));
    app.get('/tile/entries/*', (c) => c.body(Buffer.from(encodeBundle(entries)), 200));
    app.get('/tile/0/*', (c) => c.body(Buffer.concat(entries.map(entryHash)), 200));
    const block = await blockOfLog(cuts).catch(() => undefined);
    app.get('/blocks/*', (c) => (block === undefined ? c.notFound() : c.body(Buffer.from(block), 200)));
    return listen(app);
  }

  async function blockOfLog(cuts: readonly Cut[]): Promise<Uint8Array> {
    const hash = await buildWasmPoseidon();
    const [store, empty] = [new MemoryStore(), emptyRoots(hash)];
    let state = initialState(hash);
    for (const { checkpoint, entries } of cuts) {
      const replay = new Replay(state, checkpoint, { hash, empty, store });
      store.write(await replay.take(entries));
      state = replay.finish();
    }
    return makeBlock(store, empty, state.frontier.size, 0);
  }

  it('is told the first one that it broke', async () => {
    const hash = await buildWasmPoseidon();
    const epochs = goodEpochs();
    epochs[2]?.splice(2, 1, make.request('d', 2, 'otherIssuer'));
    const found = await report(await serveLog(buildLog(hash, epochs)));
    expect(found.fault).toMatchObject({ rule: 'issuer_other', at: 'entry 15' });
    expect(found).toMatchObject({ code: 1, checkpoints: 2, entries: 13 });
    const { out } = await run(await serveLog(buildLog(hash, epochs)));
    expect(out).toContain('FAULT        issuer_other at entry 15: another issuer signed the leaf');
  });

  it('is told a checkpoint that states other counts', async () => {
    const hash = await buildWasmPoseidon();
    const cuts = buildLog(hash, goodEpochs(), (checkpoint) =>
      checkpoint.epoch === 3 ? { ...checkpoint, counts: { ...checkpoint.counts, resets: 9 } } : checkpoint,
    );
    expect((await report(await serveLog(cuts))).fault).toMatchObject({ rule: 'counts', at: 'checkpoint of size 20' });
  });

  it('is held to the cosignatures of the witnesses that the auditor trusts', async () => {
    const hash = await buildWasmPoseidon();
    const secrets = { 'witness.test/w1': LOG_SECRETS.stranger, 'witness.test/w2': LOG_SECRETS.approver1 };
    const witnesses = Object.entries(secrets).flatMap(([name, secret]) => [
      '--witness',
      keyText(name, ed25519.getPublicKey(secret)),
    ]);
    const lines = (note: string, count: number): string =>
      Object.entries(secrets)
        .slice(0, count)
        .map(([name, secret]) => cosign(note, name, secret, 1_790_000_000))
        .join('');
    const cosigned = (count: (epoch: number) => number): readonly Cut[] =>
      buildLog(hash, goodEpochs()).map((cut, epoch) => ({ ...cut, note: cut.note + lines(cut.note, count(epoch)) }));

    const whole = await report(await serveLog(cosigned(() => 2)), ...witnesses);
    expect(whole).toMatchObject({ code: 0, holds: true });
    expect(whole.witnesses).toEqual({
      ...{ trusted: 2, threshold: 2 },
      newest: Object.keys(secrets).map((name) => ({ name, time: 1_790_000_000 })),
    });
    // The newest may still wait.
    expect((await report(await serveLog(cosigned((epoch) => (epoch < 7 ? 2 : 0))), ...witnesses)).holds).toBe(true);
    const lacking = await serveLog(cosigned((epoch) => (epoch === 4 ? 1 : 2)));
    expect((await report(lacking, ...witnesses)).fault).toMatchObject({
      rule: 'cosignatures',
      at: 'checkpoint of size 25',
      detail: '1 of 2 cosignatures',
    });
    expect((await report(lacking, ...witnesses, '--threshold', '1')).holds).toBe(true);
    // A cosignature that is not over this checkpoint.
    const cuts = cosigned(() => 2);
    const wrong = cuts.map((cut, i) => (i === 2 ? { ...cut, note: cut.note + lines(cuts[1]?.note ?? '', 1) } : cut));
    expect((await report(await serveLog(wrong), ...witnesses)).fault).toMatchObject({ rule: 'checkpoint' });
  });
});

const site = (handler: (c: Context) => Response): Promise<string> => {
  const app = new Hono();
  app.get('*', handler);
  return listen(app);
};

describe('a register that does not answer every time', () => {
  /** Answers each file only when it is asked for so often. */
  async function flaky(attempts: number): Promise<string> {
    const asked = new Map<string, number>();
    const app = new Hono();
    app.get('*', async (c) => {
      const { pathname } = new URL(c.req.url);
      const times = (asked.get(pathname) ?? 0) + 1;
      asked.set(pathname, times);
      return times < attempts ? c.text('', 503) : register.get(pathname);
    });
    return listen(app);
  }

  it('is asked four times for a file, and no more', async () => {
    expect(await report(await flaky(4))).toMatchObject({ code: 0, holds: true });
    expect(await run(await flaky(5))).toMatchObject({ code: 3 });
  });
});

describe('what is no register', () => {
  const empty = new Hono();
  it.each([
    ['does not answer', () => Promise.resolve('http://127.0.0.1:9'), 'register_unreachable'],
    ['is another site', () => site((c) => c.html('<p>Hello</p>')), 'register_foreign'],
    ['is empty', () => listen(empty), 'register_foreign'],
    ['fails', () => site((c) => c.text('', 500)), 'register_unreachable'],
    ['names a key that is none', () => site((c) => c.json({ origin: 'a', public_key: '!' })), 'register_foreign'],
  ])('%s: no audit', async (_, start, code) => {
    const result = await run(await start());
    expect(result).toMatchObject({ code: 3, out: '' });
    expect(result.err).toContain(`${code}: `);
  });
});

describe('the command', () => {
  it('explains itself', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('--proofs FILE');
  });

  it.each([
    ['nothing', []],
    ['two URLs', ['http://a', 'http://b']],
    ['no URL', ['register']],
    ['another scheme', ['file:///etc/passwd']],
    ['a query', ['http://a/?b=c']],
    ['an unknown option', ['http://a', '--fast']],
    ['a key without a name', ['http://a', '--key', 'AAAA']],
    ['a short key', ['http://a', '--key', 'name:AAAA']],
    ['a threshold that is no number', ['http://a', '--threshold', 'two']],
    ['a threshold above the number of witnesses', ['http://a', '--threshold', '1']],
    ['a file that is not there', ['--proofs', '/does/not/exist.json']],
    ['a URL and a file', ['http://a', '--proofs', 'x.json']],
  ])('refuses %s', async (_, args) => {
    const result = await run(...args);
    expect(result).toMatchObject({ code: 2, out: '' });
    expect(result.err).not.toBe('');
  });

  it('verifies files of proofs', async () => {
    const file = (name: string, value: unknown): string => {
      const path = join(folder, name);
      writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
      return path;
    };
    const proof = { size1: 1, size2: 1, root1: 'AA==', root2: 'AA==', proof: null };
    expect(await run('--proofs', file('good.json', [{ ...proof, wantErr: false }]))).toEqual({
      ...{ code: 0, out: '{"tried":1,"agreed":1}\n', err: '' },
    });
    expect(await run('--proofs', file('bad.json', [{ ...proof, name: 'one', wantErr: true }]))).toEqual({
      ...{ code: 1, out: '{"tried":1,"agreed":0}\n', err: 'one: another verdict than the wanted one\n' },
    });
    expect(await run('--proofs', file('none.json', 'nothing'))).toMatchObject({ code: 2, out: '' });
  });
});
