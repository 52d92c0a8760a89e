// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Fire: a proof for one request, in the format that snarkjs verifies. Every proof draws its own
 * randomness, so two proofs of one statement have nothing in common. docs/protocol.md section 5.
 *
 * @module
 */
import { groth16 } from 'snarkjs';
import { ProtocolError } from '../protocol/errors.ts';
import { type Groth16Proof, proofSchema } from '../protocol/presentation.ts';
import { type Armed, type ProvingOptions, secretsOf } from './arm.ts';
import { useCurveOnThisThread } from './curve.ts';
import { type CircuitStatement, LATE_SIGNAL, SIGNALS_OF, signalOf } from './inputs.ts';
import { encodeWtns } from './wtns.ts';

/** A proof with the public signals that it is for, as snarkjs writes them. */
export interface ProofResult {
  readonly proof: Groth16Proof;
  readonly publicSignals: string[];
}

/** Stages of snarkjs by their log lines, with the part of the work done when each begins. */
const STAGES: readonly (readonly [line: string, fraction: number])[] = [
  ['Building ABC', 0.05],
  ['Join ABC', 0.2],
  ['Reading A Points', 0.22],
  ['Reading B1 Points', 0.34],
  ['Reading B2 Points', 0.43],
  ['Reading C Points', 0.7],
  ['Reading H Points', 0.83],
];

/** Follows snarkjs by its log: tells progress, and stops it between stages if asked. */
function follow({ onProgress, signal }: ProvingOptions): Record<'debug' | 'info' | 'warn' | 'error', unknown> {
  const ignore = (): void => undefined;
  return {
    debug: (line: string): void => {
      signal?.throwIfAborted();
      const stage = STAGES.find(([start]) => line.startsWith(start));
      if (stage !== undefined) onProgress?.(stage[1]);
    },
    info: ignore,
    warn: ignore,
    error: ignore,
  };
}

/**
 * Proves a statement that was armed.
 *
 * @param armed - From `arm`; stays armed.
 * @param statement - All public signals. Only `binding` (`show`) or `session` (`issue`) may differ from
 * what was armed.
 * @throws {@link ProtocolError} `armed_mismatch` if anything else differs; `armed_unknown` after `disarm`.
 */
export async function fire(
  armed: Armed,
  statement: CircuitStatement,
  options: ProvingOptions = {},
): Promise<ProofResult> {
  const { key, publicSignals } = armed;
  const names = SIGNALS_OF[key.circuit];
  const late = LATE_SIGNAL[key.circuit];
  const { signals, witness } = secretsOf(armed);
  options.signal?.throwIfAborted();
  for (const [i, name] of names.entries()) {
    if (name !== late && signalOf(statement, name) !== publicSignals[i]) {
      throw new ProtocolError('armed_mismatch', `the proof was armed for another ${name}; arm it again`);
    }
  }
  const request = signalOf(statement, late);
  const fired =
    request === publicSignals[names.findIndex((name) => name === late)]
      ? witness.slice()
      : await key.calculator.calculate({ ...signals, [late]: [request] });
  const file = encodeWtns(fired);
  fired.fill(0);
  try {
    if (!key.threads) await useCurveOnThisThread();
    const proved = await groth16.prove(key.zkey, file, follow(options));
    options.onProgress?.(1);
    const expected = names.map((name) => signalOf(statement, name).toString());
    if (proved.publicSignals.some((value, i) => value !== expected[i])) {
      throw new ProtocolError('armed_mismatch', 'the circuit computed other public signals than the statement holds');
    }
    return { proof: proofSchema.parse(proved.proof), publicSignals: expected };
  } finally {
    file.fill(0);
  }
}
