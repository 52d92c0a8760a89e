// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * BN254 for snarkjs on the calling thread. ffjavascript takes a third of a second to build a curve and
 * snarkjs would build one for every single-threaded proof, so one is built here and put where
 * ffjavascript looks for a curve that exists: `globalThis.curve_bn128`.
 *
 * @module
 */
import { buildBn128 } from 'ffjavascript';

const shared = globalThis as { curve_bn128?: unknown };
let building: Promise<unknown> | undefined;

/** Builds the curve unless there is one; it has no workers, so nothing need be ended. */
export async function useCurveOnThisThread(): Promise<void> {
  building ??= buildBn128(true);
  shared.curve_bn128 ??= await building;
}
