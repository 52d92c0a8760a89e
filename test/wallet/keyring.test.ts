// SPDX-License-Identifier: GPL-3.0-or-later
/** Who waits for a key, who leaves, and what becomes of its download; parts as the wallet's host serves them. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/protocol/artifacts.ts';
import { type ArtifactPart, partsOf } from '../../src/wallet/artifact_parts.ts';
import { createArtifactReader } from '../../src/wallet/artifact_reader.ts';
import type { Fetch } from '../../src/wallet/environment.ts';
import { createKeyring, type Keyring } from '../../src/wallet/keyring.ts';
import { committedArtifacts, readArtifact } from '../proving/sample.ts';

/** The part that stands still. */
const LATE = '/artifacts/issue.wasm/1';

let manifest: Manifest;
let keys: Keyring;
/** Paths, in the order of the requests. */
let asked: string[];
/** Paths of requests that the wallet ended itself. */
let ended: string[];
/** Lets {@link LATE} be answered; until then its request stays open. */
let answerLate: () => void;
let late: Promise<void>;

/** All parts of the circuit. */
const parts = (): ArtifactPart[] => {
  const { wasm, key } = manifest.circuits.issue;
  return [wasm, key].flatMap(partsOf);
};
const paths = (): string[] => parts().map(({ path }) => path);

const fetchPart: Fetch = async (url, { signal }) => {
  const { pathname } = new URL(url);
  asked.push(pathname);
  const part = parts().find(({ path }) => path === pathname);
  if (part === undefined) return new Response(null, { status: 404 });
  if (pathname === LATE) {
    await new Promise<void>((resolve, reject) => {
      void late.then(resolve);
      signal?.addEventListener('abort', () => {
        ended.push(pathname);
        reject(signal.reason as Error);
      });
    });
  }
  const file = await readArtifact(pathname.split('/').at(-2) ?? '');
  return new Response(new Uint8Array(file.subarray(part.from, part.from + part.bytes)));
};

beforeEach(async () => {
  ({ manifest } = await committedArtifacts());
  [asked, ended] = [[], []];
  late = new Promise((resolve) => {
    answerLate = resolve;
  });
  const kept = new Map<string, Uint8Array>();
  const store = {
    get: (url: string) => Promise.resolve(kept.get(url)),
    put: (url: string, bytes: Uint8Array) => Promise.resolve(void kept.set(url, bytes.slice())),
    remove: (url: string) => Promise.resolve(void kept.delete(url)),
    urls: () => Promise.resolve([...kept.keys()]),
  };
  const read = createArtifactReader({ manifest, host: 'https://wallet.example', fetch: fetchPart, store });
  keys = createKeyring(
    () => Promise.resolve(manifest),
    read,
    () => ({}),
  );
});

/** Someone who waits for the key. */
function waiter(): { readonly leave: () => void; readonly told: number[]; readonly key: ReturnType<Keyring['get']> } {
  const leaving = new AbortController();
  const told: number[] = [];
  const key = keys.get('issue', leaving.signal, (fraction) => void told.push(fraction));
  key.catch(() => undefined);
  return { leave: () => leaving.abort(new Error('left')), told, key };
}

/** Waits until everything is here but the part that stands still. */
async function standing({ told }: { readonly told: readonly number[] }): Promise<number> {
  const { wasm, key } = manifest.circuits.issue;
  const missing = parts().find(({ path }) => path === LATE)?.bytes ?? 0;
  const fraction = 1 - missing / (wasm.bytes + key.bytes);
  await expect.poll(() => told.at(-1)).toBeCloseTo(fraction, 9);
  expect(asked.toSorted()).toEqual(paths().toSorted());
  return told.at(-1) ?? 0;
}

describe('a keyring', { timeout: 60_000 }, () => {
  it('ends a download when the last who waits has left; the next asks again for the part that stood still alone', async () => {
    const [first, second] = [waiter(), waiter()];
    await standing(first);
    first.leave();
    await expect(first.key).rejects.toThrow('left');
    expect(ended).toEqual([]);
    second.leave();
    await expect(second.key).rejects.toThrow('left');
    expect(ended).toEqual([LATE]);

    answerLate();
    expect((await waiter().key).circuit).toBe('issue');
    expect(asked.filter((path, i) => asked.indexOf(path) !== i)).toEqual([LATE]);
    expect(asked).toHaveLength(paths().length + 1);
    expect(ended).toEqual([LATE]);
  });

  it('goes on as long as somebody waits, and asks for every part once', async () => {
    const [ahead, request] = [waiter(), waiter()];
    await standing(ahead);
    request.leave();
    await expect(request.key).rejects.toThrow('left');
    // Whoever begins again waits for the same download.
    const again = waiter();
    answerLate();
    expect(await again.key).toBe(await ahead.key);
    expect(ended).toEqual([]);
    expect(asked.toSorted()).toEqual(paths().toSorted());
  });

  it('tells who joins late how far a download is that stands still, at once, and who joins after it nothing', async () => {
    const first = waiter();
    const early = waiter();
    expect(early.told).toEqual([]); // nothing is known yet
    const fraction = await standing(first);
    const later = waiter();
    expect(later.told).toEqual([fraction]);
    expect(first.told.filter((told) => told === fraction)).toHaveLength(1);
    answerLate();
    await later.key;
    expect(later.told.at(-1)).toBe(1);
    const last = waiter();
    await last.key;
    expect(last.told).toEqual([]);
  });
});
