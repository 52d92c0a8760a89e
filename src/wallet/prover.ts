// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's view of `src/proving`: everything that crosses it can be posted to a worker, so armed
 * records stay behind it and are named by handles. In a page, `ui/remote_prover.ts` carries it over.
 *
 * @module
 */
import type { CircuitName, Manifest } from '../protocol/artifacts.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type Armed, arm, disarm, type OnProgress } from '../proving/arm.ts';
import { readArtifacts } from '../proving/artifacts.ts';
import { fire, type ProofResult, type Random } from '../proving/fire.ts';
import type { CircuitStatement, IssueInputs, ShowInputs } from '../proving/inputs.ts';
import type { LoadOptions, ProvingKey } from '../proving/load.ts';
import { openSealed, seal } from '../proving/sealed.ts';
import type { ReadArtifact } from './artifact_reader.ts';
import { createKeyring } from './keyring.ts';

/** What to prove, with all private inputs. */
export type ProvingTask =
  | { readonly circuit: 'show'; readonly inputs: ShowInputs }
  | { readonly circuit: 'issue'; readonly inputs: IssueInputs };

/** Names an armed record inside a prover. */
export type ArmedHandle = number;

export type { OnProgress };

/** What a prover tells of the artifacts it uses. */
export interface ProverInfo {
  /** Version of the artifacts, `meta.version` of a request. */
  readonly version: number;
  /** True if whoever made the keys could forge proofs. */
  readonly development: boolean;
}

/**
 * See the module's description. A call whose signal is aborted rejects with the signal's reason and stops
 * what it began; loaded keys stay. After `worker_failed` the next call loads the key again.
 */
export interface Prover {
  /** Reads the manifest; downloads no key. */
  info(): Promise<ProverInfo>;
  /**
   * Downloads and checks a circuit's artifacts ahead of time; otherwise the first `arm` does.
   *
   * @param onProgress - Told which part of the files is here, by bytes, while they are downloaded.
   */
  load(circuit: CircuitName, onProgress?: OnProgress, signal?: AbortSignal): Promise<void>;
  /**
   * Prepares a proof for everything but the request (`show`: `binding`; `issue`: `session`), starting from
   * the record armed before it.
   *
   * @throws {@link ProtocolError} `witness_refused` if the inputs do not meet the circuit, `worker_failed`
   * if a thread ended.
   */
  arm(task: ProvingTask, onProgress?: OnProgress, signal?: AbortSignal): Promise<ArmedHandle>;
  /**
   * Makes a proof; may be called again, each proof has fresh randomness.
   *
   * @throws {@link ProtocolError} `armed_mismatch`, `armed_unknown`.
   */
  fire(handle: ArmedHandle, statement: CircuitStatement): Promise<ProofResult>;
  /** Forgets an armed record. The last of a circuit stays inside, for the next to start from, until `close`. */
  release(handle: ArmedHandle): Promise<void>;
  /** Wipes all records, stops what runs, ends the threads and gives the memory of the keys back. */
  close(): Promise<void>;
}

/** A prover whose armed records can be stored. */
export interface SealingProver extends Prover {
  /**
   * An armed record as bytes. Whoever has them can prove as the holder does, on that platform and day.
   *
   * @throws {@link ProtocolError} `armed_unknown`.
   */
  seal(handle: ArmedHandle): Promise<Uint8Array>;
  /**
   * Opens a sealed record.
   *
   * @throws {@link ProtocolError} `sealed_invalid`.
   */
  unseal(circuit: CircuitName, sealed: Uint8Array, signal?: AbortSignal): Promise<ArmedHandle>;
}

/** What {@link createProver} needs. */
export interface ProverOptions extends LoadOptions {
  /** Reads a file of `circuits/artifacts` by name. */
  readonly read: ReadArtifact;
  readonly random: Random;
}

