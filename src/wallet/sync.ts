// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Keeping the tree path fresh: signed checkpoints, whole blocks of 2^18 leaves, never one leaf, so that
 * nobody learns whose leaf is whose. Everything is verified, from the register, a mirror or storage
 * alike. docs/protocol.md section 7.
 *
 * @module
 */
import { z } from 'zod';
import type { Poseidon } from '../commitment/poseidon.ts';
import { childPosition, EMPTY_LEAF, pathRoot, type TreePath } from '../commitment/tree.ts';
import { blockOf, blockPath, decodeBlock, pathFromBlock } from '../log/block.ts';
import { type Checkpoint, openCheckpoint } from '../log/checkpoint.ts';
import { sortEpochs } from '../log/epochs.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import type { Credential } from './credential.ts';
import type { Clock, Fetch, RegisterConfig } from './environment.ts';
import { accepted, jsonOf, send } from './http.ts';

/** Largest block: 2^18 leaves and their inner nodes at 32 bytes, with room for its runs. */
const MAX_BLOCK_BYTES = 12 * 1024 * 1024;
/** Checkpoints in one answer: three matter. */
const MAX_CHECKPOINTS = 8;

/** A leaf's place under one presentation root. */
export interface Position {
  /** The signed checkpoint as received. */
  readonly note: string;
  /** Log size: the number by which a presentation names the checkpoint. */
  readonly size: number;
  readonly epoch: number;
  /** Unix time in seconds. */
  readonly activeFrom: number;
  readonly root: FieldElement;
  readonly path: TreePath;
}

/** Result of a sync: positions under the active root, the next, or both; oldest first. */
export interface Synced {
  readonly positions: readonly [Position, ...Position[]];
}

/** What a sync needs. */
export interface SyncDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly poseidon: Poseidon;
  readonly signal?: AbortSignal;
}

