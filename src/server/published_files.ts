// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hashes of what wallets run, for the public log: the circuit artifacts that the manifest names, and the
 * wallet's pages as they are built here. Who builds them again compares.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Manifest } from '../protocol/artifacts.ts';

/**
 * Collects the hashes.
 *
 * @param manifest - Of the circuit artifacts.
 * @param pages - Folder of the built pages; one that is missing has none. What compression made of them
 * is left out: the compressor's version decides about its bytes.
 * @returns SHA-256, hex, by name; pages stand below `wallet/`.
 */
export async function publishedFiles(manifest: Manifest, pages: string): Promise<Readonly<Record<string, string>>> {
  const { show, issue } = manifest.circuits;
  const artifacts = [show, issue]
    .flatMap(({ wasm, key, zkey, vkey }) => [wasm, key, zkey, vkey])
    .map(({ file, sha256 }) => [file, sha256] as const);
  const entries = await readdir(pages, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.br'));
  const built = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const hash = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      return [`wallet/${relative(pages, path).split(sep).join('/')}`, hash] as const;
    }),
  );
  return Object.fromEntries([...artifacts, ...built]);
}
