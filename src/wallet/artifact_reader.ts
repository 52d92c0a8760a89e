// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Downloads proving files in parts. A part is kept as soon as it is here, so a download that broke off
 * goes on with what is missing. Nothing is used before the whole file has the manifest's SHA-256; what
 * does not is thrown away.
 *
 * @module
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { ArtifactFile, Manifest } from '../protocol/artifacts.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type ArtifactPart, partsOf, walletFiles } from './artifact_parts.ts';
import type { Fetch } from './environment.ts';

/** How a file is read. */
export interface ReadOptions {
  /** Ends a download; its parts are kept. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes of the file are here, while it is downloaded; not for a file that was here already. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
}

/** Reads a file of `circuits/artifacts` by name. */
export type ReadArtifact = (file: string, options?: ReadOptions) => Promise<Uint8Array>;

/** Where parts are kept, by URL. */
export interface PartStore {
  get(url: string): Promise<Uint8Array | undefined>;
  put(url: string, bytes: Uint8Array): Promise<void>;
  remove(url: string): Promise<void>;
  urls(): Promise<readonly string[]>;
}

/** What the reader needs. */
export interface ReaderDeps {
  /** Built into the wallet, so that its host can not exchange files without exchanging the wallet. */
  readonly manifest: Manifest;
  /** Origin of the wallet's host. */
  readonly host: string;
  readonly fetch: Fetch;
  readonly store: PartStore;
}

/** Parts that are downloaded at the same time. */
const AT_ONCE = 3;
const MANIFEST = 'manifest.json';

const mismatch = ({ file }: ArtifactFile): ProtocolError =>
  new ProtocolError('artifact_hash_mismatch', `${file} is not the file that this wallet was built with; try again`);

/**
 * Makes a reader.
 *
 * @returns A function that takes a file's name and throws {@link ProtocolError} `artifact_unknown`,
 * `artifact_hash_mismatch` or `network_failed`, or the signal's reason.
 */
export function createArtifactReader({ manifest, host, fetch, store }: ReaderDeps): ReadArtifact {
  const files = walletFiles(manifest);
  // The hash makes parts of another version other parts.
  const urlOf = (file: ArtifactFile, { path }: ArtifactPart): string => `${host}${path}?sha256=${file.sha256}`;

  /** Fills in the parts that are kept, and gives the others. */
  async function takeKept(file: ArtifactFile, into: Uint8Array): Promise<ArtifactPart[]> {
    const parts = partsOf(file);
    const kept = await Promise.all(parts.map((part) => store.get(urlOf(file, part))));
    return parts.filter((part, i) => {
      const bytes = kept[i];
      if (bytes?.length !== part.bytes) return true;
      into.set(bytes, part.from);
      return false;
    });
  }

  async function download(
    file: ArtifactFile,
    missing: readonly ArtifactPart[],
    into: Uint8Array,
    { signal, onReceived }: ReadOptions,
  ): Promise<void> {
    const failure = new AbortController();
    const ending = signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]);
    let here = file.bytes - missing.reduce((sum, { bytes }) => sum + bytes, 0);
    const waiting = [...missing];
    const line = async (): Promise<void> => {
      for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
        const url = urlOf(file, part);
        const place = into.subarray(part.from, part.from + part.bytes);
        await receive(fetch, url, { file, place, signal: ending }, (bytes) => {
          here += bytes;
          onReceived?.(here);
        });
        await store.put(url, place);
      }
    };
    const lines = Array.from({ length: AT_ONCE }, line);
    // One failure ends the others: they would go on unseen.
    await Promise.all(lines).catch((error: unknown) => {
      failure.abort(error);
      throw error;
    });
  }

  async function discard(file: ArtifactFile): Promise<void> {
    await Promise.all(partsOf(file).map((part) => store.remove(urlOf(file, part))));
  }

  async function evictOthers(): Promise<void> {
    const current = new Set(files.flatMap((file) => partsOf(file).map((part) => urlOf(file, part))));
    const others = (await store.urls()).filter((url) => !current.has(url));
    await Promise.all(others.map((url) => store.remove(url)));
  }

  async function readFile(file: ArtifactFile, options: ReadOptions): Promise<Uint8Array> {
    const bytes = new Uint8Array(file.bytes);
    const missing = await takeKept(file, bytes);
    await download(file, missing, bytes, options);
    if (!(await matches(bytes, file))) {
      if (missing.length === partsOf(file).length) throw mismatch(file);
      // What was kept may be the damaged part: once more, all of it.
      await discard(file);
      await download(file, partsOf(file), bytes, options);
      if (!(await matches(bytes, file))) throw mismatch(file);
    }
    if (missing.length > 0) await evictOthers();
    return bytes;
  }

  return async (name, options = {}) => {
    if (name === MANIFEST) return utf8ToBytes(JSON.stringify(manifest));
    const file = files.find((candidate) => candidate.file === name);
    if (file === undefined) {
      throw new ProtocolError('artifact_unknown', 'there is no proving file of this name');
    }
    options.signal?.throwIfAborted();
    try {
      return await readFile(file, options);
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'artifact_hash_mismatch') await discard(file);
      throw error;
    }
  };
}

/** Receives one part into its place. */
async function receive(
  fetch: Fetch,
  url: string,
  { file, place, signal }: { readonly file: ArtifactFile; readonly place: Uint8Array; readonly signal: AbortSignal },
  onBytes: (bytes: number) => void,
): Promise<void> {
  let length = 0;
  try {
    const response = await fetch(url, {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      // Parts are kept in the store; the browser's own cache would keep them twice.
      cache: 'no-store',
      redirect: 'error',
      signal,
    });
    if (!response.ok || response.body === null) throw new TypeError(`status ${String(response.status)}`);
    const reader = response.body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const chunk = read.value as Uint8Array;
      if (length + chunk.length > place.length) throw mismatch(file);
      place.set(chunk, length);
      length += chunk.length;
      onBytes(chunk.length);
    }
    if (length < place.length) throw new TypeError('the part ended early');
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError('network_failed', 'a proving file could not be downloaded; try again to go on', { cause });
  }
}

async function matches(bytes: Uint8Array<ArrayBuffer>, file: ArtifactFile): Promise<boolean> {
  return bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))) === file.sha256;
}
