// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's view of `src/proving`: everything that crosses it can be posted to a worker, so armed
 * records stay behind it and are named by handles. In a page, a module worker exposes what
 * {@link createProver} returns through comlink, and the page passes callbacks as comlink proxies. To
 * abandon a proof, terminate the worker: nothing interrupts WebAssembly.
 *
 * @module
 */
import type { CircuitName } from '../protocol/artifacts.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type Armed, arm, disarm, type OnProgress } from '../proving/arm.ts';
import { type Artifacts, readArtifacts } from '../proving/artifacts.ts';
import { fire, type ProofResult, type Random } from '../proving/fire.ts';
import type { CircuitStatement, IssueInputs, ShowInputs } from '../proving/inputs.ts';
import { load, type LoadOptions, type ProvingKey, unload } from '../proving/load.ts';

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

/** See the module's description. */
export interface Prover {
  /** Reads the manifest; downloads no key. */
  info(): Promise<ProverInfo>;
  /** Downloads and checks a circuit's artifacts ahead of time; otherwise the first `arm` does. */
  load(circuit: CircuitName, onProgress?: OnProgress): Promise<void>;
  /**
   * Prepares a proof for everything but the request (`show`: `binding`; `issue`: `session`), starting from
   * the record armed before it.
   *
   * @throws {@link ProtocolError} `witness_refused` if the inputs do not meet the circuit.
   */
  arm(task: ProvingTask, onProgress?: OnProgress): Promise<ArmedHandle>;
  /**
   * Makes a proof; may be called again, each proof has fresh randomness.
   *
   * @throws {@link ProtocolError} `armed_mismatch`, `armed_unknown`.
   */
  fire(handle: ArmedHandle, statement: CircuitStatement): Promise<ProofResult>;
  /** Forgets an armed record. The last of a circuit stays inside, for the next to start from, until `close`. */
  release(handle: ArmedHandle): Promise<void>;
  /** Wipes all records, ends the threads and gives the memory of the keys back. */
  close(): Promise<void>;
}

/** What {@link createProver} needs. */
export interface ProverOptions extends LoadOptions {
  /** Reads a file of `circuits/artifacts` by name. */
  readonly read: (file: string) => Promise<Uint8Array>;
  readonly random: Random;
}

/** Makes a prover that computes where it is called, and on the threads that it is given. */
export function createProver({ read, random, ...options }: ProverOptions): Prover {
  let artifacts: Promise<Artifacts> | undefined;
  const keys = new Map<CircuitName, Promise<ProvingKey>>();
  const armedRecords = new Map<ArmedHandle, Armed>();
  const latest = new Map<CircuitName, Armed>();
  let lastHandle = 0;

  const manifest = (): Promise<Artifacts> =>
    (artifacts ??= readArtifacts(read).catch((error: unknown) => {
      artifacts = undefined; // a failed download may be tried again
      throw error;
    }));
  const keyOf = (circuit: CircuitName): Promise<ProvingKey> => {
    const known = keys.get(circuit);
    if (known !== undefined) return known;
    const loading = manifest()
      .then((all) => all.circuit(circuit))
      .then((files) => load(files, options));
    keys.set(circuit, loading);
    loading.catch(() => keys.delete(circuit));
    return loading;
  };
  const wipeUnlessUsed = (armed: Armed): void => {
    if (![...armedRecords.values(), ...latest.values()].includes(armed)) disarm(armed);
  };

  return {
    async info() {
      const { manifest: known } = await manifest();
      return { version: known.version, development: known.keys === 'development' };
    },
    async load(circuit, onProgress) {
      await keyOf(circuit);
      onProgress?.(1);
    },
    async arm({ circuit, inputs }, onProgress) {
      const key = await keyOf(circuit);
      const previous = latest.get(circuit);
      const armed = await arm(key, inputs, { previous, onProgress });
      lastHandle += 1;
      armedRecords.set(lastHandle, armed);
      const before = latest.get(circuit);
      latest.set(circuit, armed);
      if (before !== undefined) wipeUnlessUsed(before);
      return lastHandle;
    },
    async fire(handle, statement) {
      const armed = armedRecords.get(handle);
      if (armed === undefined) {
        throw new ProtocolError('armed_unknown', 'this proof is no longer armed; arm it again');
      }
      return Promise.resolve(fire(armed, statement, random));
    },
    release(handle) {
      const armed = armedRecords.get(handle);
      armedRecords.delete(handle);
      if (armed !== undefined) wipeUnlessUsed(armed);
      return Promise.resolve();
    },
    async close() {
      for (const armed of [...armedRecords.values(), ...latest.values()]) disarm(armed);
      armedRecords.clear();
      latest.clear();
      const loading = [...keys.values()];
      keys.clear();
      for (const key of await Promise.allSettled(loading)) if (key.status === 'fulfilled') unload(key.value);
    },
  };
}
