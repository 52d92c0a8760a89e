// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Asking witnesses for cosignatures: each gets every checkpoint in order, at its own pace. A witness
 * that is slow or broken holds up neither the others nor a cut; it is asked again after pauses that
 * grow. What it answers is stored before it counts. docs/protocol.md section 7.
 *
 * @module
 */
import { readAtMost } from '../http/streams.ts';
import type { Logger } from '../http/logs.ts';
import { encodeAddCheckpoint, parseSize, SIZE_TYPE } from '../log/add_checkpoint.ts';
import { cosignaturesOf } from '../log/cosignature.ts';
import { parseNote, signatureLine, signaturesOf } from '../log/note.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../log/witnessed.ts';
import { type ErrorCode, ProtocolError } from '../protocol/errors.ts';
import type { Database } from '../storage/open.ts';
import type { CheckpointRow, RegisterTables } from '../storage/register.ts';
import type { WitnessEndpoint, Witnessing } from './witnessing.ts';

/** Milliseconds before a witness that failed is asked again: doubled with each failure, up to the second. */
const PAUSE = { first: 1_000, longest: 300_000 } as const;
/** Milliseconds to wait for an answer. */
const TIMEOUT = 60_000;
/** Largest answer, bytes. */
const MAX_ANSWER_BYTES = 16_384;
/** Sizes that a witness may name in one round: its own, and once more if it moved meanwhile. */
const MAX_CONFLICTS = 2;

/** What pushing needs of a register. */
export interface PushDeps {
  readonly database: Database<RegisterTables>;
  readonly witnessing: Witnessing;
  /** Unix time, milliseconds. */
  readonly clock: () => number;
  readonly logger: Logger;
  /**
   * RFC 6962 consistency proof.
   *
   * @param size - Size of the earlier log, at least 1.
   * @param later - Size of the later.
   */
  readonly proveConsistency: (size: number, later: number) => Promise<readonly Uint8Array[]>;
}

/** Where a witness stands, as far as the register knows. */
interface Cursor {
  /** Size of what it cosigned last. */
  readonly size: number;
  /** Epoch of that checkpoint; -1 before the first. */
  readonly epoch: number;
}

interface Progress {
  cursor: Cursor | undefined;
  failures: number;
  /** Unix milliseconds. */
  notBefore: number;
  running: Promise<void> | undefined;
  problem: ErrorCode | undefined;
}

/** Pushes checkpoints to the witnesses of a register. */
export class WitnessPush {
  readonly #deps: PushDeps;
  readonly #progress: ReadonlyMap<WitnessEndpoint, Progress>;
  readonly #closing = new AbortController();

