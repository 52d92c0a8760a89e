// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Arm: everything of a proof that does not depend on the request, done while the holder reads the
 * consent sheet. docs/protocol.md section 5.
 *
 * A Groth16 proof is made of sums over the wires of the witness, and sums need not be made again for wires
 * that stayed the same. So arm computes the witness with the late input at zero, compares it with that of
 * an earlier record, and adds the differences only; without an earlier record everything differs from
 * zero. For another platform some hundreds of wires change, those of the nullifier; for another root, the
 * wires of the path. Only the sum over the quotient, whose every value changes, is made anew.
 *
 * An armed record can answer any request of its platform, policy and day: keep it in memory or sealed
 * (`sealed.ts`), and {@link disarm} it when it is no longer needed.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, toField } from '../protocol/field.ts';
import { FIELD_BYTES, FIELD_WORDS } from './curve.ts';
import { type CircuitInputs, LATE_SIGNAL, SIGNALS_OF, toCircuitSignals } from './inputs.ts';
import type { ProvingKey } from './load.ts';
import { placeJacobian, readAffine } from './points.ts';
import { differences, quotientOf, rowsAfter, toWords } from './rows.ts';
import { planSum } from './sums.ts';
import { makeTable, type Table } from './table.ts';
import { wireAt } from './witness.ts';

/** Called with the part done, 0 to 1. */
export type OnProgress = (fraction: number) => void;

