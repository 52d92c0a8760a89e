// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What is fuzzed, and what may come of it.
 *
 * @module
 */
import { ProtocolError } from '../../src/protocol/errors.ts';
import type { FileForm } from './mutate.ts';

/** An honest file and what reads it. */
export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Reads it as the product does; throws to refuse. */
  readonly read: (bytes: Uint8Array) => unknown;
}

/** A kind of files. */
export interface Target {
  readonly form: FileForm;
  readonly seeds: readonly Seed[];
  /** Files that are hostile by design, each read by the seed of that name; run first. */
  readonly made: readonly { readonly seed: string; readonly bytes: Uint8Array }[];
  /** Codes that a refusal may have. */
  readonly codes: readonly string[];
}

/** The outcome of one file: `accepted`, a code, or what should never happen. */
export interface Outcome {
  readonly outcome: string;
  readonly fault?: string;
}

/** Reads one file. */
export async function readOne(target: Target, seed: Seed, bytes: Uint8Array): Promise<Outcome> {
  try {
    await seed.read(bytes);
    return { outcome: 'accepted' };
  } catch (error) {
    if (!(error instanceof ProtocolError)) return { outcome: 'fault', fault: `threw ${String(error)}` };
    if (target.codes.includes(error.code)) return { outcome: error.code };
    return { outcome: 'fault', fault: `refused with the code ${error.code}, which is not one of this reader` };
  }
}
