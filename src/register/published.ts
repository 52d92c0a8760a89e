// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the register shows to everyone: checkpoints, events, blocks. Nothing here depends on who asks.
 *
 * @module
 */
import { BLOCK_LEAVES } from '../log/block.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { CheckpointRow } from '../storage/register.ts';
import { treeOf } from '../storage/tree.ts';
import type { RegisterContext } from './config.ts';
import { retainedCheckpoints } from './cut.ts';
import { readBlock } from './nodes.ts';

const DEFAULT_EVENTS = 100;
const MAX_EVENTS = 1000;
/** Blocks kept in memory: a full one has some 10 MB. */
const CACHED_BLOCKS = 8;

/** Reads for the public. */
export class Published {
  readonly #register: RegisterContext;
  readonly #blocks = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  constructor(register: RegisterContext) {
    this.#register = register;
  }

  /** The checkpoint that was cut last; undefined only before a register is open. */
  async latest(): Promise<CheckpointRow | undefined> {
    return (await retainedCheckpoints(this.#register.database.kysely))[0];
  }

  /** Notes of the checkpoints that matter now: previous, active, next, as far as there are such. */
  async current(): Promise<readonly string[]> {
    const now = this.#register.clock();
    const rows = (await retainedCheckpoints(this.#register.database.kysely)).toReversed();
    const active = rows.findLastIndex(({ active_from: from }) => from * 1000 <= now);
    return rows.slice(Math.max(0, active - 1)).map(({ note }) => note);
  }

  /**
   * A page of the log.
   *
   * @param from - Position of the first event, decimal; 0 unless given.
   * @param limit - At most so many, up to 1000.
   * @returns JSON text `{"size": …, "events": […]}`; each event's RFC 8785 form is its log entry.
   * @throws {@link ProtocolError} `query_invalid`.
   */
  async events(from: string | undefined, limit: string | undefined): Promise<string> {
    const start = parseCount(from, 0);
    const count = Math.min(parseCount(limit, DEFAULT_EVENTS), MAX_EVENTS);
    const size = (await this.latest())?.size ?? 0;
    const rows = await this.#register.database.kysely
      .selectFrom('events')
      .select('entry')
      .where('position', '>=', start)
      .where('position', '<', Math.min(start + count, size))
      .orderBy('position')
      .execute();
    return `{"size":${String(size)},"events":[${rows.map(({ entry }) => entry).join(',')}]}`;
  }

  /**
   * A block of the tree at a checkpoint.
   *
   * @param size - Size of the checkpoint.
   * @param number - Number of the block.
   * @throws {@link ProtocolError} `block_unknown` if the checkpoint is none of the latest, or holds no
   * such block.
   */
  async block(size: number, number: number): Promise<Uint8Array<ArrayBuffer>> {
    const { database, empty } = this.#register;
    const checkpoint = (await retainedCheckpoints(database.kysely)).find((row) => row.size === size);
    if (checkpoint === undefined || number > Math.max(0, checkpoint.issued - 1) / BLOCK_LEAVES) {
      throw new ProtocolError('block_unknown', 'take size and block from a current checkpoint');
    }
    const key = `${String(size)}/${String(number)}`;
    const known = this.#blocks.get(key);
    if (known !== undefined) {
      return known;
    }
    const reading = readBlock(treeOf(database.kysely), empty, size, number);
    this.#blocks.set(key, reading);
    for (const old of [...this.#blocks.keys()].slice(0, -CACHED_BLOCKS)) {
      this.#blocks.delete(old);
    }
    reading.catch(() => this.#blocks.delete(key));
    return reading;
  }
}

function parseCount(text: string | undefined, fallback: number): number {
  if (text === undefined) {
    return fallback;
  }
  if (!/^\d{1,15}$/.test(text)) {
    throw new ProtocolError('query_invalid', 'from and limit are counts');
  }
  return Number(text);
}
