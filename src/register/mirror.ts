// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Copies everything public of a register into a folder, as files under the same paths, for any web server,
 * object store or CDN to serve: checkpoints, blocks, deltas, the log's tiles, open announcements. What is
 * there already and never changes is not fetched again. docs/protocol.md section 7, docs/operations.md.
 *
 * Every file appears whole (written beside, then renamed), and checkpoints last, so that whoever reads a
 * checkpoint finds what it speaks of. A mirror needs no trust; what it checks here is that nothing was cut
 * off on the way.
 *
 * @module
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readAtMost } from '../http/streams.ts';
import { BLOCK_LEAVES, blockPath, decodeBlock, MAX_BLOCK_BYTES } from '../log/block.ts';
import { type Checkpoint, openCheckpoint } from '../log/checkpoint.ts';
import { decodeDelta, DELTA_EPOCHS, deltaPath, MAX_DELTA_BYTES } from '../log/delta.ts';
import { decodeBundle, MAX_TILE_BYTES, splitHashes, type Tile, tilePath, tilesOf } from '../log/tiles.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { HISTORY_EPOCHS } from './log_files.ts';
import { pageFile, STYLE_FILE } from './page/page.ts';
import { PAGE_LANGUAGES } from './page/texts.ts';

/** What a mirror needs. */
export interface MirrorDeps {
  /** Base URL of the register, or of another mirror, without a trailing slash. */
  readonly url: string;
  /** Folder of the files; made if it is missing. */
  readonly out: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** What a run did. */
export interface Mirrored {
  /** Log size of the newest checkpoint. */
  readonly size: number;
  readonly epoch: number;
  readonly filesWritten: number;
  readonly bytesWritten: number;
}

/** Largest answer of those that are short, bytes. */
const MAX_TEXT_BYTES = 8 * 1024 * 1024;
/** Milliseconds for one file. */
const TIMEOUT = 60_000;
/** The public page, in each language; what serves the files may show one of them as its front page. */
const PAGE_PATHS = [...PAGE_LANGUAGES.map(pageFile), STYLE_FILE].map((name) => `/${name}`);
/** Runs begun again because the epoch turned in the middle. */
const ATTEMPTS = 3;
/** What the last run knew; beside the public files, not one of them. */
const STATE = '.mirror.json';

const infoSchema = z.object({ origin: z.string(), public_key: z.string() });
const notesSchema = z.object({ checkpoints: z.array(z.string()).min(1).max(16) });
const stateSchema = z.object({ size: z.number(), epoch: z.number(), sizes: z.array(z.number()) });
type State = z.output<typeof stateSchema>;

/**
 * Brings the folder up to date.
 *
 * @throws {@link ProtocolError} `register_unreachable`, `block_invalid`, `tile_invalid`, `checkpoint_invalid`.
 */
export async function mirror(deps: MirrorDeps): Promise<Mirrored> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await new Run(deps).all();
    } catch (error) {
      // A file is gone that the checkpoints of a moment ago speak of.
      const turned = error instanceof ProtocolError && error.code === 'block_unknown';
      if (!turned || attempt === ATTEMPTS) throw error;
    }
  }
}

class Run {
  readonly #deps: MirrorDeps;
  #files = 0;
  #bytes = 0;

  constructor(deps: MirrorDeps) {
    this.#deps = deps;
  }

  async all(): Promise<Mirrored> {
    const info = await this.#text('/v1/info');
    // In this order: what it names is among the checkpoints that are read next.
    const latest = await this.#text('/checkpoint');
    const notes = await this.#text('/v1/checkpoints');
    const checkpoints = openAll(info, notes);
    const newest = checkpoints.reduce((a, b) => (b.epoch > a.epoch ? b : a));
    const state = await this.#state();
    const sizes = [...new Set(checkpoints.map(({ size }) => size))].sort((a, b) => a - b);

    await this.#tiles(sizes, state.size);
    for (const checkpoint of checkpoints) await this.#blocks(checkpoint);
    await this.#deltas(newest, state.epoch);
    for (let number = 0; number < blocksOf(newest); number++) {
      await this.#mutable(`/announcements/${String(number)}.json`);
    }
    for (let file = Math.floor(state.epoch / HISTORY_EPOCHS); file * HISTORY_EPOCHS <= newest.epoch; file++) {
      await this.#mutable(`/checkpoints/${String(file)}.json`);
    }
    for (const path of PAGE_PATHS) await this.#mutable(path);
    await this.#mutable('/v1/witnesses');
    await this.#write('/v1/info', info);
    await this.#write('/v1/checkpoints', notes);
    await this.#write('/checkpoint', latest);
    const { size, epoch } = newest;
    await this.#remove('blocks', (name) => ![...sizes, ...state.sizes].includes(name));
    await this.#remove('deltas', (name) => name <= epoch - DELTA_EPOCHS);
    await this.#write(`/${STATE}`, encode(JSON.stringify({ size, epoch, sizes })));
    return { size, epoch, filesWritten: this.#files, bytesWritten: this.#bytes };
  }

  async #tiles(sizes: readonly number[], known: number): Promise<void> {
    let from = known;
    for (const size of sizes) {
      for (const tile of size > from ? tilesOf(size, from) : []) {
        await this.#immutable(tilePath(tile), MAX_TILE_BYTES, (bytes) => void checkTile(tile, bytes), true);
      }
      from = Math.max(from, size);
    }
  }

