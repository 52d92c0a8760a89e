// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reading circuit artifacts: the manifest first, each file only when it is needed, and nothing whose
 * SHA-256 is not the manifest's. docs/protocol.md section 5.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type ArtifactFile, type CircuitName, type Manifest, parseManifest } from '../protocol/artifacts.ts';
import { ProtocolError } from '../protocol/errors.ts';

/** Reads a file of `circuits/artifacts` by name, from disk or by fetch. */
export type ReadFile = (file: string) => Promise<Uint8Array>;

/** What a prover needs for one circuit. */
export interface CircuitArtifacts {
  readonly manifest: Manifest;
  readonly circuit: CircuitName;
  /** Witness calculator as circom compiled it. */
  readonly wasm: Uint8Array;
  /** Proving key, see `key_file.ts`. */
  readonly key: Uint8Array;
}

/** Artifacts behind a manifest. */
export interface Artifacts {
  readonly manifest: Manifest;
  /** Reads and checks what proves a circuit: 8 MB for `show`. */
  circuit(name: CircuitName): Promise<CircuitArtifacts>;
  /** Reads and checks a verification key, as parsed JSON. */
  verificationKey(name: CircuitName): Promise<unknown>;
}

/**
 * Checks the bytes of an artifact.
 *
 * @throws {@link ProtocolError} `artifact_hash_mismatch`.
 */
export function checkArtifact(bytes: Uint8Array, expected: ArtifactFile): void {
  if (bytes.length !== expected.bytes || bytesToHex(sha256(bytes)) !== expected.sha256) {
    throw new ProtocolError('artifact_hash_mismatch', `${expected.file} is not the file that the manifest names`);
  }
}

function parseJson(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new ProtocolError('manifest_invalid', `${file} must be JSON`, { cause });
  }
}

/**
 * Reads the manifest and offers the rest.
 *
 * @param read - See {@link ReadFile}; the files lie beside `manifest.json`.
 * @throws {@link ProtocolError} `manifest_invalid`; the methods throw `artifact_hash_mismatch`.
 */
export async function readArtifacts(read: ReadFile): Promise<Artifacts> {
  const manifest = parseManifest(parseJson(await read('manifest.json'), 'manifest.json'));
  const checked = async (expected: ArtifactFile): Promise<Uint8Array> => {
    const bytes = await read(expected.file);
    checkArtifact(bytes, expected);
    return bytes;
  };
  return {
    manifest,
    async circuit(name) {
      const { wasm, key } = manifest.circuits[name];
      const [wasmBytes, keyBytes] = await Promise.all([checked(wasm), checked(key)]);
      return { manifest, circuit: name, wasm: wasmBytes, key: keyBytes };
    },
    async verificationKey(name) {
      const { vkey } = manifest.circuits[name];
      return parseJson(await checked(vkey), vkey.file);
    },
  };
}
