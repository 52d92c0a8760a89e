// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Proving files in parts, so that a download that broke off goes on where it stopped. The wallet's host
 * serves the parts below {@link ARTIFACT_PATH}; `artifact_reader.ts` puts them together.
 *
 * @module
 */
import type { ArtifactFile, Manifest } from '../protocol/artifacts.ts';

/** Bytes of a part; the last of a file may be shorter. */
export const PART_BYTES = 512 * 1024;

/** Where a wallet's host serves parts. */
export const ARTIFACT_PATH = '/artifacts';

/** One part of a file. */
export interface ArtifactPart {
  /** Path at the host, e.g. `/artifacts/show.key/0`. */
  readonly path: string;
  /** Where it begins in the file. */
  readonly from: number;
  readonly bytes: number;
}

/** The files that a wallet needs to prove: keys and calculators of both circuits. */
export function walletFiles({ circuits }: Pick<Manifest, 'circuits'>): readonly ArtifactFile[] {
  return [circuits.show, circuits.issue].flatMap(({ wasm, key }) => [wasm, key]);
}

/** The parts of a file, in order. */
export function partsOf({ file, bytes }: ArtifactFile): readonly ArtifactPart[] {
  return Array.from({ length: Math.ceil(bytes / PART_BYTES) }, (_, number) => {
    const from = number * PART_BYTES;
    return { path: `${ARTIFACT_PATH}/${file}/${String(number)}`, from, bytes: Math.min(PART_BYTES, bytes - from) };
  });
}
