// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactFile, Manifest } from '../../src/protocol/artifacts.ts';
import { PART_BYTES, partsOf } from '../../src/wallet/artifact_parts.ts';
import { createArtifactReader, type PartStore, type ReadArtifact } from '../../src/wallet/artifact_reader.ts';
import type { Fetch } from '../../src/wallet/environment.ts';
import { committedArtifacts } from '../proving/sample.ts';

const HOST = 'https://wallet.example';
const content = randomBytes(4 * PART_BYTES + 100);
const file: ArtifactFile = {
  file: 'show.key',
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};

let manifest: Manifest;
let kept: Map<string, Uint8Array>;
let asked: string[];
/** Answers a request for a part, given its number and what the honest host would answer. */
let answer: (part: number, honest: () => Response, signal: AbortSignal | undefined) => Response | Promise<Response>;

const partOf = (url: string): number => Number(new URL(url).pathname.split('/').at(-1));
const bytesOf = (part: number): Buffer => content.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);

const fetchPart: Fetch = async (url, init) => {
  asked.push(new URL(url).pathname);
  const part = partOf(url);
  return answer(part, () => new Response(new Uint8Array(bytesOf(part))), init.signal ?? undefined);
};

function reader(): ReadArtifact {
  const store: PartStore = {
    get: (url) => Promise.resolve(kept.get(url)),
    put: (url, bytes) => Promise.resolve(void kept.set(url, bytes.slice())),
    remove: (url) => Promise.resolve(void kept.delete(url)),
    urls: () => Promise.resolve([...kept.keys()]),
  };
  return createArtifactReader({ manifest, host: HOST, fetch: fetchPart, store });
}

beforeEach(async () => {
  const committed = (await committedArtifacts()).manifest;
  const { show } = committed.circuits;
  manifest = { ...committed, circuits: { ...committed.circuits, show: { ...show, key: file } } };
  kept = new Map();
  asked = [];
  answer = (_, honest) => honest();
});

const offline = (): Promise<Response> => Promise.reject(new TypeError('fetch failed'));

