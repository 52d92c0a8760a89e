// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a witness checks before it cosigns. Beside what C2SP `tlog-witness` asks for, that the log only
 * grew, our witnesses state with every cosignature that
 *
 * - they replayed every entry up to it, and none breaks a rule (src/log/faults.ts);
 * - both roots and all counts are those of the entries;
 * - it is the only checkpoint that they cosigned for its epoch, and epochs are as long as they should be.
 *
 * What was cosigned is durable before the answer is made; what was refused is kept. docs/protocol.md
 * section 7.
 *
 * @module
 */
import type { AddCheckpoint } from '../log/add_checkpoint.ts';
import { type Checkpoint, openCheckpoint } from '../log/checkpoint.ts';
import { cosign } from '../log/cosignature.ts';
import { equalBytes, frontierRoot } from '../log/merkle.ts';
import { openNote, parseNote } from '../log/note.ts';
import { verifyConsistency } from '../log/proofs.ts';
import { Replay } from '../log/replay.ts';
import { encodeReplayState, type ReplayState } from '../log/replay_state.ts';
import { CLOCK_TOLERANCE_SECONDS, PATIENCE_EPOCHS } from '../log/witnessed.ts';
import { type ErrorCode, ProtocolError } from '../protocol/errors.ts';
import type { CosignedRow } from '../storage/witness.ts';
import type { WitnessContext } from './witness_config.ts';
import { isSignedByNode } from './signatures_node.ts';
import { fetchEntries } from './witness_entries.ts';
import { keepRefusal, readCosigned, readState, replayStore, writeChanges, writeCosigned } from './witness_store.ts';

/** The answer: a signature line, or the size that the witness cosigned last where another was named. */
export type Verdict = { readonly line: string } | { readonly size: number };

/** Milliseconds for which a request waits for the replay. */
const PATIENCE = 30_000;
/** Bundles that are replayed and stored at a time. */
const PART = 16;
/** Refusals that may prove that the register failed. */
const EVIDENCE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'consistency_invalid',
  'checkpoint_second_root',
  'epoch_too_short',
  'epoch_too_far',
  'tiles_mismatch',
  'checkpoint_too_large',
  'log_fault',
]);

/** Judges checkpoints, one at a time. */
export class WitnessJudge {
  readonly #witness: WitnessContext;
  #running: { readonly note: string; readonly work: Promise<Verdict> } | undefined;

  constructor(witness: WitnessContext) {
    this.#witness = witness;
  }

