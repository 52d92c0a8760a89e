// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Proving files in the browser. Their hashes are built into the wallet, so a host can not exchange them
 * without exchanging the wallet; files that match are kept in Cache Storage and never fetched again.
 *
 * @module
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import manifest from '../../../circuits/artifacts/manifest.json' with { type: 'json' };
import { type ArtifactFile, parseManifest } from '../../protocol/artifacts.ts';
import { ProtocolError } from '../../protocol/errors.ts';

const CACHE = 'bauta-artifacts';
const MANIFEST = 'manifest.json';

const { circuits } = parseManifest(manifest);
const FILES: readonly ArtifactFile[] = [circuits.show, circuits.issue].flatMap(({ wasm, key }) => [wasm, key]);

/** Called with the bytes that have arrived and the bytes of all files begun so far. */
export type OnDownload = (received: number, total: number) => void;

/**
 * Makes the reader of proving files.
 *
 * @param onDownload - Told while a file is downloaded; not for files that are here already.
 * @returns A function that takes a file's name and throws {@link ProtocolError} `artifact_unknown`,
 * `artifact_hash_mismatch` or `network_failed`.
 */
export function createArtifactReader(onDownload: OnDownload): (file: string) => Promise<Uint8Array> {
  let received = 0;
  let total = 0;

  async function download(file: ArtifactFile, url: string): Promise<Uint8Array<ArrayBuffer>> {
    total += file.bytes;
    const bytes = new Uint8Array(file.bytes);
    let length = 0;
    const body = await fetchBody(url);
    for (;;) {
      const { done, value } = await body.read();
      if (done) {
        break;
      }
      if (length + value.length > bytes.length) {
        throw mismatch(file);
      }
      bytes.set(value, length);
      length += value.length;
      received += value.length;
      onDownload(received, total);
    }
    if (!(await matches(bytes, file))) {
      throw mismatch(file);
    }
    return bytes;
  }

  return async (name) => {
    if (name === MANIFEST) {
      return utf8ToBytes(JSON.stringify(manifest));
    }
    const file = FILES.find((candidate) => candidate.file === name);
    if (file === undefined) {
      throw new ProtocolError('artifact_unknown', 'there is no proving file of this name');
    }
    const url = urlOf(file);
    const cache = await caches.open(CACHE);
    const kept = await cache.match(url);
    if (kept !== undefined) {
      const bytes = new Uint8Array(await kept.arrayBuffer());
      if (await matches(bytes, file)) {
        return bytes;
      }
    }
    const bytes = await download(file, url);
    await cache.put(url, new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } }));
    await evictOthers(cache);
    return bytes;
  };
}

function urlOf(file: ArtifactFile): string {
  return new URL(`/artifacts/${file.file}?sha256=${file.sha256}`, location.origin).href;
}

async function fetchBody(url: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const response = await fetch(url).catch(() => undefined);
  if (response?.ok !== true || response.body === null) {
    throw new ProtocolError('network_failed', 'a proving file could not be downloaded; try again');
  }
  return response.body.getReader();
}

async function matches(bytes: Uint8Array<ArrayBuffer>, file: ArtifactFile): Promise<boolean> {
  return bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))) === file.sha256;
}

function mismatch(file: ArtifactFile): ProtocolError {
  return new ProtocolError('artifact_hash_mismatch', `${file.file} is not the file that this wallet was built with`);
}

async function evictOthers(cache: Cache): Promise<void> {
  const current = new Set(FILES.map(urlOf));
  for (const request of await cache.keys()) {
    if (!current.has(request.url)) {
      await cache.delete(request);
    }
  }
}
