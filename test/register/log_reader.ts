// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A second reader of tlog-tiles, for the test that others can read our log: written from the texts of
 * c2sp.org/tlog-tiles, tlog-checkpoint, signed-note and tlog-cosignature and from RFC 6962 alone. It
 * shares no code with src, uses node:crypto for everything, and works the other way round where there is
 * a choice: recursion over ranges as RFC 6962 writes it, where src/log folds frontiers.
 *
 * @module
 */
import { createHash, createPublicKey, verify } from 'node:crypto';

const sha = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** A verifier key as signed-note writes it: `name+hash+base64(kind || key)`. */
export interface Vkey {
  readonly name: string;
  readonly id: Buffer;
  readonly kind: number;
  readonly key: Buffer;
}

/** The vkey of a key. */
export function vkeyOf(name: string, kind: 1 | 4, key: Uint8Array): Vkey {
  const typed = Buffer.concat([Buffer.of(kind), key]);
  return { name, kind, key: Buffer.from(key), id: sha(Buffer.from(`${name}\n`), typed).subarray(0, 4) };
}

/** What the reader keeps of a checkpoint. */
export interface Head {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Buffer;
  readonly extensions: readonly string[];
  /** Times of the cosignatures that hold, by witness. */
  readonly cosigned: ReadonlyMap<string, bigint>;
}

/** Opens `<prefix>/checkpoint`; throws unless the log signed it. */
export function openHead(note: string, log: Vkey, witnesses: readonly Vkey[] = []): Head {
  const at = note.lastIndexOf('\n\n') + 1;
  const body = note.slice(0, at);
  const cosigned = new Map<string, bigint>();
  let isSigned = false;
  for (const line of note
    .slice(at + 1)
    .trimEnd()
    .split('\n')) {
    const [dash, name, encoded, ...rest] = line.split(' ');
    if (dash !== '\u2014' || name === undefined || encoded === undefined || rest.length > 0) throw new Error(line);
    const blob = Buffer.from(encoded, 'base64');
    const vkey = [log, ...witnesses].find((it) => it.name === name && it.id.equals(blob.subarray(0, 4)));
    if (vkey === undefined) continue;
    const time = vkey.kind === 4 ? blob.readBigUInt64BE(4) : undefined;
    const signed = time === undefined ? body : `cosignature/v1\ntime ${String(time)}\n${body}`;
    const signature = blob.subarray(time === undefined ? 4 : 12);
    const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI, vkey.key]), format: 'der', type: 'spki' });
    if (!verify(null, Buffer.from(signed), key, signature)) throw new Error(`wrong signature of ${name}`);
    if (time === undefined) isSigned = true;
    else cosigned.set(name, time);
  }
  const [origin = '', size = '', root = '', ...extensions] = body.slice(0, -1).split('\n');
  if (!isSigned || origin !== log.name || !/^(0|[1-9]\d*)$/.test(size)) throw new Error('no checkpoint of this log');
  return { origin, size: BigInt(size), root: Buffer.from(root, 'base64'), extensions, cosigned };
}

/** Gets a resource below the prefix of the log. */
export type Get = (path: string) => Promise<{ readonly status: number; readonly type: string; readonly body: Buffer }>;

/** Reads a log of the size of a checkpoint. */
export class SecondReader {
  readonly #get: Get;
  readonly #head: Head;
  readonly #cache = new Map<string, Buffer>();

  constructor(get: Get, head: Head) {
    this.#get = get;
    this.#head = head;
  }

  /** `x001/x234/067`, digit by digit. */
  #number(n: bigint): string {
    const last = String(n % 1000n).padStart(3, '0');
    let path = last;
    for (let rest = n / 1000n; rest > 0n; rest /= 1000n) {
      path = `x${String(rest % 1000n).padStart(3, '0')}/${path}`;
    }
    return path;
  }

  async #resource(level: string, n: bigint, count: bigint): Promise<Buffer> {
    const width = count - n * 256n >= 256n ? '' : `.p/${String(count - n * 256n)}`;
    const path = `/tile/${level}/${this.#number(n)}${width}`;
    const known = this.#cache.get(path);
    if (known !== undefined) return known;
    const { status, type, body } = await this.#get(path);
    if (status !== 200 || type !== 'application/octet-stream') throw new Error(`${path}: ${String(status)} ${type}`);
    this.#cache.set(path, body);
    return body;
  }

  /** MTH(D[from:to]) by the definition, down to what tiles hold. */
  async #mth(from: bigint, to: bigint): Promise<Buffer> {
    const count = to - from;
    // A range that a tile holds as one hash.
    for (let level = 0n; 256n ** level <= count; level++) {
      const span = 256n ** level;
      if (count === span && from % span === 0n) {
        const n = from / span;
        const tile = await this.#resource(String(level), n / 256n, this.#head.size / span);
        const at = Number(n % 256n) * 32;
        const hash = tile.subarray(at, at + 32);
        if (hash.length !== 32) throw new Error('a tile is too short');
        return hash;
      }
    }
    let k = 1n;
    while (k * 2n < count) k *= 2n;
    return sha(Buffer.of(1), await this.#mth(from, from + k), await this.#mth(from + k, to));
  }

  /** The tree head computed from tiles. */
  async root(): Promise<Buffer> {
    return this.#head.size === 0n ? sha() : this.#mth(0n, this.#head.size);
  }

  /** PATH(m, D[from:to]) of RFC 6962 section 2.1.1. */
  async path(m: bigint, from = 0n, to = this.#head.size): Promise<Buffer[]> {
    const count = to - from;
    if (count === 1n) return [];
    let k = 1n;
    while (k * 2n < count) k *= 2n;
    return m < from + k
      ? [...(await this.path(m, from, from + k)), await this.#mth(from + k, to)]
      : [...(await this.path(m, from + k, to)), await this.#mth(from, from + k)];
  }

  /** PROOF(m, D) of RFC 6962 section 2.1.2. */
  async consistency(m: bigint, from = 0n, to = this.#head.size, whole = true): Promise<Buffer[]> {
    if (m === to - from) return whole ? [] : [await this.#mth(from, to)];
    let k = 1n;
    while (k * 2n < to - from) k *= 2n;
    return m <= k
      ? [...(await this.consistency(m, from, from + k, whole)), await this.#mth(from + k, to)]
      : [...(await this.consistency(m - k, from + k, to, false)), await this.#mth(from, from + k)];
  }

  /** All entries, each compared with its hash in the level 0 tile. */
  async entries(): Promise<Buffer[]> {
    const entries: Buffer[] = [];
    for (let n = 0n; n * 256n < this.#head.size; n++) {
      const bundle = await this.#resource('entries', n, this.#head.size);
      const hashes = await this.#resource('0', n, this.#head.size);
      let at = 0;
      for (let i = 0; i < hashes.length; i += 32) {
        const length = bundle.readUInt16BE(at);
        const entry = bundle.subarray(at + 2, at + 2 + length);
        if (!sha(Buffer.of(0), entry).equals(hashes.subarray(i, i + 32))) throw new Error('an entry has another hash');
        entries.push(entry);
        at += 2 + length;
      }
      if (at !== bundle.length) throw new Error('a bundle is too long');
    }
    return entries;
  }
}
