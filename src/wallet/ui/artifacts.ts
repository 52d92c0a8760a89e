// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Proving files in the browser: the manifest that the wallet was built with, the host that it came from,
 * and parts kept in Cache Storage.
 *
 * @module
 */
import manifest from '../../../circuits/artifacts/manifest.json' with { type: 'json' };
import { parseManifest } from '../../protocol/artifacts.ts';
import { createArtifactReader, type PartStore, type ReadArtifact } from '../artifact_reader.ts';
import { anonymousFetch } from './browser.ts';

const CACHE = 'bauta-artifacts';

/** A browser may refuse to keep anything; then files are downloaded each time. */
function cacheStore(): PartStore {
  const opened = caches.open(CACHE).catch(() => undefined);
  return {
    async get(url) {
      const kept = await (await opened)?.match(url);
      return kept === undefined ? undefined : new Uint8Array(await kept.arrayBuffer());
    },
    async put(url, bytes) {
      const response = new Response(new Uint8Array(bytes));
      await (await opened)?.put(url, response).catch(() => undefined);
    },
    async remove(url) {
      await (await opened)?.delete(url);
    },
    async urls() {
      return ((await (await opened)?.keys()) ?? []).map(({ url }) => url);
    },
  };
}

/** Makes the reader of the wallet's own pages. */
export function openArtifacts(): ReadArtifact {
  return createArtifactReader({
    manifest: parseManifest(manifest),
    host: location.origin,
    fetch: anonymousFetch,
    store: cacheStore(),
  });
}
