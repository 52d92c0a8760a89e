// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What subjects need of the place where they are measured, Node or a page, and what they share there: one
 * loaded circuit, one armed record, proofs to verify.
 *
 * @module
 */
import * as snarkjs from 'snarkjs';
import {
  type Armed,
  type CircuitArtifacts,
  loadProver,
  type ProofResult,
  type Prover,
  type ReadFile,
  readForSnarkjs,
  readShow,
  type SnarkjsFiles,
  type Threads,
} from './bauta.ts';
import type { Peers } from './peers_types.ts';
import { forRequest, type Sample, type SampleOptions, sampleOf } from './sample.ts';

/** A circuit that is like `show` and takes the place of it. */
export interface LikeShow {
  readonly files: CircuitArtifacts;
  readonly snarkjsFiles: SnarkjsFiles;
  readonly vkey: unknown;
  /** What is proved: the sample under the given options. */
  readonly sampleOf: (options?: SampleOptions) => Sample;
}

/** What a place offers. */
export interface Place {
  /** Reads a file of `circuits/artifacts`. */
  readonly read: ReadFile;
  /** Reads a file of the package semaphore-artifacts. */
  readonly readSemaphore: ReadFile;
  readonly peers: () => Promise<Peers>;
  /** Whether to use more than the calling thread: so do snarkjs and Semaphore. */
  readonly threads: boolean;
  /** The same for our prover. */
  readonly proverThreads: Threads | undefined;
}

/** A place with what subjects share; everything is made when first asked for. */
export interface Lab extends Place {
  readonly files: () => Promise<CircuitArtifacts>;
  readonly vkey: () => Promise<unknown>;
  /** The same circuit as snarkjs takes it. */
  readonly snarkjsFiles: () => Promise<SnarkjsFiles>;
  readonly prover: () => Promise<Prover>;
  readonly sample: Sample;
  /** Other samples of the same circuit. */
  readonly sampleOf: (options?: SampleOptions) => Sample;
  /** A record of {@link sample}. */
  readonly armed: () => Promise<Armed>;
  /** Proofs of different requests; fewer than asked for where they take long to make, repeated then. */
  readonly proofs: (count: number) => Promise<readonly ProofResult[]>;
  /** Ends what was started. */
  readonly end: () => Promise<void>;
}

const PROOFS_MS = 2000;

/** Makes sure of something once. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/**
 * Opens a lab.
 *
 * @param like - Another circuit in the place of `show`.
 */
export function openLab(place: Place, like?: LikeShow): Lab {
  const show = once(async () => like ?? readShow(place.read));
  const files = once(async () => (await show()).files);
  const prover = once(async () => loadProver(await files(), place.proverThreads));
  const sampleHere = like?.sampleOf ?? sampleOf;
  const sample = sampleHere();
  const armed = once(async () => (await prover()).arm(sample.inputs));
  const made: ProofResult[] = [];
  let used = false;
  return {
    ...place,
    files,
    vkey: async () => (await show()).vkey,
    snarkjsFiles: once(async () => like?.snarkjsFiles ?? readForSnarkjs(place.read)),
    prover: () => {
      used = true;
      return prover();
    },
    sample,
    sampleOf: sampleHere,
    armed: () => {
      used = true;
      return armed();
    },
    async proofs(count) {
      used = true;
      const record = await armed();
      const began = performance.now();
      while (made.length < count && (made.length < 2 || performance.now() - began < PROOFS_MS)) {
        made.push((await prover()).fire(record, forRequest(sample.statement, made.length)));
      }
      return Array.from({ length: count }, (_, i) => made[i % made.length]).filter((proof) => proof !== undefined);
    },
    async end() {
      if (used) (await prover()).end();
      await endSnarkjs();
    },
  };
}

/** The declared form leaves out its options. */
const curves = snarkjs.curves as {
  getCurveFromName(name: 'bn128', options: { readonly singleThread: true }): Promise<snarkjs.Curve>;
};

/** Where ffjavascript keeps a curve with its workers, for all copies of it. */
const shared = globalThis as { curve_bn128?: snarkjs.Curve | undefined };

/**
 * Gives snarkjs, ours and Semaphore's, the curve that it would build by itself at its first proof.
 *
 * @param threads - Whether with workers, one a core, which is its default.
 */
export async function startSnarkjs(threads: boolean): Promise<void> {
  if (shared.curve_bn128 !== undefined) return;
  if (threads) {
    await snarkjs.curves.getCurveFromName('bn128');
  } else {
    const curve = await curves.getCurveFromName('bn128', { singleThread: true });
    shared.curve_bn128 ??= curve;
  }
}

async function endSnarkjs(): Promise<void> {
  await shared.curve_bn128?.terminate();
  shared.curve_bn128 = undefined;
}

/** Throws unless snarkjs accepts a proof. */
export async function requireAccepted(vkey: unknown, result: ProofResult | undefined): Promise<void> {
  if (result === undefined || !(await snarkjs.groth16.verify(vkey, result.publicSignals, result.proof))) {
    throw new Error('a measured proof is not accepted by snarkjs');
  }
}