  /** Whether a checkpoint is being replayed: until it is done, SQLite's one connection is taken. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Judges a checkpoint.
   *
   * @param asked - Untrusted.
   * @throws {@link ProtocolError} `note_invalid`, `checkpoint_invalid`, `add_checkpoint_invalid`,
   * `log_unknown`, `signature_invalid`, `witness_busy`, `tiles_unavailable`, and those of `EVIDENCE`.
   */
  async judge(asked: AddCheckpoint): Promise<Verdict> {
    const checkpoint = this.#open(asked);
    if (this.#running !== undefined && this.#running.note !== asked.note) {
      throw busy();
    }
    if (this.#running === undefined) {
      const work = this.#decide(asked, checkpoint)
        .catch((error: unknown) => this.#refuse(error, asked.note))
        .finally(() => {
          this.#running = undefined;
        });
      this.#running = { note: asked.note, work };
    }
    return atMost(this.#running.work, this.#witness.patience ?? PATIENCE);
  }

  #open({ oldSize, note }: AddCheckpoint): Checkpoint {
    const { register } = this.#witness;
    const { text } = parseNote(note);
    if (text.slice(0, text.indexOf('\n')) !== register.name) {
      throw new ProtocolError('log_unknown', 'this witness does not watch that log');
    }
    try {
      openNote(note, register);
    } catch (cause) {
      throw new ProtocolError('signature_invalid', 'the checkpoint is not signed by the key of its log', { cause });
    }
    const checkpoint = openCheckpoint(note, register);
    if (oldSize > checkpoint.size) {
      throw new ProtocolError('add_checkpoint_invalid', 'the old size is larger than that of the checkpoint');
    }
    return checkpoint;
  }

  async #decide(asked: AddCheckpoint, checkpoint: Checkpoint): Promise<Verdict> {
    const { database } = this.#witness;
    const state = await readState(this.#witness, database.kysely);
    const { frontier, last } = state;
    if (asked.oldSize !== frontier.size) {
      return { size: frontier.size };
    }
    if (last !== undefined && checkpoint.size === frontier.size) {
      if (!equalBytes(checkpoint.rootHash, frontierRoot(frontier))) {
        await this.#keep(secondRoot(), asked.note);
        return { size: frontier.size };
      }
    }
    requireConsistent(asked, state, checkpoint);
    if (last !== undefined && checkpoint.epoch <= last.epoch) {
      // The answer was lost, perhaps: what was cosigned is cosigned again, and nothing else in its place.
      const known = await readCosigned(database.kysely, checkpoint.epoch);
      if (known === undefined || checkpoint.size !== frontier.size || textOf(known.note) !== textOf(asked.note)) {
        throw secondRoot();
      }
      return this.#sign(asked.note);
    }
    this.#requireTime(state, checkpoint);
    const bundles = await fetchEntries(this.#witness, frontier, checkpoint);
    return this.#replay(asked.note, state, checkpoint, bundles);
  }

  /** An epoch that is too short, or a time to come that is too far away, would make delays and roots pass unseen. */
  #requireTime({ last }: ReplayState, { epoch, activeFrom }: Checkpoint): void {
    const { clock, register } = this.#witness;
    const { epochSeconds } = register;
    // The first checkpoint is active at once; the second may come half an epoch later.
    const least = epoch === 1 ? epochSeconds / 2 : epochSeconds;
    if (last !== undefined && activeFrom < last.activeFrom + least) {
      throw new ProtocolError('epoch_too_short', 'the checkpoint is active too soon after the one before');
    }
    if (activeFrom > clock() / 1000 + PATIENCE_EPOCHS * epochSeconds + CLOCK_TOLERANCE_SECONDS) {
      throw new ProtocolError('epoch_too_far', 'the checkpoint is active too long from now');
    }
  }

  async #replay(
    note: string,
    before: ReplayState,
    checkpoint: Checkpoint,
    bundles: readonly (readonly Uint8Array[])[],
  ): Promise<Verdict> {
    const { database, clock, poseidon, empty } = this.#witness;
    const moved = await database.transaction(
      async (tx) => {
        // Another process may have cosigned meanwhile: check and update are one.
        const state = await readState(this.#witness, tx);
        if (encodeReplayState(state) !== encodeReplayState(before)) {
          return state.frontier.size;
        }
        const replay = new Replay(state, checkpoint, {
          hash: poseidon,
          empty,
          store: replayStore(tx),
          isSigned: isSignedByNode,
        });
        for (let start = 0; start < bundles.length; start += PART) {
          await writeChanges(tx, checkpoint.size, await replay.take(bundles.slice(start, start + PART).flat()));
        }
        const { epoch, size } = checkpoint;
        const cosigned: CosignedRow = { epoch, size, note, time: Math.floor(clock() / 1000) };
        await writeCosigned(this.#witness, tx, replay.finish(), cosigned);
        return undefined;
      },
      { exclusive: ['watched', 'watched_leaves', 'families', 'cosigned'] },
    );
    return moved === undefined ? this.#sign(note) : { size: moved };
  }

  #sign(note: string): Verdict {
    const { name, signingKey, clock } = this.#witness;
    return { line: cosign(note, name, signingKey, Math.floor(clock() / 1000)) };
  }

  async #refuse(error: unknown, note: string): Promise<never> {
    if (error instanceof ProtocolError && EVIDENCE.has(error.code)) {
      await this.#keep(error, note);
    }
    throw error;
  }

  async #keep({ code, message }: ProtocolError, note: string): Promise<void> {
    const { database, logger, clock } = this.#witness;
    logger.error({ refused: code, message });
    await keepRefusal(database.kysely, { code, message, note, time: Math.floor(clock() / 1000) });
  }
}

function requireConsistent({ oldSize, proof }: AddCheckpoint, { frontier }: ReplayState, checkpoint: Checkpoint): void {
  const { size, rootHash } = checkpoint;
  const holds =
    oldSize === 0 ? proof.length === 0 : verifyConsistency(oldSize, size, frontierRoot(frontier), rootHash, proof);
  if (!holds) {
    throw new ProtocolError('consistency_invalid', 'the proof does not show that the log only grew');
  }
}

function secondRoot(): ProtocolError {
  return new ProtocolError('checkpoint_second_root', 'this witness has cosigned another checkpoint for the same place');
}

function textOf(note: string): string {
  return parseNote(note).text;
}

function busy(): ProtocolError {
  return new ProtocolError('witness_busy', 'the witness replays a log; ask again soon');
}

/** Waits so long and no longer; the work goes on. */
async function atMost<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(busy());
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
