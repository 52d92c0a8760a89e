// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Open announcements, for those whom they concern: a file for each block of the tree, the same for every
 * holder of the block, so that a wallet finds its own leaf without asking for it.
 *
 * @module
 */
import { BLOCK_LEAVES } from '../log/block.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { TREE_LEAVES } from '../commitment/tree.ts';
import type { RegisterContext } from './config.ts';

/** An open announcement, in wire form. */
export interface OpenAnnouncement {
  /** Decimal. */
  readonly leaf: string;
  readonly index: number;
  readonly reason: string;
  /** Log position. */
  readonly position: number;
  /** Unix seconds: no root that is active before this lacks the leaf on its account. */
  readonly effective: number;
}

/**
 * Open announcements of a block's leaves.
 *
 * @param block - Number of the block.
 * @throws {@link ProtocolError} `block_unknown`.
 */
export async function openAnnouncements(
  { database }: RegisterContext,
  block: number,
): Promise<readonly OpenAnnouncement[]> {
  if (block >= TREE_LEAVES / BLOCK_LEAVES) {
    throw new ProtocolError('block_unknown', 'the tree has no block of this number');
  }
  return database.kysely
    .selectFrom('announcements')
    .select(['leaf', 'tree_index as index', 'reason', 'position', 'effective'])
    .where('status', '=', 'open')
    .where('tree_index', '>=', block * BLOCK_LEAVES)
    .where('tree_index', '<', (block + 1) * BLOCK_LEAVES)
    .orderBy('position')
    .execute();
}
