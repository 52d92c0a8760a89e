// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The proving keys of a prover: each is downloaded and loaded when it is first needed, once for all who
 * wait for it, and given up when the last of them has gone.
 *
 * @module
 */
import type { ArtifactFile, CircuitName, Manifest } from '../protocol/artifacts.ts';
import type { OnProgress } from '../proving/arm.ts';
import { load, type LoadOptions, type ProvingKey, unload } from '../proving/load.ts';
import type { ReadArtifact } from './artifact_reader.ts';

/** Loaded keys. */
export interface Keyring {
  /**
   * A circuit's key.
   *
   * @param onProgress - Told which part of its files is here, by bytes, while they are downloaded.
   */
  get(circuit: CircuitName, signal: AbortSignal, onProgress?: OnProgress): Promise<ProvingKey>;
  /** Lets go of a key that does not work any more. */
  drop(circuit: CircuitName): void;
  /** Lets go of all keys. */
  close(): Promise<void>;
}

interface Entry {
  readonly key: Promise<ProvingKey>;
  readonly ending: AbortController;
  readonly listeners: Set<OnProgress>;
  /** How far it was last, for who comes later. */
  fraction: number | undefined;
  waiting: number;
  loaded: boolean;
}

const ignore = (): void => undefined;

/** Waits for shared work, or until the signal says to wait no longer. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * Makes a keyring.
 *
 * @param manifest - Read when it is needed.
 * @param read - Reads a file of `circuits/artifacts`.
 * @param options - Of `load`, for a circuit.
 */
export function createKeyring(
  manifest: () => Promise<Manifest>,
  read: ReadArtifact,
  options: (circuit: CircuitName) => LoadOptions,
): Keyring {
  const entries = new Map<CircuitName, Entry>();

  async function loadKey(circuit: CircuitName, signal: AbortSignal, tell: OnProgress): Promise<ProvingKey> {
    const known = await manifest();
    const { wasm, key } = known.circuits[circuit];
    const received = new Map<ArtifactFile, number>();
    const readFile = async (file: ArtifactFile): Promise<Uint8Array> => {
      const arrived = (bytes: number): void => {
        received.set(file, bytes);
        tell([...received.values()].reduce((sum, each) => sum + each, 0) / (wasm.bytes + key.bytes));
      };
      const bytes = await read(file.file, { signal, onReceived: arrived });
      received.set(file, file.bytes);
      return bytes;
    };
    const [wasmBytes, keyBytes] = await Promise.all([readFile(wasm), readFile(key)]);
    signal.throwIfAborted();
    return load({ manifest: known, circuit, wasm: wasmBytes, key: keyBytes }, options(circuit));
  }

  function begin(circuit: CircuitName): Entry {
    const ending = new AbortController();
    const listeners = new Set<OnProgress>();
    const key = loadKey(circuit, ending.signal, (fraction) => {
      entry.fraction = fraction;
      for (const listener of listeners) listener(fraction);
    });
    const entry: Entry = { key, ending, listeners, fraction: undefined, waiting: 0, loaded: false };
    entries.set(circuit, entry);
    key.then(
      () => (entry.loaded = true),
      () => giveUp(circuit, entry), // a failed download may be tried again
    );
    return entry;
  }

  function giveUp(circuit: CircuitName, entry: Entry, reason?: unknown): void {
    if (entries.get(circuit) === entry) entries.delete(circuit);
    entry.ending.abort(reason);
    entry.key.then(unload, ignore);
  }

  return {
    async get(circuit, signal, onProgress) {
      signal.throwIfAborted();
      const entry = entries.get(circuit) ?? begin(circuit);
      entry.waiting += 1;
      if (onProgress !== undefined) {
        entry.listeners.add(onProgress);
        // A download that stands still tells nothing by itself.
        if (!entry.loaded && entry.fraction !== undefined) onProgress(entry.fraction);
      }
      try {
        return await unlessAborted(entry.key, signal);
      } finally {
        entry.waiting -= 1;
        if (onProgress !== undefined) entry.listeners.delete(onProgress);
        if (signal.aborted && entry.waiting === 0 && !entry.loaded) giveUp(circuit, entry, signal.reason);
      }
    },
    drop(circuit) {
      const entry = entries.get(circuit);
      if (entry !== undefined) giveUp(circuit, entry);
    },
    async close() {
      const all = [...entries];
      for (const [circuit, entry] of all) giveUp(circuit, entry);
      await Promise.allSettled(all.map(([, { key }]) => key));
    },
  };
}
