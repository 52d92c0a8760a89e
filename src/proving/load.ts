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
import { type Constraints, createConstraints } from './constraints.ts';
import { createCurve, type Curve, FIELD_BYTES, type Group } from './curve.ts';
import { SIGNALS_OF } from './inputs.ts';
import { type KeyFile, readKeyFile } from './key_file.ts';
import { POINT_SETS, type PointSet } from './lane.ts';
import { type Lanes, openLanes, type Threads } from './lanes.ts';
import { createLateRows, type LateRows } from './late.ts';
import { createDomain, type Domain } from './quotient.ts';
import { makeTable, type Table, TABLE_MEMORY } from './table.ts';
import { buildWitnessCalculator, type WitnessCalculator } from './witness.ts';

/** A loaded circuit. Callers read `circuit`, `version` and `development`; the rest is for arm and fire. */
export interface ProvingKey {
  readonly circuit: CircuitName;
  /** Version of the artifacts, named by requests and presentations. */
  readonly version: number;
  /** True if whoever made the key could forge proofs; to be shown. */
  readonly development: boolean;
  /** SHA-256 of the key file, in hex. */
  readonly hash: string;
  readonly file: KeyFile;
  readonly calculator: WitnessCalculator;
  readonly curve: Curve;
  readonly domain: Domain;
  readonly constraints: Constraints;
  readonly late: LateRows;
  readonly tables: FixedTables;
  /** For each set, which of its points are not at infinity. */
  readonly finite: Readonly<Record<PointSet, Uint8Array>>;
  readonly lanes: Lanes;
}

/** Tables of the points that every proof multiplies: those of delta, and of the late input and its square. */
export interface FixedTables {
  readonly delta1: Table;
  readonly delta2: Table;
  readonly lateA: Table;
  readonly lateB1: Table;
  readonly lateB2: Table;
  readonly lateSquare: Table;
}

/** Options of {@link load}. */
export interface LoadOptions {
  /** Refuses development keys. Default false. */
  readonly production?: boolean;
  /** Threads that share the work. Default: none, everything happens on the calling thread. */
  readonly threads?: Threads;
}

/** Vectors of the domain that load, arm and the tables hold at most at the same time. */
const VECTORS = 16;

/**
 * Checks and prepares the artifacts of a circuit.
 *
 * @returns The key; {@link unload} ends its threads.
 * @throws {@link ProtocolError} `development_keys_refused`, `artifact_hash_mismatch`,
 * `proving_key_invalid`, `key_delta_equals_gamma`, `calculator_invalid`, `prover_failed`.
 */
export async function load(artifacts: CircuitArtifacts, options: LoadOptions = {}): Promise<ProvingKey> {
  const { manifest, circuit } = artifacts;
  const expected = manifest.circuits[circuit];
  requireProductionKeys(manifest, options.production ?? false);
  checkArtifact(artifacts.wasm, expected.wasm);
  checkArtifact(artifacts.key, expected.key);
  const file = readKeyFile(artifacts.key);
  refuseKeyWithoutContribution(file);
  if (file.publics !== SIGNALS_OF[circuit].length || file.domain !== expected.domain) {
    throw new ProtocolError('proving_key_invalid', `the proving key is not one of the circuit ${circuit}`);
  }
  const memory = VECTORS * file.domain * FIELD_BYTES + file.values.length + 4 * TABLE_MEMORY;
  const [calculator, curve] = await Promise.all([buildWitnessCalculator(artifacts.wasm), createCurve(memory)]);
  const lanes = await openLanes(file, options.threads);
  try {
    const domain = createDomain(curve, file.domain);
    const constraints = createConstraints(curve, file);
    return {
      circuit,
      version: manifest.version,
      development: manifest.keys === 'development',
      hash: expected.key.sha256,
      file,
      calculator,
      curve,
      domain,
      constraints,
      late: createLateRows(curve, domain, constraints, file.lateWire),
      tables: fixedTables(curve, file),
      finite: Object.fromEntries(POINT_SETS.map((set) => [set, finitePoints(curve, set, file[set])])) as Record<
        PointSet,
        Uint8Array
      >,
      lanes,
    };
  } catch (error) {
    // Nobody else knows these threads.
    lanes.close();
    throw error;
  }
}

/** Ends the threads of a key and lets go of its memory; it proves nothing any more. */
export function unload(key: ProvingKey): void {
  key.lanes.close();
}

/** The group of a set of points. */
export function groupOf({ g1, g2 }: Curve, set: PointSet): Group {
  return set === 'B2' ? g2 : g1;
}

/**
 * Refuses a key that had no phase-2 contribution. snarkjs leaves delta = gamma in it, and then anyone
 * forges: A = alpha, B = beta, C = -IC verifies for every statement.
 */
function refuseKeyWithoutContribution({ gamma2, delta2 }: KeyFile): void {
  if (gamma2.every((byte, i) => byte === delta2[i])) {
    throw new ProtocolError(
      'key_delta_equals_gamma',
      'the proving key has had no contribution, so that anyone could forge proofs; run the setup to its end',
    );
  }
}

function pointOf(curve: Curve, file: KeyFile, set: PointSet, position: number): Uint8Array {
  const bytes = 2 * groupOf(curve, set).coordinate;
  return file[set].subarray(position * bytes, (position + 1) * bytes);
}

function fixedTables(curve: Curve, file: KeyFile): FixedTables {
  const { g1, g2 } = curve;
  return {
    delta1: makeTable(curve, g1, file.delta1),
    delta2: makeTable(curve, g2, file.delta2),
    lateA: makeTable(curve, g1, pointOf(curve, file, 'A', file.lateWire)),
    lateB1: makeTable(curve, g1, pointOf(curve, file, 'B1', file.lateWire)),
    lateB2: makeTable(curve, g2, pointOf(curve, file, 'B2', file.lateWire)),
    lateSquare: makeTable(curve, g1, file.late1),
  };
}

function finitePoints(curve: Curve, set: PointSet, points: Uint8Array): Uint8Array {
  const bytes = 2 * groupOf(curve, set).coordinate;
  return Uint8Array.from({ length: points.length / bytes }, (_, i) =>
    points.subarray(i * bytes, (i + 1) * bytes).some((byte) => byte !== 0) ? 1 : 0,
  );
}