describe('a reader of proving files', () => {
  it('puts parts together, at most three at a time, and tells every byte once', async () => {
    let open = 0;
    let most = 0;
    answer = async (_, honest) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      return honest();
    };
    const told: number[] = [];
    const bytes = await reader()('show.key', { onReceived: (here) => void told.push(here) });
    expect(content.equals(bytes)).toBe(true);
    expect(most).toBe(3);
    expect(asked.toSorted()).toEqual(partsOf(file).map(({ path }) => path));
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(content.length);
  });

  it('sends neither cookies nor a referrer, and follows nobody elsewhere', async () => {
    const inits: RequestInit[] = [];
    const store: PartStore = {
      get: () => Promise.resolve(undefined),
      put: () => Promise.resolve(),
      remove: () => Promise.resolve(),
      urls: () => Promise.resolve([]),
    };
    const fetch: Fetch = (url, init) => (inits.push(init), fetchPart(url, init));
    await createArtifactReader({ manifest, host: HOST, fetch, store })('show.key');
    for (const init of inits) {
      expect(init).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'error' });
    }
  });

  it('goes on after an interruption with the missing parts only', async () => {
    answer = (part, honest) => (part < 2 ? honest() : offline());
    await expect(reader()('show.key')).rejects.toMatchObject({ code: 'network_failed' });
    const begun = asked.length;
    answer = (_, honest) => honest();
    const told: number[] = [];
    const bytes = await reader()('show.key', { onReceived: (here) => void told.push(here) });
    expect(content.equals(bytes)).toBe(true);
    expect(asked.slice(begun).toSorted()).toEqual([2, 3, 4].map((part) => `/artifacts/show.key/${String(part)}`));
    expect(told[0]).toBeGreaterThan(2 * PART_BYTES);
  });

  it('begins a part again that ended early', async () => {
    answer = (part, honest) => (part === 1 ? new Response(new Uint8Array(bytesOf(1).subarray(1))) : honest());
    await expect(reader()('show.key')).rejects.toMatchObject({ code: 'network_failed' });
    answer = (_, honest) => honest();
    expect(content.equals(await reader()('show.key'))).toBe(true);
  });

  it('reads what is here without the network, and without telling of a download', async () => {
    await reader()('show.key');
    answer = offline;
    const told: number[] = [];
    expect(content.equals(await reader()('show.key', { onReceived: (here) => void told.push(here) }))).toBe(true);
    expect(told).toEqual([]);
    expect(asked).toHaveLength(5);
  });

  it('downloads everything anew if a kept part was changed', async () => {
    await reader()('show.key');
    const [url = ''] = [...kept.keys()];
    kept.set(url, new Uint8Array(PART_BYTES));
    expect(content.equals(await reader()('show.key'))).toBe(true);
    expect(asked).toHaveLength(10);
    answer = offline;
    expect(content.equals(await reader()('show.key'))).toBe(true);
  });

  it('refuses another file, keeps nothing of it, and tries again cleanly', async () => {
    answer = (part, honest) => (part === 3 ? new Response(randomBytes(PART_BYTES)) : honest());
    await expect(reader()('show.key')).rejects.toMatchObject({ code: 'artifact_hash_mismatch' });
    expect(kept.size).toBe(0);
    answer = (_, honest) => honest();
    expect(content.equals(await reader()('show.key'))).toBe(true);
  });

  it('gives up a host that lies twice', async () => {
    await reader()('show.key');
    const [url = ''] = [...kept.keys()];
    kept.set(url, new Uint8Array(PART_BYTES));
    answer = () => new Response(randomBytes(PART_BYTES));
    await expect(reader()('show.key')).rejects.toMatchObject({ code: 'artifact_hash_mismatch' });
    expect(kept.size).toBe(0);
  });

  it('reads no more of a part than it can hold', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += PART_BYTES;
        controller.enqueue(new Uint8Array(PART_BYTES));
      },
    });
    answer = (part, honest) => (part === 0 ? new Response(endless) : honest());
    await expect(reader()('show.key')).rejects.toMatchObject({ code: 'artifact_hash_mismatch' });
    expect(sent).toBeLessThan(5 * PART_BYTES);
  });

  it.each([404, 500])('takes an answer %i for no answer', async (status) => {
    answer = () => new Response('no', { status });
    await expect(reader()('show.key')).rejects.toMatchObject({ code: 'network_failed' });
  });

  it('stops at a signal, keeps what is here, and asks for no more', async () => {
    const ending = new AbortController();
    answer = (part, honest, signal) => {
      if (part < 2) return honest();
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
        setTimeout(() => ending.abort(new Error('enough')), 10);
      });
    };
    await expect(reader()('show.key', { signal: ending.signal })).rejects.toThrow('enough');
    expect(kept.size).toBe(2);
    const before = asked.length;
    await expect(reader()('show.key', { signal: ending.signal })).rejects.toThrow('enough');
    expect(asked).toHaveLength(before);
  });

  it('forgets the parts of other versions', async () => {
    kept.set(`${HOST}/artifacts/show.key/0?sha256=${'0'.repeat(64)}`, new Uint8Array(PART_BYTES));
    await reader()('show.key');
    expect([...kept.keys()].filter((url) => !url.includes(file.sha256))).toEqual([]);
  });

  it('knows the manifest itself, and only files that wallets need', async () => {
    expect(JSON.parse(Buffer.from(await reader()('manifest.json')).toString())).toEqual(manifest);
    for (const name of ['show.zkey', 'show.vkey.json', '../show.key', '']) {
      await expect(reader()(name)).rejects.toMatchObject({ code: 'artifact_unknown' });
    }
    expect(asked).toEqual([]);
  });
});
