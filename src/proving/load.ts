// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Load: the first of the prover's three levels (load, arm, fire). Checks a circuit's artifacts once
 * and keeps what every proof needs. docs/protocol.md section 5.
 *
 * @module
 */
import { type CircuitName, requireProductionKeys } from '../protocol/artifacts.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { checkArtifact, type CircuitArtifacts } from './artifacts.ts';
import { useCurveOnThisThread } from './curve.ts';
import { SIGNALS_OF } from './inputs.ts';
import { buildWitnessCalculator, type WitnessCalculator } from './witness.ts';
import { readZkeyHeader, refuseKeyWithoutContribution } from './zkey.ts';

/** A loaded circuit. Callers read `circuit`, `version` and `development`; the rest is for arm and fire. */
export interface ProvingKey {
  readonly circuit: CircuitName;
  /** Version of the artifacts, named by requests and presentations. */
  readonly version: number;
  /** True if whoever made the key could forge proofs; to be shown. */
  readonly development: boolean;
  readonly calculator: WitnessCalculator;
  readonly zkey: Uint8Array;
  /** Whether ffjavascript may start workers of its own. */
  readonly threads: boolean;
}

/** Options of {@link load}. */
export interface LoadOptions {
  /** Refuses development keys. Default false. */
  readonly production?: boolean;
  /**
   * Lets ffjavascript start its own workers, one a core. Default false: a page's policy blocks them,
   * and in Node they keep the process alive until `globalThis.curve_bn128.terminate()`. Has no effect
   * once a curve for one thread is in use.
   */
  readonly threads?: boolean;
}

/**
 * Checks and prepares the artifacts of a circuit.
 *
 * @throws {@link ProtocolError} `development_keys_refused`, `artifact_hash_mismatch`,
 * `proving_key_invalid`, `key_delta_equals_gamma`, `calculator_invalid`.
 */
export async function load(artifacts: CircuitArtifacts, options: LoadOptions = {}): Promise<ProvingKey> {
  const { manifest, circuit, wasm, zkey } = artifacts;
  const expected = manifest.circuits[circuit];
  const threads = options.threads ?? false;
  requireProductionKeys(manifest, options.production ?? false);
  checkArtifact(wasm, expected.wasm);
  checkArtifact(zkey, expected.zkey);
  const header = readZkeyHeader(zkey);
  refuseKeyWithoutContribution(header);
  if (header.publics !== SIGNALS_OF[circuit].length || header.domain !== expected.domain) {
    throw new ProtocolError('proving_key_invalid', `the proving key is not one of the circuit ${circuit}`);
  }
  if (!threads) await useCurveOnThisThread();
  return {
    circuit,
    version: manifest.version,
    development: manifest.keys === 'development',
    calculator: await buildWitnessCalculator(wasm),
    zkey,
    threads,
  };
}
