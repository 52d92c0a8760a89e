// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Poseidon over BN254 with circomlib's constants, for browser and Node: one function of two to eight
 * inputs. Services use `poseidon_wasm.ts`, many times faster; vectors pin the two to each other.
 * docs/protocol.md section 2; test/vectors/poseidon.json.
 *
 * @module
 */
import { poseidon2 } from 'poseidon-lite/poseidon2';
import { poseidon3 } from 'poseidon-lite/poseidon3';
import { poseidon4 } from 'poseidon-lite/poseidon4';
import { poseidon5 } from 'poseidon-lite/poseidon5';
import { poseidon8 } from 'poseidon-lite/poseidon8';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';

/** Hashes 2, 3, 4, 5 or 8 field elements into one. */
export type Poseidon = (inputs: readonly FieldElement[]) => FieldElement;

const BY_ARITY: Readonly<Record<number, (inputs: bigint[]) => bigint>> = {
  2: poseidon2,
  3: poseidon3,
  4: poseidon4,
  5: poseidon5,
  8: poseidon8,
};

/**
 * Poseidon in plain TypeScript; about 2.5 ms for eight inputs.
 *
 * @throws {@link ProtocolError} `poseidon_arity` for another number of inputs.
 */
export const poseidon: Poseidon = (inputs) => {
  const hash = BY_ARITY[inputs.length];
  if (hash === undefined) {
    throw new ProtocolError('poseidon_arity', 'Bauta hashes 2, 3, 4, 5 or 8 field elements');
  }
  return hash([...inputs]) as FieldElement;
};
