// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A register with its parties and a clock that stands still until a test moves it.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'vitest';
import { decodeEntry, type LogEvent, type RevocationReason } from '../../src/log/events.ts';
import { TileLog } from '../../src/log/tile_log.ts';
import { type Checkpoint, openCheckpoint } from '../../src/log/checkpoint.ts';
import {
  keyIdOf,
  leafMessage,
  replacementMessage,
  requestMessage,
  reversalMessage,
  revocationMessage,
  sign,
  urgentMessage,
} from '../../src/log/signatures.ts';
import { createLogger } from '../../src/http/logs.ts';
import { type FieldElement, hashToField } from '../../src/protocol/field.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { createRegister } from '../../src/register/app.ts';
import { keyList, type RegisterDeps } from '../../src/register/config.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';
import type { RegisterTables } from '../../src/storage/register.ts';

/** Secret keys of the parties. */
export const SECRETS = {
  register: new Uint8Array(32).fill(1),
  issuer: new Uint8Array(32).fill(2),
  otherIssuer: new Uint8Array(32).fill(3),
  operator: new Uint8Array(32).fill(4),
  stranger: new Uint8Array(32).fill(5),
  approver1: new Uint8Array(32).fill(6),
  approver2: new Uint8Array(32).fill(7),
  approver3: new Uint8Array(32).fill(8),
};

export const ORIGIN = 'register.test/v1';
export const REGISTER_KEY = { name: ORIGIN, publicKey: ed25519.getPublicKey(SECRETS.register) };
/** Unix milliseconds at which the clock of a test starts; a multiple of the epoch's length. */
export const START = 1_790_000_100_000;
export const EPOCH_SECONDS = 300;
/** Two approvals, and an announcement of four epochs. */
export const RULES = { approvals: 2, delay: 4 * EPOCH_SECONDS };

export const publicKey = (name: keyof typeof SECRETS): Uint8Array => ed25519.getPublicKey(SECRETS[name]);
export const idOf = (name: keyof typeof SECRETS): string => keyIdOf(publicKey(name));

/** A leaf like any other. */
export function leafOf(name: string | number): FieldElement {
  return hashToField('test leaf', new TextEncoder().encode(String(name)));
}

/** Dependencies of a register on a database. */
export function registerDeps(
  database: Database<RegisterTables>,
  clock: () => number,
  change: Partial<RegisterDeps> = {},
): RegisterDeps {
  return {
    origin: ORIGIN,
    signingKey: SECRETS.register,
    issuers: keyList(publicKey('issuer'), publicKey('otherIssuer')),
    approvers: keyList(publicKey('approver1'), publicKey('approver2'), publicKey('approver3')),
    rules: RULES,
    artifacts: {},
    operators: keyList(publicKey('operator')),
    epochSeconds: EPOCH_SECONDS,
    turn: 'on_demand',
    timeZone: 'Asia/Shanghai',
    clock,
    random: (length) => new Uint8Array(randomBytes(length)),
    database,
    logger: createLogger('register', { write: () => undefined }),
    ...change,
  };
}

/** Opens a register on a database of its own. */
export async function openTestRegister(url: string, change: Partial<RegisterDeps> = {}) {
  const database = await openDatabase<RegisterTables>(url);
  return { ...(await startRegister(database, change)), close: () => database.close() };
}

