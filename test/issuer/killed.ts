// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An issuer that dies, without warning, at one point of a decision. It reads one JSON object from standard
 * input: database and register, the point, the bytes of the session's identifier, and what the wallet sends.
 * Prints when the wallet is answered, which never happens.
 *
 * @module
 */
import { text } from 'node:stream/consumers';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { createPassportAuthority } from '../../src/demo/chip.ts';
import { createLogger } from '../../src/http/logs.ts';
import { createIssuer } from '../../src/issuer/app.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { type IssuerSchema, issuerMigrations } from '../../src/storage/issuer.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { loadVerificationKey } from '../../src/verifying/groth16.ts';
import type { ChipPerson } from '../../src/demo/chip_files.ts';

/** Where it dies. */
export type Point = 'before record' | 'after record' | 'after submit' | 'before answer';

/** What it is told. */
export interface Orders {
  readonly url: string;
  readonly registerUrl: string;
  readonly point: Point;
  /** Unix time in milliseconds. */
  readonly now: number;
  readonly person: ChipPerson;
  /** Base64url. */
  readonly portrait: string;
  readonly dedupKey: string;
  readonly signingKey: string;
  readonly session: string;
  readonly form: Record<string, unknown>;
  readonly issuerNumber: number;
  readonly timeZone: string;
}

const orders = JSON.parse(await text(process.stdin)) as Orders;
const { url, registerUrl, point, now, person, session } = orders;
const die = (): void => void process.kill(process.pid, 'SIGKILL');

const opened = await openDatabase<IssuerSchema>(url);
await migrate(opened, issuerMigrations);
const database: typeof opened = {
  ...opened,
  transaction: async (work, options) => {
    if (point === 'before record') die();
    return opened.transaction(work, options);
  },
};
const authority = createPassportAuthority({ country: 'CN', algorithm: 'ecdsa-p256', at: now });
const vkey = await readFile(join(import.meta.dirname, '../../circuits/artifacts/issue.vkey.json'), 'utf8');
const { app } = createIssuer({
  name: 'killed',
  logger: createLogger('issuer', { write: () => undefined }),
  clock: () => now,
  random: (length) => (length === 16 ? fromBase64Url(session) : crypto.getRandomValues(new Uint8Array(length))),
  timeZone: orders.timeZone,
  dedupKey: fromBase64Url(orders.dedupKey),
  issuerNumber: orders.issuerNumber,
  anchors: authority.anchors,
  compareFaces: () => Promise.resolve({ match: true, distances: {} }),
  checkLiveness: 'unsafe_off',
  database,
  poseidon: await buildWasmPoseidon(),
  verificationKey: await loadVerificationKey(JSON.parse(vkey)),
  signingKey: fromBase64Url(orders.signingKey),
  approvers: {},
  registerUrl,
  fetch: async (input, init) => {
    const isSubmission = init?.method === 'POST';
    if (point === 'after record' && isSubmission) die();
    const answer = await fetch(input, init);
    if (point === 'after submit' && isSubmission) die();
    return answer;
  },
});

const call = async (method: string, path: string, body?: string | Uint8Array, type?: string): Promise<Response> => {
  const response = await app.request(path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(type === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  } as RequestInit);
  if (!response.ok) throw new Error(await response.text());
  return response;
};
let token = '';
({ token } = (await (await call('POST', '/v1/enrolments')).json()) as { token: string });
const portrait = fromBase64Url(orders.portrait);
const { sod, dg1, dg2 } = authority.issue(person, portrait);
const files = { sod: toBase64Url(sod), dg1: toBase64Url(dg1), dg2: toBase64Url(dg2) };
const json = 'application/json';
await call('PUT', `/v1/enrolments/${session}/document`, JSON.stringify({ kind: 'passport', ...files }), json);
await call('PUT', `/v1/enrolments/${session}/face`, portrait, 'image/jpeg');
await call('POST', `/v1/enrolments/${session}/credential`, JSON.stringify(orders.form), json);
if (point === 'before answer') die();
process.stdout.write('answered');
