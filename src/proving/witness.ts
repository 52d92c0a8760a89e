// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Witnesses: runs a circuit's calculator as circom 2 compiles it to WebAssembly. One
 * instance serves all runs, each of which sets every wire anew; it prints nothing.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { FIELD_ORDER, toField } from '../protocol/field.ts';

/** Values of input signals by name; arrays flat, in row order. */
export type CircuitSignals = Readonly<Record<string, readonly bigint[]>>;

/** Calculates all wires of a circuit. */
export interface WitnessCalculator {
  /**
   * @returns The wires in order, 32 bytes each, little-endian, canonical; wire 0 is the constant one.
   * @throws {@link ProtocolError} `witness_refused` if the inputs do not meet the circuit,
   * `inputs_invalid` if a signal is missing, unknown, of another length or not canonical.
   */
  calculate(signals: CircuitSignals): Uint8Array;
}

/** Bytes of a wire. */
export const WIRE_BYTES = 32;
const WIRE_WORDS = WIRE_BYTES / 4;
/** Code with which circom's calculator reports a constraint that does not hold. */
const ASSERT_FAILED = 4;

/** Exports of circom's calculator that are used here. */
interface CalculatorExports {
  readonly getVersion: () => number;
  readonly getFieldNumLen32: () => number;
  readonly getRawPrime: () => void;
  readonly getInputSize: () => number;
  readonly getWitnessSize: () => number;
  readonly getInputSignalSize: (hashHigh: number, hashLow: number) => number;
  readonly setInputSignal: (hashHigh: number, hashLow: number, position: number) => void;
  readonly readSharedRWMemory: (word: number) => number;
  readonly writeSharedRWMemory: (word: number, value: number) => void;
  readonly getWitness: (wire: number) => void;
  readonly init: (sanityCheck: number) => void;
}

/** FNV-1a of 64 bits, by which circom finds signals, in two halves. */
function signalHash(name: string): readonly [high: number, low: number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)];
}

function invalid(what: string): never {
  throw new ProtocolError('inputs_invalid', `the circuit's inputs are not complete and canonical: ${what}`);
}

const noOperation = (): void => undefined;
const imports: WebAssembly.Imports = {
  runtime: {
    exceptionHandler: (code: number): never => {
      if (code === ASSERT_FAILED) {
        throw new ProtocolError('witness_refused', 'the credential does not meet what the circuit demands');
      }
      return invalid(`calculator error ${String(code)}`);
    },
    printErrorMessage: noOperation,
    writeBufferMessage: noOperation,
    showSharedRWMemory: noOperation,
  },
};

function readShared(calculator: CalculatorExports): Uint32Array {
  return Uint32Array.from({ length: WIRE_WORDS }, (_, word) => calculator.readSharedRWMemory(word));
}

function setInputs(calculator: CalculatorExports, signals: CircuitSignals): void {
  let set = 0;
  for (const [name, values] of Object.entries(signals)) {
    const [high, low] = signalHash(name);
    if (calculator.getInputSignalSize(high, low) !== values.length) invalid(name);
    for (const [position, value] of values.entries()) {
      let rest: bigint = toField(value);
      for (let word = 0; word < WIRE_WORDS; word++) {
        calculator.writeSharedRWMemory(word, Number(rest & 0xffffffffn));
        rest >>= 32n;
      }
      calculator.setInputSignal(high, low, position);
      set++;
    }
  }
  if (set !== calculator.getInputSize()) invalid('a signal is missing');
}

function isCalculator(exports: WebAssembly.Exports): boolean {
  const calculator = exports as unknown as CalculatorExports;
  if (calculator.getVersion() !== 2 || calculator.getFieldNumLen32() !== WIRE_WORDS) return false;
  calculator.getRawPrime();
  return readShared(calculator).reduceRight((prime, word) => (prime << 32n) | BigInt(word), 0n) === FIELD_ORDER;
}

/**
 * Compiles a calculator.
 *
 * @param wasm - Output of circom 2 over BN254.
 * @throws {@link ProtocolError} `calculator_invalid` if the bytes are something else.
 */
export async function buildWitnessCalculator(wasm: Uint8Array): Promise<WitnessCalculator> {
  let calculator: CalculatorExports;
  try {
    const { instance } = await WebAssembly.instantiate(new Uint8Array(wasm), imports);
    if (!isCalculator(instance.exports)) throw new TypeError('another field');
    calculator = instance.exports as unknown as CalculatorExports;
  } catch (cause) {
    throw new ProtocolError('calculator_invalid', 'this is no witness calculator of circom 2 over BN254', { cause });
  }
  return {
    calculate(signals) {
      calculator.init(0);
      setInputs(calculator, signals);
      const wires = new Uint32Array(calculator.getWitnessSize() * WIRE_WORDS);
      for (let wire = 0; wire * WIRE_WORDS < wires.length; wire++) {
        calculator.getWitness(wire);
        wires.set(readShared(calculator), wire * WIRE_WORDS);
      }
      return new Uint8Array(wires.buffer);
    },
  };
}

/** Reads one wire of a witness. */
export function wireAt(witness: Uint8Array, wire: number): bigint {
  return witness
    .subarray(wire * WIRE_BYTES, (wire + 1) * WIRE_BYTES)
    .reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
