// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Whether the constraints behind the committed keys leave the prover a choice: every wire of the
 * `--O2` r1cs must follow from the inputs, or stand in {@link HARMLESS} with the reason. What that
 * proves and what it does not: docs/circuits.md.
 *
 * @module
 */
import type { CircuitName } from '../../src/protocol/artifacts.ts';
import { undeterminedWires } from './propagate.ts';
import { readR1cs, readSymbols } from './r1cs.ts';

/** Signals that need not follow from the inputs, by name, each with the reason it is harmless. */
const HARMLESS: Readonly<Record<CircuitName, Readonly<Record<string, string>>>> = { show: {}, issue: {} };

/** What the analysis found of one circuit. */
export interface Determinism {
  /** Wires that the rules do not reach. */
  readonly undetermined: number;
  /** Those of them whose reason to be harmless is on record. */
  readonly explained: number;
  /** The others, by the name of a signal; also records that no longer apply. */
  readonly unexplained: readonly string[];
}

/**
 * Analyses one circuit.
 *
 * @param circuit - Says which records apply.
 * @param r1csPath - Its constraints at `--O2`.
 * @param symPath - Names of its signals.
 */
export async function analyse(circuit: CircuitName, r1csPath: string, symPath: string): Promise<Determinism> {
  const wires = undeterminedWires(await readR1cs(r1csPath));
  const names = new Map(Array.from(await readSymbols(symPath), ([name, wire]) => [wire, name]));
  const named = wires.map((wire) => names.get(wire) ?? `wire ${String(wire)}`);
  const reasons = HARMLESS[circuit];
  const explained = named.filter((name) => name in reasons);
  const idle = Object.keys(reasons).filter((name) => !named.includes(name));
  return {
    undetermined: wires.length,
    explained: explained.length,
    unexplained: [
      ...named.filter((name) => !(name in reasons)),
      ...idle.map((name) => `${name} is on record as undetermined, but follows from the inputs`),
    ],
  };
}
