// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which checkpoints a wallet or a verifier accepts: those that k of its n witnesses cosigned. While too
 * few witnesses answer, the register publishes a checkpoint that nobody accepts, and the last accepted
 * one stays in use, for two epochs after its successor should have taken its place:
 *
 * ```text
 * successor = active-from of the first later checkpoint that too few witnesses cosigned
 *             and, of a register that turns on schedule, active-from + epoch of the last accepted
 * stale     = now >= successor + 2 epochs
 * ```
 *
 * After that, revocations would be withheld for too long: nothing is accepted.
 *
 * A witness cosigns one checkpoint for a place, so that two different ones with k cosignatures each take
 * 2k - n dishonest witnesses: k must be more than half of n. docs/protocol.md section 7.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type Cosignature, openWithCosignatures, type WitnessPolicy } from './cosignature.ts';
import type { NoteKey } from './note.ts';

/** Seconds by which a witness's clock may be ahead of the reader's; cosignatures from later are not counted. */
export const CLOCK_TOLERANCE_SECONDS = 600;
/** Epochs for which the last accepted checkpoint outlives the time of its successor. */
export const PATIENCE_EPOCHS = 2;

/** How a register's epochs turn. */
export interface EpochRule {
  readonly epochSeconds: number;
  /** Whether a new checkpoint comes with every epoch, or only when there is something to publish. */
  readonly turn: 'schedule' | 'on_demand';
}

/** A checkpoint with the note that it came in. */
export interface SignedCheckpoint {
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** Of known witnesses, one of each. */
  readonly cosignatures: readonly Cosignature[];
}

/** Checkpoints of a register, sorted by whether they are to be accepted. */
export interface OpenedCheckpoints {
  readonly witnessed: readonly SignedCheckpoint[];
  /** Signed by the register, and cosigned by too few. */
  readonly unwitnessed: readonly SignedCheckpoint[];
}

/**
 * Opens what a register or a mirror shows.
 *
 * @param notes - Untrusted.
 * @param register - The register's key.
 * @param policy - The witnesses to trust; more than half of them must have cosigned.
 * @param now - Unix time, milliseconds.
 * @throws {@link ProtocolError} `checkpoint_invalid` if one of them is not the register's, or carries a
 * cosignature in the name of a trusted witness that does not hold; `witness_policy_invalid`.
 */
export function openNotes(
  notes: readonly string[],
  register: NoteKey,
  { keys, threshold }: WitnessPolicy,
  now: number,
): OpenedCheckpoints {
  if (2 * threshold <= keys.length) {
    throw new ProtocolError('witness_policy_invalid', 'ask for more than half of the witnesses');
  }
  const latest = now / 1000 + CLOCK_TOLERANCE_SECONDS;
  const opened = notes.map((note) => {
    const { checkpoint, cosignatures } = openWithCosignatures(note, register, { keys, threshold: 0 });
    return { note, checkpoint, cosignatures: cosignatures.filter(({ time }) => time <= latest) };
  });
  const isWitnessed = ({ cosignatures }: SignedCheckpoint): boolean => cosignatures.length >= threshold;
  return {
    witnessed: opened.filter(isWitnessed),
    unwitnessed: opened.filter((signed) => !isWitnessed(signed)),
  };
}

/**
 * Refuses to go on with checkpoints whose successor has been missing for too long.
 *
 * @param opened - Of {@link openNotes}, with what was accepted before.
 * @param rule - How the register's epochs turn.
 * @param now - Unix time, milliseconds.
 * @throws {@link ProtocolError} `checkpoint_not_witnessed` if none is accepted, `checkpoints_stale`.
 */
export function requireFresh(
  {
    witnessed,
    unwitnessed,
  }: Readonly<Record<keyof OpenedCheckpoints, readonly Pick<SignedCheckpoint, 'checkpoint'>[]>>,
  rule: EpochRule,
  now: number,
): void {
  const epochs = witnessed.map(({ checkpoint }) => checkpoint).sort((a, b) => a.epoch - b.epoch);
  const last = epochs.at(-1);
  if (last === undefined) {
    throw new ProtocolError(
      'checkpoint_not_witnessed',
      'too few witnesses have confirmed what the register shows; try again later',
    );
  }
  const later = unwitnessed.map(({ checkpoint }) => checkpoint).filter(({ epoch }) => epoch > last.epoch);
  const successor = Math.min(
    ...later.map(({ activeFrom }) => activeFrom),
    ...(rule.turn === 'schedule' ? [last.activeFrom + rule.epochSeconds] : []),
  );
  if (now >= (successor + PATIENCE_EPOCHS * rule.epochSeconds) * 1000) {
    throw new ProtocolError(
      'checkpoints_stale',
      'too few witnesses have confirmed the newer states of the register for too long; try again later',
    );
  }
}
