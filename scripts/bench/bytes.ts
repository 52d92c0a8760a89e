// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Bytes of a download under Brotli at its highest quality, which takes a quarter of a minute: kept by the
 * SHA-256 of what was compressed, so that a file is compressed once.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { downloadsOf } from './bauta.ts';
import { BUILD, readArtifact } from './node_place.ts';
import { readManifest } from '../circuits/rebuild.ts';
import { readSemaphore } from './peers.ts';
import type { Results } from './results.ts';

const CACHE = `${BUILD}/brotli.json`;

async function compressed(files: readonly Uint8Array[]): Promise<number> {
  const known = await readFile(CACHE, 'utf8').then(
    (text) => JSON.parse(text) as Record<string, number>,
    (): Record<string, number> => ({}),
  );
  const sizes = await Promise.all(
    files.map(async (bytes) => {
      const hash = createHash('sha256').update(bytes).digest('hex');
      known[hash] ??= (
        await promisify(brotliCompress)(bytes, {
          params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
        })
      ).length;
      return known[hash];
    }),
  );
  await mkdir(BUILD, { recursive: true });
  await writeFile(CACHE, JSON.stringify(known));
  return sizes.reduce((a, b) => a + b, 0);
}

/**
 * Counts what is downloaded.
 *
 * @param peers - Whether to count Semaphore's files, which have to be there then.
 */
export async function countBytes(peers: boolean): Promise<Results['bytes']> {
  const files = downloadsOf(await readManifest());
  const ours = {
    downloadBrotli: await compressed(await Promise.all(files.map(({ file }) => readArtifact(file)))),
    download: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  if (!peers) return { downloadBrotli: ours.downloadBrotli };
  const theirs = await Promise.all(['semaphore-20.wasm', 'semaphore-20.zkey'].map(readSemaphore));
  return { ...ours, semaphore20Brotli: await compressed(theirs) };
}
