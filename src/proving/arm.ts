// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Arm: everything of a proof that does not depend on the request, done while the holder reads the
 * consent sheet. With snarkjs inside that is the witness, so a credential that does not meet the
 * policy is refused here. docs/protocol.md section 5.
 *
 * An armed record can answer any request of its platform, policy and day: keep it in memory and
 * {@link disarm} it when it is no longer needed.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, toField } from '../protocol/field.ts';
import { type CircuitInputs, SIGNALS_OF, toCircuitSignals } from './inputs.ts';
import type { ProvingKey } from './load.ts';
import { type CircuitSignals, wireAt } from './witness.ts';

/** Called with the part done, 0 to 1. */
export type OnProgress = (fraction: number) => void;

/** Options of arm and fire. */
export interface ProvingOptions {
  readonly onProgress?: OnProgress;
  /** Asks to stop; heeded between stages only. Rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A proof but for the request. Callers only pass it on. */
export interface Armed {
  readonly key: ProvingKey;
  /** Values of the circuit's public signals for the armed request, in order. */
  readonly publicSignals: readonly FieldElement[];
  /** Inputs and their wires; wiped by {@link disarm}. */
  secrets: { readonly signals: CircuitSignals; readonly witness: Uint8Array } | undefined;
}

/**
 * Arms a proof.
 *
 * @param key - The circuit, from `load`.
 * @param inputs - All its inputs; `binding` (`show`) and `session` (`issue`) may hold any value until fire.
 * @throws {@link ProtocolError} `witness_refused` if the inputs do not meet the circuit,
 * `inputs_invalid`, `scope_missing`, `field_not_canonical`.
 */
export async function arm(key: ProvingKey, inputs: CircuitInputs, options: ProvingOptions = {}): Promise<Armed> {
  options.signal?.throwIfAborted();
  const signals = toCircuitSignals(inputs);
  const witness = await key.calculator.calculate(signals);
  options.signal?.throwIfAborted();
  options.onProgress?.(1);
  // Wire 0 is the constant one; outputs and public inputs follow it.
  const publicSignals = SIGNALS_OF[key.circuit].map((_, i) => toField(wireAt(witness, i + 1)));
  return { key, publicSignals, secrets: { signals, witness } };
}

/** Wipes an armed record; it can not be fired any more. */
export function disarm(armed: Armed): void {
  armed.secrets?.witness.fill(0);
  armed.secrets = undefined;
}

/**
 * The secrets of a record that is still armed.
 *
 * @throws {@link ProtocolError} `armed_unknown` after {@link disarm}.
 */
export function secretsOf(armed: Armed): NonNullable<Armed['secrets']> {
  if (armed.secrets === undefined) {
    throw new ProtocolError('armed_unknown', 'this proof is no longer armed; arm it again');
  }
  return armed.secrets;
}
