// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Keeping the tree path fresh: signed checkpoints, whole blocks of 2^18 leaves and their deltas, never one
 * leaf, so that nobody learns whose leaf is whose. Everything is verified, from the register, a mirror or
 * storage alike. docs/protocol.md section 7.
 *
 * @module
 */
import type { Poseidon } from '../commitment/poseidon.ts';
import { sortEpochs } from '../log/epochs.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { openAccepted, type SignedCheckpoint } from './checkpoints.ts';
import type { PublishedLeaf } from './credential.ts';
import type { Clock, Fetch, Random, RegisterConfig } from './environment.ts';
import { type Meter, openSource, type Source, sourcesOf } from './mirrors.ts';
import { checkRoot, standingUnder } from './paths.ts';
import { planSync } from './schedule.ts';
import { needsSync, type Position, type Positions, type Synced, toPosition } from './synced.ts';

export { decodeSynced, encodeSynced, needsSync, positionAt, type Synced } from './synced.ts';

/** What a sync needs. */
export interface SyncDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Orders the mirrors and plans the next sync. */
  readonly random: Random;
  readonly poseidon: Poseidon;
  readonly signal?: AbortSignal;
}

/** Errors that no other mirror can change: the register signed what proves them. */
const FINAL: ReadonlySet<string> = new Set(['credential_revoked', 'credential_replaced', 'checkpoint_second_root']);

/** Whether trying again is of no use. */
export function isFinal(error: unknown): boolean {
  return error instanceof ProtocolError && FINAL.has(error.code);
}

/**
 * Downloads checkpoints and what changed in the block of the credential's leaf, from any mirror that has
 * them, and verifies all of it.
 *
 * @param previous - The last result, so that the register can not go back or show a second root, and so
 * that deltas suffice.
 * @throws {@link ProtocolError} `checkpoint_invalid`, `checkpoint_not_witnessed`, `checkpoints_stale`,
 * `checkpoint_rolled_back`, `checkpoint_second_root`,
 * `block_invalid`, `block_unknown`, `path_invalid`, `network_failed`, `response_invalid`,
 * `credential_not_published`, `credential_revoked`, `credential_replaced`.
 */
export async function sync(
  credential: PublishedLeaf,
  register: RegisterConfig,
  deps: SyncDeps,
  previous?: Synced,
): Promise<Synced> {
  const meter: Meter = { bytes: 0 };
  const urls = sourcesOf(register, deps.random);
  let positions: Positions | undefined;
  let failure: unknown;
  // Twice: the epoch may turn between checkpoints and block, and sources keep blocks of the latest only.
  for (const [attempt, url] of [...urls, ...urls].entries()) {
    if (attempt === urls.length && (positions !== undefined || !isMissingBlock(failure))) break;
    try {
      const source = openSource(url, register, deps, meter);
      positions = await syncFrom(source, credential, register, deps, positions ?? previous?.positions ?? [], meter);
    } catch (error) {
      deps.signal?.throwIfAborted();
      if (isFinal(error)) throw error;
      failure = error;
      continue;
    }
    // A mirror may lag behind; then another is asked as well.
    if (!needsSync({ positions }, register, deps.clock())) break;
  }
  if (positions === undefined) throw failure;
  const at = deps.clock();
  return { positions, at, bytes: meter.bytes, next: planSync(positions, register, at, deps.random) };
}

function isMissingBlock(error: unknown): boolean {
  return error instanceof ProtocolError && error.code === 'block_unknown';
}

async function syncFrom(
  source: Source,
  credential: PublishedLeaf,
  register: RegisterConfig,
  deps: SyncDeps,
  kept: readonly Position[],
  meter: Meter,
): Promise<Positions> {
  const received = await source.checkpoints();
  const known = kept.map(({ note }) => openAccepted(note, register));
  const newest = (list: readonly SignedCheckpoint[]): number => Math.max(0, ...list.map((it) => it.checkpoint.epoch));
  if (newest(received) < newest(known)) {
    throw new ProtocolError('checkpoint_rolled_back', 'the register answers with an older state than before');
  }
  const all = [...received, ...known];
  // Also compares what this wallet has seen before: one root an epoch.
  const { active, next } = sortEpochs(
    all.map(({ checkpoint }) => checkpoint),
    deps.clock(),
  );
  const positions: Position[] = [];
  for (const signed of [active, next].flatMap((wanted) => all.find(({ checkpoint }) => checkpoint === wanted) ?? [])) {
    if (signed.checkpoint.size < credential.published) continue;
    const position = await positionUnder(signed, source, credential, [...kept, ...positions], deps, meter);
    if (position !== undefined) positions.push(position);
  }
  const last = next ?? active;
  // A leaf that the latest root no longer holds is revoked, even where the active root still does.
  if (last !== undefined && last.size >= credential.published && positions.at(-1)?.epoch !== last.epoch) {
    throw new ProtocolError('credential_revoked', 'this credential has been revoked; ask its issuer why');
  }
  const [first, ...rest] = positions;
  if (first === undefined) {
    throw new ProtocolError('credential_not_published', 'the register has not published this credential yet; wait');
  }
  return [first, ...rest];
}

/** The place under a checkpoint, or undefined if it is empty there. */
async function positionUnder(
  signed: SignedCheckpoint,
  source: Source,
  credential: PublishedLeaf,
  kept: readonly Position[],
  deps: SyncDeps,
  meter: Meter,
): Promise<Position | undefined> {
  const { checkpoint } = signed;
  // Roots repeat while nothing is published: no need to download anything.
  const same = kept.find(({ root }) => root === checkpoint.presentationRoot);
  if (same !== undefined) {
    checkRoot(same.path, credential.leaf, credential.index, checkpoint.presentationRoot, deps.poseidon);
    return toPosition(signed, same.path);
  }
  const base = kept.filter(({ epoch }) => epoch < checkpoint.epoch).sort((a, b) => b.epoch - a.epoch)[0];
  const { path, state } = await standingUnder(source, credential, checkpoint, base, deps.poseidon, meter);
  if (state === 'replaced') {
    throw new ProtocolError('credential_replaced', 'a newer credential has taken the place of this one');
  }
  return state === 'held' ? toPosition(signed, path) : undefined;
}
