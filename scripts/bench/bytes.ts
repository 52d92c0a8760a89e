// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Bytes of a download: compressed as the wallet's host does it, ours in the parts that it serves.
 *
 * @module
 */
import { compress } from '../../src/server/artifact_parts.ts';
import { partsOf } from '../../src/wallet/artifact_parts.ts';
import { readManifest } from '../circuits/rebuild.ts';
import { downloadsOf } from './bauta.ts';
import { readArtifact } from './node_place.ts';
import { readSemaphore } from './peers.ts';
import type { Results } from './results.ts';

async function compressed(pieces: readonly Uint8Array[]): Promise<number> {
  const sizes = await Promise.all(pieces.map(async (bytes) => (await compress(bytes)).length));
  return sizes.reduce((a, b) => a + b, 0);
}

/**
 * Counts what is downloaded.
 *
 * @param peers - Whether to count Semaphore's files, which have to be there then.
 */
export async function countBytes(peers: boolean): Promise<Results['bytes']> {
  const files = downloadsOf(await readManifest());
  const parts = files.map(async (file) => {
    const bytes = await readArtifact(file.file);
    return partsOf(file).map((part) => bytes.subarray(part.from, part.from + part.bytes));
  });
  const downloadBrotli = await compressed((await Promise.all(parts)).flat());
  if (!peers) return { downloadBrotli };
  const theirs = await Promise.all(['semaphore-20.wasm', 'semaphore-20.zkey'].map(readSemaphore));
  return {
    downloadBrotli,
    download: files.reduce((sum, { bytes }) => sum + bytes, 0),
    semaphore20Brotli: await compressed(theirs),
  };
}
