// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Writes the proving files as a wallet downloads them: in parts, each also compressed with Brotli, in a
 * folder that any server of static files can serve.
 *
 *     FOLDER/show.key/0, FOLDER/show.key/0.br, FOLDER/show.key/1, …
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import type { ArtifactFile, Manifest } from '../protocol/artifacts.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { partsOf, walletFiles } from '../wallet/artifact_parts.ts';

/** Two steps below the highest, which saves 2 % more and takes twelve times as long. */
const QUALITY = 9;
/** Names what the folder was made of. */
const MADE_OF = 'made-of.json';

/**
 * Compresses with Brotli.
 *
 * @param bytes - All of it; the result says nothing of the length.
 */
export async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: QUALITY, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return promisify(brotliCompress)(bytes, { params });
}

/**
 * Writes the parts, unless they are there.
 *
 * @param manifest - Names the files.
 * @param from - Folder of the artifacts.
 * @param to - Folder of the parts; replaced as a whole.
 * @param onBuild - Called before parts are written, which takes a second or two.
 * @throws {@link ProtocolError} `artifact_hash_mismatch` for a file that is not the manifest's.
 */
export async function buildParts(
  manifest: Pick<Manifest, 'circuits'>,
  from: string,
  to: string,
  onBuild: () => void = () => undefined,
): Promise<void> {
  const files = walletFiles(manifest);
  const wanted = JSON.stringify({ quality: QUALITY, files: files.map((file) => [file, partsOf(file).length]) });
  const isThere = async (): Promise<boolean> =>
    (await readFile(join(to, MADE_OF), 'utf8').catch(() => undefined)) === wanted;
  if (await isThere()) return;
  onBuild();
  // Beside it and then renamed, so that nobody serves half of it.
  const draft = `${to}.${String(process.pid)}`;
  await rm(draft, { recursive: true, force: true });
  for (const file of files) await writeParts(file, from, draft);
  await writeFile(join(draft, MADE_OF), wanted);
  await rm(to, { recursive: true, force: true });
  await rename(draft, to).catch(async (error: unknown) => {
    // Another process was faster.
    await rm(draft, { recursive: true, force: true });
    if (!(await isThere())) throw error;
  });
}

async function writeParts(file: ArtifactFile, from: string, to: string): Promise<void> {
  const bytes = await readFile(join(from, file.file));
  if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) {
    throw new ProtocolError('artifact_hash_mismatch', `${file.file} is not the file that the manifest names`);
  }
  await Promise.all(
    partsOf(file).map(async (part) => {
      const path = join(to, basename(dirname(part.path)), basename(part.path));
      const content = bytes.subarray(part.from, part.from + part.bytes);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      await writeFile(`${path}.br`, await compress(content));
    }),
  );
}
