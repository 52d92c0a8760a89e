// SPDX-License-Identifier: GPL-3.0-or-later
/** What snarkjs 0.7 exports and its published types leave out. */
export {};

declare module 'snarkjs' {
  /** A pairing-friendly curve with its running workers. */
  export interface Curve {
    /** Ends the workers; without it the process does not exit. */
    terminate(): Promise<void>;
  }
  export const curves: { getCurveFromName(name: 'bn128'): Promise<Curve> };
}
