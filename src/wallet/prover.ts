// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's view of `src/proving`: everything that crosses it can be posted to a worker, so armed
 * records stay behind it and are named by handles. In a page, the worker's whole source is
 *
 *     Comlink.expose(createProver({ read: (file) => fetchBytes(`/artifacts/${file}`) }));
 *
 * and the page holds `Comlink.wrap<Prover>(worker)`, passing callbacks as `Comlink.proxy(onProgress)`.
 * To abandon a proof, terminate the worker: nothing interrupts WebAssembly.
 *
 * @module
 */
import type { CircuitName } from '../protocol/artifacts.ts';
import type { Groth16Proof } from '../protocol/presentation.ts';
import type { IssueStatement, ShowStatement } from '../protocol/statement.ts';
import type { IssueInputs, ShowInputs } from '../proving/inputs.ts';

/** What to prove, with all private inputs. */
export type ProvingTask =
  | { readonly circuit: 'show'; readonly inputs: ShowInputs }
  | { readonly circuit: 'issue'; readonly inputs: IssueInputs };

/** Names an armed record inside a prover. */
export type ArmedHandle = number;

/** Called with the part done, 0 to 1. */
export type OnProgress = (fraction: number) => void;

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
   * Prepares a proof for everything but the request (`show`: `binding`; `issue`: `session`).
   *
   * @throws {@link ProtocolError} `witness_refused` if the inputs do not meet the circuit.
   */
  arm(task: ProvingTask): Promise<ArmedHandle>;
  /**
   * Makes a proof; may be called again, each proof has fresh randomness.
   *
   * @throws {@link ProtocolError} `armed_mismatch`, `armed_unknown`.
   */
  fire(
    handle: ArmedHandle,
    statement: ShowStatement | IssueStatement,
    onProgress?: OnProgress,
  ): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
  /** Wipes an armed record. */
  release(handle: ArmedHandle): Promise<void>;
}

/** What {@link createProver} needs. */
export interface ProverOptions {
  /** Reads a file of `circuits/artifacts` by name. */
  readonly read: (file: string) => Promise<Uint8Array>;
  /** Refuses development keys. Default false. */
  readonly production?: boolean;
  /** Lets ffjavascript start its own workers (Node only). Default false. */
  readonly threads?: boolean;
}

/** Makes a prover that computes where it is called. */
export declare function createProver(options: ProverOptions): Prover;
