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

/**
 * Signals that need not follow from the inputs, by name with `main.` left out, each with the reason it is
 * harmless. There are none: circomlib's `IsZero`, the usual one, is in neither circuit.
 */
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
 * Sets what is undetermined against what is on record.
 *
 * @param names - One signal's name for each undetermined wire.
 * @param reasons - The reason why each signal on record is harmless.
 */
export function explain(names: readonly string[], reasons: Readonly<Record<string, string>>): Determinism {
  const idle = Object.keys(reasons).filter((name) => !names.includes(name));
  return {
    undetermined: names.length,
    explained: names.filter((name) => Object.hasOwn(reasons, name)).length,
    unexplained: [
      ...names.filter((name) => !Object.hasOwn(reasons, name)),
      ...idle.map((name) => `${name}: on record as undetermined, but it follows from the inputs`),
    ],
  };
}

/**
 * Analyses one circuit, a few seconds of CPU.
 *
 * @param circuit - Says which records apply.
 * @param r1csPath - Its constraints at `--O2`.
 * @param symPath - Names of its signals.
 */
export async function analyse(circuit: CircuitName, r1csPath: string, symPath: string): Promise<Determinism> {
  const wires = undeterminedWires(await readR1cs(r1csPath));
  const names = new Map(Array.from(await readSymbols(symPath), ([name, wire]) => [wire, name.replace(/^main\./, '')]));
  return explain(
    wires.map((wire) => names.get(wire) ?? `wire ${String(wire)}`),
    HARMLESS[circuit],
  );
}
