// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reads the files that circom writes: constraints (`.r1cs`) and names of signals (`.sym`). Plain
 * parsing without workers; the format is iden3's r1cs binary format, version 1.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';

/** A sum of wires with coefficients below the field's order. */
export type LinearCombination = readonly (readonly [wire: number, coefficient: bigint])[];

/** `a * b = c`. */
export interface Constraint {
  readonly a: LinearCombination;
  readonly b: LinearCombination;
  readonly c: LinearCombination;
}

/** Counts and constraints of a circuit. Wire 0 is one; then public outputs, public and private inputs. */
export interface R1cs {
  readonly wires: number;
  readonly publicOutputs: number;
  readonly publicInputs: number;
  readonly privateInputs: number;
  readonly constraints: readonly Constraint[];
}

const HEADER = 1;
const CONSTRAINTS = 2;

/** Reads an r1cs file over BN254. */
export async function readR1cs(path: string): Promise<R1cs> {
  return parseR1cs(await readFile(path));
}

/** Reads the bytes of an r1cs file over BN254. */
export function parseR1cs(file: Uint8Array): R1cs {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (new TextDecoder().decode(file.subarray(0, 4)) !== 'r1cs') throw new Error('this is no r1cs file');
  const sections = new Map<number, number>();
  for (let i = 0, at = 12; i < view.getUint32(8, true); i++) {
    sections.set(view.getUint32(at, true), at + 12);
    at += 12 + Number(view.getBigUint64(at + 4, true));
  }
  let at = sections.get(HEADER) ?? 0;
  const u32 = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const width = u32();
  if (width !== 32) throw new Error('this r1cs file is over another field');
  at += width;
  const [wires, publicOutputs, publicInputs, privateInputs] = [u32(), u32(), u32(), u32()];
  at += 8; // labels
  const count = u32();

  at = sections.get(CONSTRAINTS) ?? 0;
  const combination = (): LinearCombination =>
    Array.from({ length: u32() }, () => {
      const wire = u32();
      at += width;
      let coefficient = 0n;
      for (let limb = 1; limb <= 4; limb++) {
        coefficient = (coefficient << 64n) | view.getBigUint64(at - 8 * limb, true);
      }
      return [wire, coefficient] as const;
    });
  const constraints = Array.from({ length: count }, () => ({ a: combination(), b: combination(), c: combination() }));
  return { wires, publicOutputs, publicInputs, privateInputs, constraints };
}

/**
 * Reads a sym file.
 *
 * @returns The wire of each named signal; signals that the compiler eliminated are left out.
 */
export async function readSymbols(path: string): Promise<ReadonlyMap<string, number>> {
  const wires = new Map<string, number>();
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    const [, wire, , name] = line.split(',');
    if (name !== undefined && wire !== '-1') wires.set(name, Number(wire));
  }
  return wires;
}
