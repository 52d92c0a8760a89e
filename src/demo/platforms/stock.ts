// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What is reserved in the marketplace, and for whom. In memory.
 *
 * @module
 */

/** Reservations by the item's number. */
export class Stock {
  readonly #owners = new Map<number, string>();

  /** For whom an item is reserved. */
  ownerOf(item: number): string | undefined {
    return this.#owners.get(item);
  }

  /** Items that are reserved for someone. */
  of(owner: string): readonly number[] {
    return [...this.#owners].filter(([, reserved]) => reserved === owner).map(([item]) => item);
  }

  /** Reserves an item, unless it is somebody else's. */
  reserve(item: number, owner: string): void {
    if (!this.#owners.has(item)) this.#owners.set(item, owner);
  }

  /** Gives an item back, if it is this owner's. */
  release(item: number, owner: string): void {
    if (this.#owners.get(item) === owner) this.#owners.delete(item);
  }
}