/** Starts a register on an open database. */
export async function startRegister(database: Database<RegisterTables>, change: Partial<RegisterDeps> = {}) {
  const time = { now: START };
  const { app, turn, push } = await createRegister(registerDeps(database, () => time.now, change));
  const post = (path: string, body: unknown): Promise<Response> =>
    Promise.resolve(
      app.request(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    );
  const get = (path: string): Promise<Response> => Promise.resolve(app.request(path));
  const json = async <T>(path: string): Promise<T> => (await get(path)).json() as Promise<T>;
  return {
    app,
    turn,
    push,
    time,
    database,
    get,
    post,
    json,
    submit: (leaf: FieldElement, as: keyof typeof SECRETS = 'issuer') => post('/v1/leaves', submission(leaf, as)),
    replace: (replaced: FieldElement, leaf: FieldElement, as: keyof typeof SECRETS = 'issuer') =>
      post('/v1/replacements', replacement(replaced, leaf, as)),
    revoke: (leaf: FieldElement, reason: RevocationReason = 'document_lost', as?: readonly Party[]) =>
      post('/v1/revocations', urgent(leaf, reason, as)),
    announce: (leaf: FieldElement, reason: RevocationReason = 'fraud', after?: number, as?: readonly Party[]) =>
      post('/v1/announcements', announcement(leaf, reason, after, as)),
    reverse: (leaf: FieldElement, position: number, as?: readonly Party[]) =>
      post('/v1/reversals', reversal(leaf, position, as)),
    request: (leaf: FieldElement, as: Party = 'issuer') => post('/v1/requests', request(leaf, as)),
    /** Moves the clock until the next cut is due, and cuts. */
    nextEpoch: async (): Promise<boolean> => {
      time.now += EPOCH_SECONDS * 1000;
      return turn();
    },
    checkpoint: async (): Promise<Checkpoint> => openCheckpoint(await (await get('/checkpoint')).text(), REGISTER_KEY),
    current: async (): Promise<readonly Checkpoint[]> =>
      (await json<{ checkpoints: string[] }>('/v1/checkpoints')).checkpoints.map((note) =>
        openCheckpoint(note, REGISTER_KEY),
      ),
    events: async (): Promise<readonly LogEvent[]> => {
      const { size } = openCheckpoint(await (await get('/checkpoint')).text(), REGISTER_KEY);
      const events: LogEvent[] = [];
      const log = new TileLog(async (path) => {
        const response = await get(path);
        return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
      }, size);
      for await (const { entries } of log.entries()) events.push(...entries.map(decodeEntry));
      return events;
    },
  };
}

export type TestRegister = Awaited<ReturnType<typeof startRegister>>;

/** A register with a database of its own. */
export type Opened = Awaited<ReturnType<typeof openTestRegister>>;

/** A leaf of which tests decide. */
export const LEAF = leafOf(1);

/** A register that has published {@link LEAF}. */
export async function withLeaf(url: string): Promise<Opened> {
  const register = await openTestRegister(url);
  await register.submit(LEAF);
  await register.nextEpoch();
  return register;
}

/** Log position of the latest event of a kind. */
export async function positionOf(register: TestRegister, kind: LogEvent['kind']): Promise<number> {
  return (await register.events()).findLastIndex((event) => event.kind === kind);
}

/** HTTP status, and status of the order. */
export async function statusOf(response: Response): Promise<readonly [number, unknown]> {
  return [response.status, ((await response.json()) as { readonly status: unknown }).status];
}

/** Whether the latest checkpoint counts a revoked leaf. */
export async function isRevoked(register: TestRegister): Promise<boolean> {
  return (await register.checkpoint()).counts.revoked === 1;
}

/** The body of a submission. */
export function submission(leaf: FieldElement, as: keyof typeof SECRETS = 'issuer'): Record<string, string> {
  return { leaf: leaf.toString(), issuer: idOf(as), signature: toBase64Url(sign(leafMessage(leaf), SECRETS[as])) };
}

/** The body of a replacement. */
export function replacement(
  replaced: FieldElement,
  leaf: FieldElement,
  as: keyof typeof SECRETS = 'issuer',
): Record<string, string> {
  const signature = toBase64Url(sign(replacementMessage(replaced, leaf), SECRETS[as]));
  return { replaced: replaced.toString(), leaf: leaf.toString(), issuer: idOf(as), signature };
}

/** A party by name. */
export type Party = keyof typeof SECRETS;

const TWO: readonly Party[] = ['approver1', 'approver2'];

/** Approvals of a message. */
export function approvalsOf(message: Uint8Array, as: readonly Party[]) {
  return as.map((name) => ({ approver: idOf(name), signature: toBase64Url(sign(message, SECRETS[name])) }));
}

/** The body of an announcement. */
export function announcement(leaf: FieldElement, reason: RevocationReason, after = -1, as = TWO) {
  const approvals = approvalsOf(revocationMessage(leaf, reason, after), as);
  return { leaf: leaf.toString(), reason, after, approvals };
}

/** The body of a reversal. */
export function reversal(leaf: FieldElement, position: number, as = TWO) {
  const approvals = approvalsOf(reversalMessage(leaf, position), as);
  return { leaf: leaf.toString(), announcement: position, approvals };
}

/** The body of an urgent revocation. */
export function urgent(leaf: FieldElement, reason: RevocationReason, as = TWO) {
  return { leaf: leaf.toString(), reason, approvals: approvalsOf(urgentMessage(leaf, reason), as) };
}

/** The body of a holder's request. */
export function request(leaf: FieldElement, as: Party = 'issuer') {
  return { leaf: leaf.toString(), issuer: idOf(as), signature: toBase64Url(sign(requestMessage(leaf), SECRETS[as])) };
}

/** Expects a problem document. */
export async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(await response.json()).toMatchObject({ status, code });
  expect(response.status).toBe(status);
}
