// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which checkpoints count at a moment: the active one, the next, and the previous for a short grace.
 * There is one presentation root an epoch: a root that were shown to one holder only would be a tag.
 * docs/protocol.md section 7.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import type { Checkpoint } from './checkpoint.ts';
import { equalBytes } from './merkle.ts';

/** Seconds for which verifiers still accept the previous root. */
export const GRACE_SECONDS = 600;

/** The checkpoints around a moment. */
export interface Epochs {
  /** The latest whose time has come. */
  readonly active: Checkpoint | undefined;
  /** The earliest whose time has not come. */
  readonly next: Checkpoint | undefined;
  /** The one before the active. */
  readonly previous: Checkpoint | undefined;
}

/**
 * Sorts checkpoints into epochs.
 *
 * @param checkpoints - Opened checkpoints of one register, in any order, repeated or not.
 * @param now - Unix time, milliseconds.
 * @throws {@link ProtocolError} `checkpoint_second_root` if they contradict each other: two in one
 * epoch, two roots for one size, or a later one of a smaller log. This proves that the register failed.
 */
export function sortEpochs(checkpoints: readonly Checkpoint[], now: number): Epochs {
  const chain = orderEpochs(checkpoints);
  const later = chain.findIndex(({ activeFrom }) => activeFrom * 1000 > now);
  const future = later < 0 ? chain.length : later;
  return { active: chain[future - 1], next: chain[future], previous: chain[future - 2] };
}

/** The distinct checkpoints by epoch; throws `checkpoint_second_root` if they contradict each other. */
function orderEpochs(checkpoints: readonly Checkpoint[]): readonly Checkpoint[] {
  const chain: Checkpoint[] = [];
  for (const checkpoint of [...checkpoints].sort((a, b) => a.epoch - b.epoch)) {
    const last = chain.at(-1);
    if (last === undefined || follows(last, checkpoint)) {
      chain.push(checkpoint);
    } else if (!isSame(last, checkpoint)) {
      throw new ProtocolError(
        'checkpoint_second_root',
        'the register signed checkpoints that contradict each other; do not use it, and report both',
      );
    }
  }
  return chain;
}

function follows(earlier: Checkpoint, later: Checkpoint): boolean {
  return (
    later.epoch > earlier.epoch &&
    later.activeFrom > earlier.activeFrom &&
    (later.size > earlier.size || (later.size === earlier.size && hasSameRoots(earlier, later)))
  );
}

function isSame(a: Checkpoint, b: Checkpoint): boolean {
  return a.epoch === b.epoch && a.activeFrom === b.activeFrom && a.size === b.size && hasSameRoots(a, b);
}

function hasSameRoots(a: Checkpoint, b: Checkpoint): boolean {
  return a.origin === b.origin && a.presentationRoot === b.presentationRoot && equalBytes(a.rootHash, b.rootHash);
}

/** How a verifier accepts roots. */
export interface Acceptance {
  /** Seconds after the active checkpoint's `activeFrom` in which the previous is still accepted. */
  readonly graceSeconds?: number;
  /** A step-up shows possession now: no previous root. */
  readonly stepUp?: boolean;
}

/**
 * The checkpoints whose roots a verifier accepts.
 *
 * @param checkpoints - As for {@link sortEpochs}.
 * @param now - Unix time, milliseconds.
 * @param acceptance - Grace and purpose.
 * @returns Active, next, and previous, as far as there are such; at most three.
 */
export function acceptedCheckpoints(
  checkpoints: readonly Checkpoint[],
  now: number,
  { graceSeconds = GRACE_SECONDS, stepUp = false }: Acceptance = {},
): readonly Checkpoint[] {
  const { active, next, previous } = sortEpochs(checkpoints, now);
  const inGrace = active !== undefined && !stepUp && now < (active.activeFrom + graceSeconds) * 1000;
  return [active, next, inGrace ? previous : undefined].filter((checkpoint) => checkpoint !== undefined);
}
