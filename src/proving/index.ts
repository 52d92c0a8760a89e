// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `bauta/proving`: Groth16 proofs of the two circuits, with the request bound late. `load` once, `arm` while
 * the holder reads, `fire` at the tap; docs/proving.md explains why that works. Threads of Node are in
 * `bauta/proving/node`; a browser's are module workers that expose `createLane()`.
 *
 * @module
 */
export { type Armed, arm, type ArmOptions, disarm, type OnProgress } from './arm.ts';
export { type Artifacts, type CircuitArtifacts, readArtifacts, type ReadFile } from './artifacts.ts';
export { fire, type ProofResult, type Random } from './fire.ts';
export type { CircuitInputs, CircuitStatement, IssueInputs, ShowInputs } from './inputs.ts';
export { createLane, type Lane } from './lane.ts';
export type { LaneThread, Threads } from './lanes.ts';
export { load, type LoadOptions, type ProvingKey, unload } from './load.ts';
export { openSealed, seal } from './sealed.ts';