  constructor(deps: PushDeps) {
    this.#deps = deps;
    this.#progress = new Map(
      deps.witnessing.witnesses.map((witness) => [
        witness,
        { cursor: undefined, failures: 0, notBefore: -Infinity, running: undefined, problem: undefined },
      ]),
    );
  }

  /** Asks every witness that may be asked now and is not being asked; call it often. Waits for nothing. */
  start(): void {
    const now = this.#deps.clock();
    for (const [witness, progress] of this.#progress) {
      if (progress.running === undefined && now >= progress.notBefore && !this.#closing.signal.aborted) {
        progress.running = this.#round(witness, progress).finally(() => {
          progress.running = undefined;
        });
      }
    }
  }

  /** Waits until nobody is being asked. */
  async settled(): Promise<void> {
    await Promise.all([...this.#progress.values()].flatMap(({ running }) => running ?? []));
  }

  /** Stops asking. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.settled();
  }

  /** Why the last question to a witness failed, by its name; nothing for those that answered. */
  problems(): ReadonlyMap<string, ErrorCode> {
    return new Map(
      [...this.#progress].flatMap(([{ name }, { problem }]) => (problem === undefined ? [] : [[name, problem]])),
    );
  }

  async #round(witness: WitnessEndpoint, progress: Progress): Promise<void> {
    try {
      progress.cursor ??= await this.#stored(witness);
      for (let conflicts = 0; ;) {
        const checkpoint = await this.#next(progress.cursor);
        if (checkpoint === undefined) {
          break;
        }
        const answer = await this.#ask(witness, progress.cursor.size, checkpoint);
        if (typeof answer === 'string') {
          await this.#keep(witness, checkpoint, answer);
          progress.cursor = { size: checkpoint.size, epoch: checkpoint.epoch };
          conflicts = 0;
        } else if (conflicts++ < MAX_CONFLICTS) {
          progress.cursor = await this.#cursorAt(answer.size);
        } else {
          throw failed('it names another size each time');
        }
      }
      Object.assign(progress, { failures: 0, notBefore: -Infinity, problem: undefined });
    } catch (error) {
      progress.problem = error instanceof ProtocolError ? error.code : 'witness_unreachable';
      progress.notBefore =
        this.#deps.clock() + Math.min(PAUSE.longest, PAUSE.first * 2 ** Math.min(progress.failures, 20));
      progress.failures += 1;
      this.#deps.logger.warn({
        witness: witness.name,
        problem: progress.problem,
        ...(error instanceof ProtocolError ? { message: error.message } : {}),
        failures: progress.failures,
      });
    }
  }

  /** Where the witness stood when its last answer was stored. */
  async #stored({ name }: WitnessEndpoint): Promise<Cursor> {
    const last = await this.#deps.database.kysely
      .selectFrom('cosignatures')
      .innerJoin('checkpoints', 'checkpoints.epoch', 'cosignatures.epoch')
      .select(['checkpoints.epoch', 'checkpoints.size'])
      .where('witness', '=', name)
      .orderBy('checkpoints.epoch', 'desc')
      .limit(1)
      .executeTakeFirst();
    return last ?? NOWHERE;
  }

  async #next({ epoch }: Cursor): Promise<CheckpointRow | undefined> {
    return this.#deps.database.kysely
      .selectFrom('checkpoints')
      .selectAll()
      .where('epoch', '>', epoch)
      .orderBy('epoch')
      .limit(1)
      .executeTakeFirst();
  }

  /** Where a witness stands that says what size it cosigned last. */
  async #cursorAt(size: number): Promise<Cursor> {
    if (size === 0) {
      return NOWHERE;
    }
    const first = await this.#deps.database.kysely
      .selectFrom('checkpoints')
      .select('epoch')
      .where('size', '=', size)
      .orderBy('epoch')
      .limit(1)
      .executeTakeFirst();
    if (first === undefined) {
      throw new ProtocolError(
        'witness_ahead',
        'the witness has cosigned a size that this log never had; was the database set back, or is another copy of the register running?',
      );
    }
    // From the first checkpoint of that size: answers may have been lost, and asking again does no harm.
    return { size, epoch: first.epoch - 1 };
  }

  /** The lines that the witness answers, or the size that it has instead. */
  async #ask(
    { url }: WitnessEndpoint,
    size: number,
    checkpoint: CheckpointRow,
  ): Promise<string | { readonly size: number }> {
    const { fetch, timeout = TIMEOUT } = this.#deps.witnessing;
    const proof = size === 0 ? [] : await this.#deps.proveConsistency(size, checkpoint.size);
    let response: Response;
    let body: Uint8Array | undefined;
    try {
      response = await fetch(`${url}/add-checkpoint`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain; charset=utf-8' },
        body: encodeAddCheckpoint({ oldSize: size, proof, note: checkpoint.note }),
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(timeout), this.#closing.signal]),
      });
      body = await readAtMost(response.body, MAX_ANSWER_BYTES);
    } catch (cause) {
      throw new ProtocolError('witness_unreachable', 'the witness does not answer', { cause });
    }
    if (body === undefined) {
      throw failed('it answered at too great a length');
    }
    const text = new TextDecoder().decode(body);
    if (response.status === 200) {
      return text;
    }
    const own = response.status === 409 && isSizeType(response) ? parseSize(text) : undefined;
    if (own === undefined) {
      throw response.status === 503
        ? new ProtocolError('witness_busy', 'the witness is not ready yet')
        : new ProtocolError('witness_refused', `the witness answered ${String(response.status)}`);
    }
    if (own === size) {
      throw new ProtocolError('witness_disagrees', 'the witness has cosigned another checkpoint of this size');
    }
    return { size: own };
  }

  async #keep(witness: WitnessEndpoint, { epoch, note }: CheckpointRow, lines: string): Promise<void> {
    const now = this.#deps.clock() / 1000;
    let line: string | undefined;
    let time: number | undefined;
    try {
      const answered = note + lines;
      time = cosignaturesOf(answered, [witness])[0]?.time;
      const [signature, ...more] = signaturesOf(parseNote(answered), witness, 'cosignature');
      line = signature && more.length === 0 ? signatureLine(witness, 'cosignature', signature) : undefined;
    } catch (cause) {
      throw failed('its cosignature does not hold', { cause });
    }
    if (line === undefined || time === undefined || Math.abs(time - now) > CLOCK_TOLERANCE_SECONDS) {
      throw failed('it answered without one cosignature of its key, or its clock is wrong');
    }
    await this.#deps.database.kysely
      .insertInto('cosignatures')
      .values({ epoch, witness: witness.name, time, line })
      .onConflict((conflict) => conflict.columns(['epoch', 'witness']).doUpdateSet({ time, line }))
      .execute();
  }
}

const NOWHERE: Cursor = { size: 0, epoch: -1 };

function isSizeType(response: Response): boolean {
  return (response.headers.get('content-type') ?? '').split(';')[0]?.trim() === SIZE_TYPE;
}

function failed(what: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('witness_answer_invalid', `the witness does not answer as it should: ${what}`, options);
}
