// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A replay's store in memory, for auditors: some 0.5 GB for a million leaves.
 *
 * @module
 */
import { TREE_LEAVES } from '../commitment/tree.ts';
import type { FieldElement } from '../protocol/field.ts';
import { TREE_ARITY } from '../protocol/statement.ts';
import type { LeafRecord, ReplayChanges, ReplayStore } from './replay_state.ts';

/** Leaves and tree of a log, as far as it was replayed. */
export class MemoryStore implements ReplayStore {
  readonly #leaves = new Map<string, LeafRecord>();
  /** Children by level and parent. */
  readonly #families = new Map<number, readonly FieldElement[]>();

  read(level: number, positions: readonly number[]): Promise<ReadonlyMap<number, FieldElement>> {
    const found = new Map<number, FieldElement>();
    for (const position of positions) {
      const children = this.#families.get(familyKey(level, Math.floor(position / TREE_ARITY)));
      const value = children?.[position % TREE_ARITY];
      if (value !== undefined) found.set(position, value);
    }
    return Promise.resolve(found);
  }

  readLeaves(leaves: readonly string[]): Promise<ReadonlyMap<string, LeafRecord>> {
    const found = new Map<string, LeafRecord>();
    for (const leaf of leaves) {
      const record = this.#leaves.get(leaf);
      if (record !== undefined) found.set(leaf, record);
    }
    return Promise.resolve(found);
  }

  /** Keeps what a replay returned. */
  write({ leaves, tree }: ReplayChanges): void {
    for (const record of leaves) this.#leaves.set(record.leaf, record);
    for (const { level, parent, children } of tree.families) this.#families.set(familyKey(level, parent), children);
  }
}

function familyKey(level: number, parent: number): number {
  return level * TREE_LEAVES + parent;
}
