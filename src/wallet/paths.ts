// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A leaf's path under a checkpoint: from the path that the wallet has by deltas, or else from the full
 * block. Every path is verified up to the checkpoint's root, and nothing else of a block is: to hash all of
 * it would take ten seconds. docs/protocol.md section 7.
 *
 * @module
 */
import type { Poseidon } from '../commitment/poseidon.ts';
import { childPosition, EMPTY_LEAF, pathRoot, type TreePath } from '../commitment/tree.ts';
import { type Block, blockFromPath, blockOf, MAX_BLOCK_BYTES, pathFromBlock } from '../log/block.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import { type Delta, deltaEpochs, withDelta } from '../log/delta.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import type { Meter, Source } from './mirrors.ts';

/** A leaf and its place. */
export interface Place {
  readonly leaf: FieldElement;
  readonly index: number;
}

/** A verified path of a place, which holds the leaf, is empty, or holds the leaf that replaced it. */
export interface Standing {
  readonly path: TreePath;
  readonly state: 'held' | 'empty' | 'replaced';
}

/** A path that the wallet has already. */
export interface KnownPath {
  readonly epoch: number;
  readonly size: number;
  readonly path: TreePath;
}

/** Deltas that are downloaded at the same time. */
const AT_ONCE = 4;

/**
 * Checks a path.
 *
 * @throws ProtocolError `path_invalid`.
 */
export function checkRoot(path: TreePath, leaf: FieldElement, index: number, root: FieldElement, hash: Poseidon): void {
  if (pathRoot(hash, leaf, index, path) !== root) {
    throw new ProtocolError('path_invalid', "the block does not lead to the checkpoint's root; try another mirror");
  }
}

/** Takes the path of a place out of a block; whatever the place holds is believed only with a path that proves it. */
function standingIn(block: Block, { leaf, index }: Place, checkpoint: Checkpoint, hash: Poseidon): Standing {
  const path = pathFromBlock(block, index);
  const here = path[0]?.[childPosition(index, 0)] ?? EMPTY_LEAF;
  checkRoot(path, here, index, checkpoint.presentationRoot, hash);
  return { path, state: here === leaf ? 'held' : here === EMPTY_LEAF ? 'empty' : 'replaced' };
}

/**
 * Finds out how a place stands under a checkpoint.
 *
 * @param source - Untrusted. What it gets wrong in deltas is made good by the full block.
 * @param place - The leaf and its index.
 * @param checkpoint - Accepted.
 * @param known - The latest path that the wallet has of an earlier epoch, if any.
 * @param meter - Of the source.
 * @throws ProtocolError `path_invalid`, and those of {@link Source.block}.
 */
export async function standingUnder(
  source: Source,
  place: Place,
  checkpoint: Checkpoint,
  known: KnownPath | undefined,
  hash: Poseidon,
  meter: Meter,
): Promise<Standing> {
  const number = blockOf(place.index);
  if (known !== undefined) {
    try {
      let block = blockFromPath(known.path, place.index, known.size);
      for (const delta of await fetchDeltas(source, known.epoch, checkpoint.epoch, number, meter)) {
        block = withDelta(block, delta);
      }
      return standingIn(block, place, checkpoint, hash);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  return standingIn(await source.block(checkpoint.size, number), place, checkpoint, hash);
}

/** The deltas from one epoch to another; throws `block_unknown` where the full block serves better. */
async function fetchDeltas(
  source: Source,
  from: number,
  to: number,
  number: number,
  meter: Meter,
): Promise<readonly Delta[]> {
  const epochs = deltaEpochs(from, to);
  const before = meter.bytes;
  const deltas: Delta[] = [];
  for (let start = 0; epochs !== undefined && start < epochs.length; start += AT_ONCE) {
    const group = epochs.slice(start, start + AT_ONCE).map((epoch) => {
      const delta = source.delta(epoch, number);
      // What is asked for only for the look of it may fail.
      return epoch > from ? delta : delta.catch(() => undefined);
    });
    deltas.push(...(await Promise.all(group)).filter((delta) => delta !== undefined));
    if (meter.bytes - before > MAX_BLOCK_BYTES) break;
  }
  const needed = deltas.filter(({ epoch }) => epoch > from);
  if (needed.length !== to - from || needed.some(({ epoch }, i) => epoch !== from + 1 + i)) {
    throw new ProtocolError('block_unknown', 'there are no deltas between these epochs; take the full block');
  }
  return needed;
}