  async #blocks(checkpoint: Checkpoint): Promise<void> {
    for (let number = 0; number < blocksOf(checkpoint); number++) {
      await this.#immutable(blockPath(checkpoint.size, number), MAX_BLOCK_BYTES, decodeBlock, true);
    }
  }

  async #deltas(newest: Checkpoint, known: number): Promise<void> {
    for (let epoch = Math.max(1, known + 1, newest.epoch - DELTA_EPOCHS + 1); epoch <= newest.epoch; epoch++) {
      for (let number = 0; number < blocksOf(newest); number++) {
        await this.#immutable(deltaPath(epoch, number), MAX_DELTA_BYTES, decodeDelta, false);
      }
    }
  }

  /** A file that never changes, fetched unless it is there. */
  async #immutable(path: string, limit: number, check: (bytes: Uint8Array) => unknown, must: boolean): Promise<void> {
    if (await exists(this.#place(path))) return;
    const bytes = await this.#fetch(path, limit);
    if (bytes === undefined && must) {
      throw new ProtocolError('block_unknown', `the register does not have ${path}; try again`);
    }
    if (bytes === undefined) return;
    check(bytes);
    await this.#write(path, bytes);
  }

  async #mutable(path: string): Promise<void> {
    await this.#write(path, await this.#text(path));
  }

  async #text(path: string): Promise<Uint8Array> {
    const bytes = await this.#fetch(path, MAX_TEXT_BYTES);
    if (bytes === undefined) throw unreachable(path);
    return bytes;
  }

  /** Undefined if there is no such file. */
  async #fetch(path: string, limit: number): Promise<Uint8Array | undefined> {
    let response: Response;
    let bytes: Uint8Array | undefined;
    try {
      response = await this.#deps.fetch(this.#deps.url + path, { signal: AbortSignal.timeout(TIMEOUT) });
      bytes = await readAtMost(response.body, limit);
    } catch (cause) {
      throw unreachable(path, { cause });
    }
    if (response.status === 404) return undefined;
    if (!response.ok || bytes === undefined) throw unreachable(path);
    return bytes;
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const place = this.#place(path);
    const known = await readFile(place).catch(() => undefined);
    if (known?.equals(bytes) === true) return;
    const beside = `${place}.part-${String(process.pid)}`;
    await mkdir(dirname(place), { recursive: true });
    await writeFile(beside, bytes);
    await rename(beside, place);
    this.#files += 1;
    this.#bytes += bytes.length;
  }

  #place(path: string): string {
    return join(this.#deps.out, ...path.split('/'));
  }

  async #state(): Promise<State> {
    try {
      return stateSchema.parse(JSON.parse(await readFile(this.#place(`/${STATE}`), 'utf8')));
    } catch {
      return { size: 0, epoch: 0, sizes: [] };
    }
  }

  /** Removes folders whose number says that they are of no more use. */
  async #remove(folder: string, isOld: (name: number) => boolean): Promise<void> {
    for (const name of await readdir(this.#place(folder)).catch(() => [])) {
      if (/^\d+$/.test(name) && isOld(Number(name))) {
        await rm(join(this.#place(folder), name), { recursive: true, force: true });
      }
    }
  }
}

/** The checkpoints under the key that the register names itself: damage is noticed, and trust not needed. */
function openAll(info: Uint8Array, notes: Uint8Array): readonly Checkpoint[] {
  try {
    const { origin, public_key: key } = infoSchema.parse(JSON.parse(decode(info)));
    const publicKey = fromBase64Url(key);
    return notesSchema
      .parse(JSON.parse(decode(notes)))
      .checkpoints.map((note) => openCheckpoint(note, { name: origin, publicKey }));
  } catch (cause) {
    throw new ProtocolError('checkpoint_invalid', 'the register shows no checkpoints of this version', { cause });
  }
}

function checkTile({ level, width }: Tile, bytes: Uint8Array): unknown {
  return level === 'entries' ? decodeBundle(bytes, width) : splitHashes(bytes, width);
}

function blocksOf({ counts }: Checkpoint): number {
  return Math.floor(Math.max(0, counts.issued - 1) / BLOCK_LEAVES) + 1;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function unreachable(path: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('register_unreachable', `the register does not answer with ${path}; check the URL`, options);
}
