// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The one place where the benchmarks meet `src/proving`: load, arm, fire, the files that they take, and
 * the end of what they start. Runs in Node and in a page.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ArtifactFile, Manifest } from '../../src/protocol/artifacts.ts';
import type { ShowStatement } from '../../src/protocol/statement.ts';
import { arm, type Armed, disarm } from '../../src/proving/arm.ts';
import { type CircuitArtifacts, type ReadFile, readArtifacts } from '../../src/proving/artifacts.ts';
import { fire, type ProofResult } from '../../src/proving/fire.ts';
import type { ShowInputs } from '../../src/proving/inputs.ts';
import type { Threads } from '../../src/proving/lanes.ts';
import { load, unload } from '../../src/proving/load.ts';

export type { Armed, CircuitArtifacts, ProofResult, ReadFile, Threads };

/** A circuit that is loaded. */
export interface Prover {
  /** @param previous - A record to begin from. */
  readonly arm: (inputs: ShowInputs, previous?: Armed) => Promise<Armed>;
  readonly fire: (armed: Armed, statement: ShowStatement) => ProofResult;
  readonly disarm: (armed: Armed) => void;
  /** Ends the threads. */
  readonly end: () => void;
}

/** What `load` takes for `show`, and the verification key. */
export async function readShow(read: ReadFile): Promise<{ files: CircuitArtifacts; vkey: unknown }> {
  const artifacts = await readArtifacts(read);
  return { files: await artifacts.circuit('show'), vkey: await artifacts.verificationKey('show') };
}

/** A circuit as snarkjs takes it. */
export interface SnarkjsFiles {
  readonly wasm: Uint8Array;
  readonly zkey: Uint8Array;
}

/** What snarkjs takes for `show`: the same circuit, and the key that ours was made from. */
export async function readForSnarkjs(read: ReadFile): Promise<SnarkjsFiles> {
  const { manifest } = await readArtifacts(read);
  const { wasm, zkey } = manifest.circuits.show;
  return { wasm: await read(wasm.file), zkey: await read(zkey.file) };
}

/** What a wallet downloads to prove `show`. */
export function downloadsOf(manifest: Manifest): readonly ArtifactFile[] {
  const { wasm, key } = manifest.circuits.show;
  return [wasm, key];
}

/** A circuit that is like `show` but for its size. */
export interface Variant {
  readonly domain: number;
  readonly wasm: Uint8Array;
  /** A proving key of ours. */
  readonly key: Uint8Array;
}

function described(file: string, bytes: Uint8Array): ArtifactFile {
  return { file, bytes: bytes.length, sha256: bytesToHex(sha256(bytes)) };
}

/** What `load` takes for a circuit that is like `show`. */
export function likeShow(manifest: Manifest, { domain, wasm, key }: Variant): CircuitArtifacts {
  const show = {
    ...manifest.circuits.show,
    domain,
    wasm: described('variant.wasm', wasm),
    key: described('variant.key', key),
  };
  return { manifest: { ...manifest, circuits: { ...manifest.circuits, show } }, circuit: 'show', wasm, key };
}

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

/**
 * Loads a circuit.
 *
 * @param threads - Undefined for the calling thread alone.
 */
export async function loadProver(files: CircuitArtifacts, threads: Threads | undefined): Promise<Prover> {
  const key = await load(files, threads === undefined ? {} : { threads });
  return {
    arm: (inputs, previous) => arm(key, inputs, { previous }),
    fire: (armed, statement) => fire(armed, statement, random),
    disarm,
    end: () => unload(key),
  };
}