/** A checkpoint with the note that it came in. */
interface SignedCheckpoint {
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

const checkpointsAnswer = z.object({ checkpoints: z.array(z.string().max(4096)).min(1).max(MAX_CHECKPOINTS) });

/**
 * Downloads and verifies the register's checkpoints that matter now.
 *
 * @throws {@link ProtocolError} `checkpoint_invalid`, `network_failed`, `response_invalid`.
 */
export async function fetchCheckpoints(
  register: RegisterConfig,
  deps: Pick<SyncDeps, 'fetch' | 'signal'>,
): Promise<readonly SignedCheckpoint[]> {
  const answer = await send(deps.fetch, { url: `${register.url}/v1/checkpoints`, signal: deps.signal });
  const { checkpoints } = jsonOf(answer, checkpointsAnswer, 'the register');
  return checkpoints.map((note) => open(note, register));
}

function open(note: string, register: RegisterConfig): SignedCheckpoint {
  return { note, checkpoint: openCheckpoint(note, { name: register.name, publicKey: register.key }) };
}

/**
 * Downloads checkpoints and the block of the credential's leaf, and verifies all of it.
 *
 * @param previous - The last result, so that the register can not go back or show a second root.
 * @throws {@link ProtocolError} `checkpoint_invalid`, `checkpoint_rolled_back`, `checkpoint_second_root`,
 * `block_invalid`, `path_invalid`, `credential_not_published`, `credential_revoked`.
 */
export async function sync(
  credential: Credential,
  register: RegisterConfig,
  deps: SyncDeps,
  previous?: Synced,
): Promise<Synced> {
  try {
    return await syncOnce(credential, register, deps, previous);
  } catch (error) {
    // The epoch turned between checkpoints and block: registers keep blocks of the latest only.
    if (error instanceof ProtocolError && error.code === 'block_unknown') {
      return syncOnce(credential, register, deps, previous);
    }
    throw error;
  }
}

async function syncOnce(
  credential: Credential,
  register: RegisterConfig,
  deps: SyncDeps,
  previous: Synced | undefined,
): Promise<Synced> {
  const received = await fetchCheckpoints(register, deps);
  const known = (previous?.positions ?? []).map(({ note }) => open(note, register));
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
    // Roots repeat while nothing is published: no need to download the block again.
    const root = signed.checkpoint.presentationRoot;
    const kept = [...(previous?.positions ?? []), ...positions].find((position) => position.root === root);
    const path = kept?.path ?? (await fetchPath(signed.checkpoint, credential, register, deps));
    if (path === undefined) continue;
    checkRoot(path, credential.leaf, credential.index, signed.checkpoint, deps.poseidon);
    positions.push(toPosition(signed.note, signed.checkpoint, path));
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
  return { positions: [first, ...rest] };
}

/** The leaf's path in the block of a checkpoint, or undefined if its place there is empty. */
async function fetchPath(
  checkpoint: Checkpoint,
  credential: Credential,
  register: RegisterConfig,
  deps: SyncDeps,
): Promise<TreePath | undefined> {
  if (checkpoint.size < credential.published) return undefined;
  const answer = await send(deps.fetch, {
    url: register.url + blockPath(checkpoint.size, blockOf(credential.index)),
    maxBytes: MAX_BLOCK_BYTES,
    signal: deps.signal,
  });
  const path = pathFromBlock(decodeBlock(accepted(answer, 'the register').bytes), credential.index);
  if (path[0]?.[childPosition(credential.index, 0)] !== EMPTY_LEAF) return path;
  // An empty place is believed only with a path that proves it.
  checkRoot(path, EMPTY_LEAF, credential.index, checkpoint, deps.poseidon);
  return undefined;
}

function checkRoot(path: TreePath, leaf: FieldElement, index: number, checkpoint: Checkpoint, hash: Poseidon): void {
  if (pathRoot(hash, leaf, index, path) !== checkpoint.presentationRoot) {
    throw new ProtocolError('path_invalid', "the block does not lead to the checkpoint's root; try another mirror");
  }
}

function toPosition(note: string, checkpoint: Checkpoint, path: TreePath): Position {
  const { size, epoch, activeFrom, presentationRoot } = checkpoint;
  return { note, size, epoch, activeFrom, root: presentationRoot, path };
}

/**
 * The position to present at a moment: under the active root as far as it is known, or the next while
 * the leaf is not in the active one yet.
 *
 * @param nowMs - Unix time in milliseconds.
 */
export function positionAt(synced: Synced, nowMs: number): Position {
  return synced.positions.findLast(({ activeFrom }) => activeFrom * 1000 <= nowMs) ?? synced.positions[0];
}

/**
 * Whether the wallet should sync before it presents: another root than the known ones may be active.
 * The wallet then says so to the holder.
 */
export function needsSync(synced: Synced | undefined, register: RegisterConfig, nowMs: number): boolean {
  const last = synced?.positions.at(-1);
  return last === undefined || nowMs >= (last.activeFrom + register.epochSeconds) * 1000;
}

const storedSynced = z
  .array(z.strictObject({ note: z.string(), path: z.array(z.array(z.string().transform(parseField))) }))
  .min(1)
  .max(2);

/** Stored form; JSON text. It names the leaf's place, so it goes into the vault like the credential. */
export function encodeSynced(synced: Synced): string {
  return JSON.stringify(synced.positions.map(({ note, path }) => ({ note, path: path.map((row) => row.map(String)) })));
}

/**
 * Reads the stored form and verifies it again.
 *
 * @throws {@link ProtocolError} `stored_invalid`, `checkpoint_invalid`, `path_invalid`.
 */
export function decodeSynced(
  text: string,
  credential: Credential,
  register: RegisterConfig,
  poseidon: Poseidon,
): Synced {
  let stored: z.output<typeof storedSynced>;
  try {
    stored = storedSynced.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProtocolError('stored_invalid', 'the stored tree path can not be read by this version', { cause });
  }
  const [first, ...rest] = stored.map(({ note, path }) => {
    const { checkpoint } = open(note, register);
    checkRoot(path, credential.leaf, credential.index, checkpoint, poseidon);
    return toPosition(note, checkpoint, path);
  });
  if (first === undefined) {
    throw new ProtocolError('stored_invalid', 'the stored tree path is empty');
  }
  return { positions: [first, ...rest] };
}