/** Options of {@link arm}. */
export interface ArmOptions {
  /** An armed record of the same key, whose sums are used again; it stays as it is. */
  readonly previous?: Armed | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Asks to stop; heeded before each of some dozen tasks. Rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The points of a proof but for the request, affine, and the part of C that is linear in it. */
export interface ArmedPoints {
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  readonly c: Uint8Array;
  readonly linear: Uint8Array;
}

/** A proof but for the request. Callers only pass it on. */
export interface Armed {
  readonly key: ProvingKey;
  /** Values of the circuit's public signals, in order; the late one's is zero. */
  readonly publicSignals: readonly FieldElement[];
  /** Wiped by {@link disarm}. */
  secrets: ArmedSecrets | undefined;
}

/** What an armed record holds. */
export interface ArmedSecrets {
  readonly points: ArmedPoints;
  /** Tables of the points that a proof multiplies. */
  readonly tables: { readonly a: Table; readonly b1: Table; readonly linear: Table };
  /** What a later arm starts from; missing in a record that was sealed. */
  readonly base: ArmBase | undefined;
}

/** Names of the sums that differences are added to. */
const SUMS = ['A', 'B1', 'B2', 'C', 'linear'] as const;
type SumName = (typeof SUMS)[number];

/** Witness, rows and sums of a record. */
interface ArmBase {
  readonly witness: Uint8Array;
  /** Rows, Montgomery form. */
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  /** Values of the quotient's linear part, canonical. */
  readonly linear: Uint8Array;
  /** Jacobian points. */
  readonly sums: Readonly<Record<SumName, Uint8Array>>;
}

/** Costs of work that is no sum, in additions of G1. */
const WITNESS_COST = 50_000;
const DERIVE_COST_PER_ROW = 4;

/** The record before the first: nothing, of which everything differs. */
function nothing({ file }: ProvingKey): ArmBase {
  const jacobian = (set: SumName): Uint8Array => new Uint8Array((set === 'B2' ? 6 : 3) * FIELD_BYTES);
  const rows = (): Uint8Array => new Uint8Array(file.domain * FIELD_BYTES);
  return {
    witness: new Uint8Array(file.variables * FIELD_BYTES),
    a: rows(),
    b: rows(),
    linear: rows(),
    sums: Object.fromEntries(SUMS.map((name) => [name, jacobian(name)])) as Record<SumName, Uint8Array>,
  };
}

/**
 * Arms a proof.
 *
 * @param key - The circuit, from `load`.
 * @param inputs - All its inputs; `binding` (`show`) and `session` (`issue`) may hold any value until fire.
 * @throws {@link ProtocolError} `witness_refused` if the inputs do not meet the circuit,
 * `inputs_invalid`, `scope_missing`, `field_not_canonical`, `armed_unknown` for a previous record of another
 * key, `prover_failed`.
 */
export async function arm(key: ProvingKey, inputs: CircuitInputs, options: ArmOptions = {}): Promise<Armed> {
  const { previous, onProgress, signal } = options;
  signal?.throwIfAborted();
  if (previous !== undefined && previous.key !== key) {
    throw new ProtocolError('armed_unknown', 'the earlier record was armed with another key');
  }
  const before = previous?.secrets?.base ?? nothing(key);
  const witness = key.calculator.calculate({ ...toCircuitSignals(inputs), [LATE_SIGNAL[key.circuit]]: [0n] });
  const { base, c } = await update(key, before, witness, signal, onProgress ?? ((): void => undefined));
  signal?.throwIfAborted();
  // Wire 0 is the constant one; outputs and public inputs follow it.
  const publicSignals = SIGNALS_OF[key.circuit].map((_, i) => toField(wireAt(witness, i + 1)));
  const armed = withTables(key, publicSignals, pointsOf(key, base, c), base);
  onProgress?.(1);
  return armed;
}

/** Wipes an armed record; it can not be fired any more. */
export function disarm(armed: Armed): void {
  const { points, tables, base } = armed.secrets ?? {};
  const kept = [points ?? {}, tables ?? {}, base?.sums ?? {}].flatMap((group): unknown[] => Object.values(group));
  for (const bytes of [...kept, base?.witness, base?.a, base?.b, base?.linear]) {
    if (bytes instanceof Uint8Array) bytes.fill(0);
  }
  armed.secrets = undefined;
}

/** Adds the tables that fire needs to the points of a record. */
export function withTables(
  key: ProvingKey,
  publicSignals: readonly FieldElement[],
  points: ArmedPoints,
  base: ArmBase | undefined,
): Armed {
  const { curve } = key;
  const table = (point: Uint8Array): Table => makeTable(curve, curve.g1, point);
  const tables = { a: table(points.a), b1: table(points.b1), linear: table(points.linear) };
  return { key, publicSignals, secrets: { points, tables, base } };
}

/** Brings sums, rows and quotient from one witness to another. */
async function update(
  key: ProvingKey,
  before: ArmBase,
  witness: Uint8Array,
  signal: AbortSignal | undefined,
  onProgress: OnProgress,
): Promise<{ base: ArmBase; c: Uint8Array }> {
  const { curve, lanes, file } = key;
  const changed = differences(curve, before.witness, witness);
  const wires = (['A', 'B1', 'B2', 'C'] as const).map((set) => [set, planSum(key, set, changed)] as const);
  const all = Uint32Array.from({ length: file.domain }, (_, i) => i);
  const derive = DERIVE_COST_PER_ROW * file.domain;
  const quotient = planSum(key, 'H', { positions: all, scalars: new Uint32Array(all.length * FIELD_WORDS) });
  const total = WITNESS_COST + 3 * derive + quotient.cost + wires.reduce((sum, [, { cost }]) => sum + cost, 0);
  let done = 0;
  const advance = (cost: number): void => {
    done += cost;
    onProgress(Math.min(done / total, 0.99));
  };
  advance(WITNESS_COST);

  const { a, b, c } = rowsAfter(key, before, changed);
  const derived = async (values: Uint8Array): Promise<Uint8Array> => {
    const result = await lanes.run({ kind: 'derive', values }, signal);
    advance(derive);
    return result;
  };
  const overQuotient = async (): Promise<{ linear: Uint8Array; sum: Uint8Array; linearSum: Uint8Array }> => {
    const [da, db, dc] = await Promise.all([derived(a), derived(b), derived(c)]);
    const { constant, linear } = quotientOf(key, { a, b, da, db, dc });
    const [sum, linearSum] = await Promise.all([
      planSum(key, 'H', { positions: all, scalars: toWords(constant) }).run(
        new Uint8Array(3 * FIELD_BYTES),
        signal,
        advance,
      ),
      planSum(key, 'H', differences(curve, before.linear, linear)).run(before.sums.linear, signal, () => undefined),
    ]);
    return { linear, sum, linearSum };
  };
  const [{ linear, sum, linearSum }, ...sums] = await Promise.all([
    overQuotient(),
    ...wires.map(async ([set, plan]) => [set, await plan.run(before.sums[set], signal, advance)] as const),
  ]);
  const named = { ...Object.fromEntries(sums), linear: linearSum } as Record<SumName, Uint8Array>;
  return { base: { witness, a, b, linear, sums: named }, c: sum };
}

/** The points of a record: the sums with the key's own points. */
function pointsOf({ curve, file }: ProvingKey, { sums }: ArmBase, quotient: Uint8Array): ArmedPoints {
  const { g1, g2 } = curve;
  const added = (group: typeof g1, sum: Uint8Array, other: Uint8Array | undefined): Uint8Array =>
    curve.scratch(() => {
      const [at, point] = [curve.reserve(sum.length), curve.reserve(sum.length)];
      curve.bytes.set(sum, at);
      if (other !== undefined) {
        if (other.length === sum.length) curve.bytes.set(other, point);
        else placeJacobian(curve, group, other, point);
        group.sum(at, point, at);
      }
      return readAffine(curve, group, at);
    });
  return {
    a: added(g1, sums.A, file.alpha1),
    b1: added(g1, sums.B1, file.beta1),
    b2: added(g2, sums.B2, file.beta2),
    c: added(g1, sums.C, quotient),
    linear: added(g1, sums.linear, undefined),
  };
}