/** Makes a prover that computes where it is called, and on the threads that it is given. */
export function createProver({ read, random, threads, ...options }: ProverOptions): SealingProver {
  let known: Promise<Manifest> | undefined;
  let life = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();
  let lastHandle = 0;
  const armedRecords = new Map<ArmedHandle, Armed>();
  const latest = new Map<CircuitName, Armed>();

  const manifest = (): Promise<Manifest> =>
    (known ??= readArtifacts(read).then(
      (artifacts) => artifacts.manifest,
      (error: unknown) => {
        known = undefined; // a failed download may be tried again
        throw error;
      },
    ));
  // The small circuit is proved once in a holder's life: threads would cost more than they save.
  const keys = createKeyring(manifest, read, (circuit) =>
    circuit === 'issue' || threads === undefined ? options : { ...options, threads },
  );

  const untilClosed = (signal: AbortSignal | undefined): AbortSignal =>
    signal === undefined ? life.signal : AbortSignal.any([signal, life.signal]);
  /** One after another: a record must not be wiped while another is armed from it. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const wipeUnlessUsed = (armed: Armed | undefined): void => {
    if (armed !== undefined && ![...armedRecords.values(), ...latest.values()].includes(armed)) disarm(armed);
  };
  const keep = (armed: Armed): ArmedHandle => {
    lastHandle += 1;
    armedRecords.set(lastHandle, armed);
    return lastHandle;
  };
  const recordOf = (handle: ArmedHandle): Armed => {
    const armed = armedRecords.get(handle);
    if (armed === undefined) {
      throw new ProtocolError('armed_unknown', 'this proof is no longer armed; arm it again');
    }
    return armed;
  };
  /** Gives a broken key up, so that the next attempt loads it again. */
  const failingClearly = async <T>(circuit: CircuitName, stop: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (stop.aborted || !(error instanceof ProtocolError) || error.code !== 'prover_failed') throw error;
      keys.drop(circuit);
      throw new ProtocolError('worker_failed', 'a worker of the prover ended; try again', { cause: error });
    }
  };

  async function armFromLatest(
    key: ProvingKey,
    inputs: ProvingTask['inputs'],
    onProgress: OnProgress | undefined,
    signal: AbortSignal,
  ): Promise<ArmedHandle> {
    const { circuit } = key;
    const before = latest.get(circuit);
    const previous = before?.key === key ? before : undefined;
    const armed = await arm(key, inputs, { previous, onProgress, signal });
    if (signal.aborted) disarm(armed);
    signal.throwIfAborted();
    latest.set(circuit, armed);
    wipeUnlessUsed(before);
    return keep(armed);
  }

  return {
    async info() {
      const { version, keys: kind } = await manifest();
      return { version, development: kind === 'development' };
    },
    async load(circuit, onProgress, signal) {
      const stop = untilClosed(signal);
      await failingClearly(circuit, stop, () => keys.get(circuit, stop, onProgress));
    },
    arm({ circuit, inputs }, onProgress, signal) {
      const stop = untilClosed(signal);
      return failingClearly(circuit, stop, async () => {
        const key = await keys.get(circuit, stop);
        return inTurn(() => armFromLatest(key, inputs, onProgress, stop));
      });
    },
    async fire(handle, statement) {
      return Promise.resolve(fire(recordOf(handle), statement, random));
    },
    async seal(handle) {
      return Promise.resolve(seal(recordOf(handle)));
    },
    unseal(circuit, sealed, signal) {
      const stop = untilClosed(signal);
      return failingClearly(circuit, stop, async () => keep(openSealed(await keys.get(circuit, stop), sealed)));
    },
    release(handle) {
      const armed = armedRecords.get(handle);
      armedRecords.delete(handle);
      wipeUnlessUsed(armed);
      return Promise.resolve();
    },
    async close() {
      life.abort(new ProtocolError('prover_failed', 'the prover was closed; load it again'));
      life = new AbortController();
      for (const armed of [...armedRecords.values(), ...latest.values()]) disarm(armed);
      armedRecords.clear();
      latest.clear();
      await keys.close();
    },
  };
}
