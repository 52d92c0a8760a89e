// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Witnesses over logs that a test writes as it likes (test/log/log_builder.ts), honest or not.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'vitest';
import { createLogger } from '../../src/http/logs.ts';
import { encodeAddCheckpoint } from '../../src/log/add_checkpoint.ts';
import { entryHash } from '../../src/log/merkle.ts';
import type { NoteKey } from '../../src/log/note.ts';
import { consistencyProof } from '../../src/log/proofs.ts';
import { encodeBundle, parseTilePath, TILE_WIDTH } from '../../src/log/tiles.ts';
import { createWitness } from '../../src/register/witness.ts';
import type { WitnessDeps } from '../../src/register/witness_config.ts';
import { openDatabase } from '../../src/storage/open.ts';
import type { WitnessTables } from '../../src/storage/witness.ts';
import { type Cut, EPOCH, FIRST_ACTIVE, LOG_KEY } from '../log/log_builder.ts';

/** Where the tests' logs have their tiles. */
export const TILES = 'https://tiles.test';

/** A witness's secret key and public name. */
export function witnessKeys(number: number): { readonly secret: Uint8Array; readonly key: NoteKey } {
  const secret = new Uint8Array(32).fill(100 + number);
  return { secret, key: { name: `witness${String(number)}.test/w1`, publicKey: ed25519.getPublicKey(secret) } };
}

/** Serves the entries of a log as tiles. */
export function serveEntries(cuts: readonly Cut[]): WitnessDeps['fetch'] {
  const entries = cuts.flatMap((cut) => cut.entries);
  return (url) => {
    const tile = parseTilePath(url.slice(TILES.length));
    const start = (tile?.index ?? 0) * TILE_WIDTH;
    const part = entries.slice(start, start + (tile?.width ?? 0));
    return Promise.resolve(
      tile?.level === 'entries' && part.length === tile.width
        ? new Response(encodeBundle(part))
        : new Response('not found', { status: 404 }),
    );
  };
}

/** Opens a witness on a database; its clock stands at the first checkpoint's time, and `tiles` may be changed. */
export async function openTestWitness(url: string, number = 1, change: Partial<WitnessDeps> = {}) {
  const database = await openDatabase<WitnessTables>(url);
  const { secret, key } = witnessKeys(number);
  const logged: string[] = [];
  const world = { now: FIRST_ACTIVE * 1000, tiles: serveEntries([]) };
  const { app } = await createWitness({
    name: key.name,
    signingKey: secret,
    register: { ...LOG_KEY, url: TILES, epochSeconds: EPOCH },
    database,
    clock: () => world.now,
    fetch: (address, init) => world.tiles(address, init),
    logger: createLogger('witness', { write: (line) => logged.push(line) }),
    ...change,
  });
  const post = (body: BodyInit): Promise<Response> =>
    Promise.resolve(app.request('/add-checkpoint', { method: 'POST', body }));
  return Object.assign(world, {
    app,
    key,
    logged,
    post,
    /** Serves the tiles of a log and asks for its checkpoint of an epoch; the old size is that of the epoch before. */
    ask: (cuts: readonly Cut[], epoch: number, { old }: { old?: number } = {}): Promise<Response> => {
      world.tiles = serveEntries(cuts);
      world.now = Math.max(world.now, (FIRST_ACTIVE + (epoch - 1) * EPOCH) * 1000);
      return post(bodyFor(cuts, epoch, old));
    },
    json: async <T>(path: string): Promise<T> => (await app.request(path)).json() as Promise<T>,
    close: () => database.close(),
  });
}

/** The body that asks for a checkpoint. */
export function bodyFor(cuts: readonly Cut[], epoch: number, old = cuts[epoch - 1]?.checkpoint.size ?? 0): string {
  const cut = cuts[epoch];
  if (cut === undefined) throw new Error('the log has no such epoch');
  const hashes = cuts
    .flatMap(({ entries }) => entries)
    .slice(0, cut.checkpoint.size)
    .map(entryHash);
  const proof = old === 0 || old > hashes.length ? [] : consistencyProof(hashes, old);
  return encodeAddCheckpoint({ oldSize: old, proof, note: cut.note });
}

/** Asks for all checkpoints up to one, which the witness must cosign. */
export async function askAll(
  witness: Awaited<ReturnType<typeof openTestWitness>>,
  cuts: readonly Cut[],
  last = cuts.length - 1,
): Promise<void> {
  for (let epoch = 0; epoch <= last; epoch++) {
    const response = await witness.ask(cuts, epoch);
    if (response.status !== 200) throw new Error(`epoch ${String(epoch)}: ${await response.text()}`);
  }
}

/** Expects the answer that names another size than was asked with. */
export async function expectSize(response: Response, size: number): Promise<void> {
  expect(response.status).toBe(409);
  expect(response.headers.get('Content-Type')).toBe('text/x.tlog.size');
  expect(await response.text()).toBe(`${String(size)}\n`);
}
