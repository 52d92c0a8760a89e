// SPDX-License-Identifier: Apache-2.0
/**
 * Verification keys as files: taken only if their SHA-256 stands in the manifest.
 * docs/protocol.md section 5.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { CircuitName, Manifest } from '../protocol/artifacts.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { loadVerificationKey, type VerificationKey } from './groth16.ts';

/**
 * Checks the bytes of a verification key against the manifest and loads it.
 *
 * @param manifest - From `parseManifest`; see also `requireProductionKeys`.
 * @param circuit - Which statement the key is for.
 * @param bytes - Content of the file that the manifest names.
 * @throws {@link ProtocolError} `artifact_hash_mismatch`, and those of {@link loadVerificationKey}.
 */
export async function openVerificationKey(
  manifest: Manifest,
  circuit: CircuitName,
  bytes: Uint8Array,
): Promise<VerificationKey> {
  const expected = manifest.circuits[circuit].vkey;
  if (bytesToHex(sha256(bytes)) !== expected.sha256) {
    throw new ProtocolError('artifact_hash_mismatch', `${expected.file} is not the file that the manifest names`);
  }
  return loadVerificationKey(JSON.parse(new TextDecoder().decode(bytes)));
}
