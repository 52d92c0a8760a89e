// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the register shows to everyone: checkpoints and blocks. Nothing here depends on who asks.
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
import { cosignedNotes, isWitnessed } from './witnessing.ts';

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

  /** Notes of the checkpoints that matter now, with their cosignatures: previous, active, next, as far as there are such. */
  async current(): Promise<readonly string[]> {
    const now = this.#register.clock();
    const rows = (await retainedCheckpoints(this.#register.database.kysely)).toReversed();
    const active = rows.findLastIndex(({ active_from: from }) => from * 1000 <= now);
    return cosignedNotes(this.#register.database.kysely, rows.slice(Math.max(0, active - 1)));
  }

  /** Note of the latest checkpoint that enough witnesses cosigned; of the first while they have not. */
  async newest(): Promise<string> {
    const { database, witnessing } = this.#register;
    const rows = await retainedCheckpoints(database.kysely);
    const [latest, before] = rows;
    const isAccepted = latest !== undefined && (await isWitnessed(database.kysely, witnessing, latest.epoch));
    const chosen = isAccepted ? latest : (before ?? latest);
    return (await cosignedNotes(database.kysely, chosen === undefined ? [] : [chosen])).join('');
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
