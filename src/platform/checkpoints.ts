// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where a verifier takes roots from: the register's signed checkpoints, asked for now and then, as far as
 * enough witnesses cosigned them.
 *
 * The register may be away: what it last said holds for a while, and then verification stops with
 * `checkpoints_unavailable` rather than go on with roots that may hold revoked credentials. It may also
 * go back, or tell two stories of one epoch: such an answer is not taken. While too few witnesses answer,
 * the last checkpoint that enough of them cosigned stays in use, for the time that `requireFresh` gives
 * it. docs/protocol.md section 7.
 *
 * @module
 */
import { z } from 'zod';
import { readAtMost } from '../http/streams.ts';
import { acceptedCheckpoints, type Checkpoint } from '../log/checkpoint.ts';
import type { WitnessPolicy } from '../log/cosignature.ts';
import { sortEpochs } from '../log/epochs.ts';
import { type EpochRule, type OpenedCheckpoints, openNotes, requireFresh } from '../log/witnessed.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { CheckpointSource } from './deps.ts';

/** How to follow a register. */
export interface CheckpointSourceOptions {
  /** Address of the register or of a mirror, or several, without a slash at the end: asked in this order until one will do. */
  readonly register: string | readonly string[];
  /** Name under which the register signs: the origin of its checkpoints. */
  readonly name: string;
  /** Its Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Which witnesses must have cosigned a checkpoint: more than half of them. */
  readonly witnesses: WitnessPolicy;
  /** How the register's epochs turn. */
  readonly epochs: EpochRule;
  readonly fetch: typeof globalThis.fetch;
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  /** Seconds after which the register is asked again; well below an epoch. */
  readonly refreshSeconds?: number;
  /**
   * Seconds for which the last answer holds while the register is away. At most one epoch: a checkpoint
   * is published one epoch before it is active, so that for one epoch the last answer is complete.
   */
  readonly maxStaleSeconds?: number;
  /** Told why an answer of the register was not taken. */
  readonly onRefused?: (error: unknown) => void;
}

/** Milliseconds to wait for the register, or for a mirror. */
const TIMEOUT = 3_000;
/** Least milliseconds between two questions, however many unknown sizes are named. */
const LEAST_INTERVAL = 1_000;
/** Largest answer, bytes. */
const LONGEST = 65_536;

const answerSchema = z.object({ checkpoints: z.array(z.string()).min(1).max(16) });

/**
 * Follows a register's checkpoints. Asks when it is asked, never by itself, and once for everyone. Nobody waits for an
 * answer but who needs it: while what is known is fresh, it is given out and the register is asked beside it.
 */
export function createCheckpointSource(options: CheckpointSourceOptions): CheckpointSource {
  const { clock, refreshSeconds = 30, maxStaleSeconds = 3600 } = options;
  let known: OpenedCheckpoints = { witnessed: [], unwitnessed: [] };
  let fetchedAt = -Infinity;
  let triedAt = -Infinity;
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    triedAt = clock();
    for (const register of [options.register].flat()) {
      try {
        known = advance(known, await fetchCheckpoints(register, options), clock());
        fetchedAt = clock();
        return;
      } catch (error) {
        options.onRefused?.(error);
      }
    }
  };

  const checkFresh = (): void => {
    const now = clock();
    const checkpoints = known.witnessed.map(({ checkpoint }) => checkpoint);
    if (now - fetchedAt > maxStaleSeconds * 1000 || acceptedCheckpoints(checkpoints, now).length === 0) {
      throw unavailable('the register has not been heard for too long; try again soon');
    }
    try {
      requireFresh(known, options.epochs, now);
    } catch (cause) {
      throw unavailable('too few witnesses have confirmed what the register shows for too long; try again later', {
        cause,
      });
    }
  };
  const isFresh = (): boolean => {
    try {
      checkFresh();
      return true;
    } catch {
      return false;
    }
  };

  return async (size) => {
    const missing = size !== undefined && !known.witnessed.some(({ checkpoint }) => checkpoint.size === size);
    if (Math.abs(clock() - triedAt) >= (missing ? LEAST_INTERVAL : refreshSeconds * 1000) || asking !== undefined) {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      // A silent register, or a visitor who names sizes that do not exist, holds up nobody else.
      if (missing || !isFresh()) await asking;
    }
    checkFresh();
    return known.witnessed.map(({ checkpoint }) => checkpoint);
  };
}

function unavailable(message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('checkpoints_unavailable', message, options);
}

async function fetchCheckpoints(register: string, options: CheckpointSourceOptions): Promise<OpenedCheckpoints> {
  const { name, publicKey, witnesses, fetch, clock } = options;
  const response = await fetch(`${register}/v1/checkpoints`, {
    headers: { Accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (!response.ok) {
    throw new ProtocolError('register_unreachable', `the register answered ${String(response.status)}`);
  }
  const answer = answerSchema.safeParse(JSON.parse(await readText(response)));
  if (!answer.success) {
    throw new ProtocolError('register_unreachable', 'the register answered in an unknown form', {
      cause: answer.error,
    });
  }
  return openNotes(answer.data.checkpoints, { name, publicKey }, witnesses, clock());
}

async function readText(response: Response): Promise<string> {
  const bytes = await readAtMost(response.body, LONGEST);
  if (bytes === undefined) {
    throw new ProtocolError('register_unreachable', 'the register answered at too great a length');
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/**
 * Takes a new answer only if it goes on from the last one: some of it is witnessed, its newest epoch is
 * not older, and nothing contradicts what was said before.
 */
function advance(known: OpenedCheckpoints, fresh: OpenedCheckpoints, now: number): OpenedCheckpoints {
  const all = ({ witnessed }: OpenedCheckpoints): readonly Checkpoint[] =>
    witnessed.map(({ checkpoint }) => checkpoint);
  const newest = (opened: OpenedCheckpoints): number => Math.max(...all(opened).map(({ epoch }) => epoch));
  if (fresh.witnessed.length === 0) {
    throw new ProtocolError('checkpoint_not_witnessed', 'too few witnesses have confirmed what the register shows');
  }
  if (newest(fresh) < newest(known)) {
    throw new ProtocolError('checkpoint_rolled_back', 'the register shows an older state than it has shown before');
  }
  sortEpochs([...all(known), ...all(fresh)], now);
  return fresh;
}
