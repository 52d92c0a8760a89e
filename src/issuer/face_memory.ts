// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What is remembered of captures over all sessions, so that an earlier one is of no use: hashes of pictures that
 * were examined, and the sequence that a person has been asked for and has not answered yet. All of it is in
 * memory, bounded, and under a key that ends with the process: it says nothing of anybody afterwards.
 * docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import type { LivenessStep } from '../protocol/liveness.ts';

/** Pictures of which a hash is remembered: some thousand captures, in about 15 MB. */
export const REMEMBERED_FRAMES = 131_072;
/** People whose unanswered sequence is remembered. */
export const REMEMBERED_PEOPLE = 10_000;
/** How long an unanswered sequence is, in milliseconds. */
export const REMEMBERED_MS = 24 * 60 * 60 * 1000;

/** A sequence that was not answered yet. */
interface Asked {
  readonly steps: readonly LivenessStep[];
  /** Unix milliseconds. */
  readonly at: number;
}

/** Remembers captures. */
export class FaceMemory {
  readonly #key: Uint8Array;
  readonly #frames = new Set<string>();
  readonly #asked = new Map<string, Asked>();

  /**
   * @param random - Cryptographically secure.
   */
  constructor(random: (length: number) => Uint8Array) {
    this.#key = random(32);
  }

  /**
   * The sequence of a person: the same, in whatever sessions, until a capture of it was taken. Whoever waits
   * for the one of a recording would otherwise draw until it comes.
   *
   * @param person - Keyed tag.
   * @param now - Unix milliseconds.
   */
  stepsFor(person: string, now: number, draw: () => readonly LivenessStep[]): readonly LivenessStep[] {
    const name = this.#hash(person);
    for (const [old, { at }] of this.#asked) {
      if (now - at < REMEMBERED_MS && this.#asked.size < REMEMBERED_PEOPLE) break;
      this.#asked.delete(old);
    }
    const { steps } = this.#asked.get(name) ?? { steps: draw() };
    if (!this.#asked.has(name)) this.#asked.set(name, { steps, at: now });
    return steps;
  }

  /** Whether one of the pictures, byte for byte, was examined before. */
  knows(jpegs: readonly Uint8Array[]): boolean {
    return jpegs.some((jpeg) => this.#frames.has(this.#hash(jpeg)));
  }

  /** Remembers that these pictures are examined, whatever is found, and that the person's next sequence is new. */
  take(person: string, jpegs: readonly Uint8Array[]): void {
    this.#asked.delete(this.#hash(person));
    for (const jpeg of jpegs) this.#frames.add(this.#hash(jpeg));
    for (const oldest of this.#frames) {
      if (this.#frames.size <= REMEMBERED_FRAMES) break;
      this.#frames.delete(oldest);
    }
  }

  #hash(value: Uint8Array | string): string {
    return createHmac('sha256', this.#key).update(value).digest('base64');
  }
}
