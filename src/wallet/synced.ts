// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a sync leaves behind: the leaf's place under the roots of now, some three kilobytes each, and when
 * to sync again. Of its block the wallet keeps its own path and nothing else; deltas bring that up to date
 * as they would the whole block. docs/protocol.md section 7.
 *
 * @module
 */
import { z } from 'zod';
import type { Poseidon } from '../commitment/poseidon.ts';
import type { TreePath } from '../commitment/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import { openAccepted, type SignedCheckpoint } from './checkpoints.ts';
import type { PublishedLeaf } from './credential.ts';
import type { RegisterConfig } from './environment.ts';
import { checkRoot } from './paths.ts';

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

/** Positions under the active root, the next, or both; oldest first. */
export type Positions = readonly [Position, ...Position[]];

/** Result of a sync. */
export interface Synced {
  readonly positions: Positions;
  /** When it was, Unix time in milliseconds. */
  readonly at: number;
  /** What it downloaded, checkpoints included. */
  readonly bytes: number;
  /** When the next is planned, Unix time in milliseconds. */
  readonly next: number;
}

/** The place of a leaf under a checkpoint. */
export function toPosition({ note, checkpoint }: SignedCheckpoint, path: TreePath): Position {
  const { size, epoch, activeFrom, presentationRoot } = checkpoint;
  return { note, size, epoch, activeFrom, root: presentationRoot, path };
}

/**
 * The position to present at a moment: under the active root as far as it is known, or the next while
 * the leaf is not in the active one yet.
 *
 * @param nowMs - Unix time in milliseconds.
 */
export function positionAt({ positions }: Pick<Synced, 'positions'>, nowMs: number): Position {
  return positions.findLast(({ activeFrom }) => activeFrom * 1000 <= nowMs) ?? positions[0];
}

/**
 * Whether the wallet must sync before it presents: another root than the known ones may be active. The
 * wallet then says so to the holder. Until then it works without a connection to the register.
 */
export function needsSync(
  synced: Pick<Synced, 'positions'> | undefined,
  register: Pick<RegisterConfig, 'epochSeconds'>,
  nowMs: number,
): boolean {
  const last = synced?.positions.at(-1);
  return last === undefined || nowMs >= (last.activeFrom + register.epochSeconds) * 1000;
}

const moment = z.number().int().nonnegative();
const storedSynced = z.strictObject({
  positions: z
    .array(z.strictObject({ note: z.string(), path: z.array(z.array(z.string().transform(parseField))) }))
    .min(1)
    .max(2),
  at: moment,
  bytes: moment,
  next: moment,
});

/** Stored form; JSON text. It names the leaf's place, so it goes into the vault like the credential. */
export function encodeSynced({ positions, ...rest }: Synced): string {
  return JSON.stringify({
    positions: positions.map(({ note, path }) => ({ note, path: path.map((row) => row.map(String)) })),
    ...rest,
  });
}

/**
 * Reads the stored form and verifies it again.
 *
 * @throws {@link ProtocolError} `stored_invalid`, `checkpoint_invalid`, `path_invalid`.
 */
export function decodeSynced(
  text: string,
  credential: PublishedLeaf,
  register: RegisterConfig,
  poseidon: Poseidon,
): Synced {
  let stored: z.output<typeof storedSynced>;
  try {
    stored = storedSynced.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProtocolError('stored_invalid', 'the stored tree path can not be read by this version', { cause });
  }
  const { positions, ...rest } = stored;
  const [first, ...others] = positions.map(({ note, path }) => {
    const signed = openAccepted(note, register);
    checkRoot(path, credential.leaf, credential.index, signed.checkpoint.presentationRoot, poseidon);
    return toPosition(signed, path);
  });
  if (first === undefined) {
    throw new ProtocolError('stored_invalid', 'the stored tree path is empty');
  }
  return { positions: [first, ...others], ...rest };
}
