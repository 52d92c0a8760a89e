// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Inputs of the two circuits, public and private, by the names of `circuits/lib`.
 *
 * @module
 */
import type { TreePath } from '../commitment/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, toField } from '../protocol/field.ts';
import { unpackPolicy } from '../protocol/policy.ts';
import type { Scope } from '../protocol/scope.ts';
import { ISSUE_SIGNALS, type IssueStatement, SHOW_SIGNALS, type ShowStatement } from '../protocol/statement.ts';
import type { CircuitSignals } from './witness.ts';

/** Inputs of `show`. */
export interface ShowInputs {
  readonly root: FieldElement;
  readonly scope: Scope;
  readonly context: FieldElement;
  readonly policy: FieldElement;
  readonly nationalityMask: FieldElement;
  /** The request; the one input that may change between arm and fire. */
  readonly binding: FieldElement;
  readonly seed: FieldElement;
  readonly blinding: FieldElement;
  readonly attributes: FieldElement;
  readonly extension: FieldElement;
  /** Position of the leaf, `0 <= leafIndex < 2^33`. */
  readonly leafIndex: number;
  /** Eight children at each of eleven levels, from the leaf up. */
  readonly path: TreePath;
  /** Which of `limit` pseudonyms: `0 <= index < limit`, or 0. */
  readonly index: FieldElement;
}

/** Inputs of `issue`. */
export interface IssueInputs {
  /** The enrolment session; the one input that may change between arm and fire. */
  readonly session: FieldElement;
  readonly seed: FieldElement;
  readonly blinding: FieldElement;
}

/** Inputs of either circuit. */
export type CircuitInputs = ShowInputs | IssueInputs;

/** Statement of either circuit. */
export type CircuitStatement = ShowStatement | IssueStatement;

/** Names of the public signals of each circuit, in snarkjs order. */
export const SIGNALS_OF = { show: SHOW_SIGNALS, issue: ISSUE_SIGNALS } as const;

/** The one public input of each circuit that may change between arm and fire: it names the request. */
export const LATE_SIGNAL = { show: 'binding', issue: 'session' } as const;

/**
 * The value of a public signal in a statement.
 *
 * @throws {@link ProtocolError} `signals_invalid` if the statement is of another circuit.
 */
export function signalOf(statement: CircuitStatement, name: string): FieldElement {
  const value = (statement as Readonly<Record<string, unknown>>)[name];
  if (typeof value !== 'bigint') {
    throw new ProtocolError('signals_invalid', `the statement has no signal ${name}`);
  }
  return toField(value);
}

/**
 * Inputs by signal name, as the witness calculator takes them.
 *
 * @throws {@link ProtocolError} `inputs_invalid` if a member is missing; `scope_missing` if a pseudonym
 * is asked in no scope: it would follow the holder everywhere.
 */
export function toCircuitSignals(inputs: CircuitInputs): CircuitSignals {
  if ('policy' in inputs && unpackPolicy(inputs.policy).nullifierOn === 1 && inputs.scope === 0n) {
    throw new ProtocolError('scope_missing', 'a pseudonym needs the scope of a platform');
  }
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]: [string, unknown]) => {
      const values = name === 'leafIndex' ? [BigInt(value as number)] : [value].flat(2);
      if (!values.every((item): item is bigint => typeof item === 'bigint')) {
        throw new ProtocolError('inputs_invalid', `the circuit's input ${name} must be made of field elements`);
      }
      return [name, values];
    }),
  );
}
