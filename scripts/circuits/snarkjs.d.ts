// SPDX-License-Identifier: GPL-3.0-or-later
/** What snarkjs 0.7 exports and its published types leave out. */
export {};

declare module 'snarkjs' {
  /** A pairing-friendly curve with its running workers. */
  export interface Curve {
    /** Ends the workers; without it the process does not exit. */
    terminate(): Promise<void>;
    readonly Fr: {
      /** Scalars, Montgomery form. */
      e(value: bigint): Uint8Array;
      /** Roots of unity of order 2^i. */
      readonly w: readonly Uint8Array[];
    };
    readonly G1: {
      /** Transforms of points, 64 bytes each. */
      fft(points: Uint8Array, from: 'affine', to: 'affine'): Promise<Uint8Array>;
      ifft(points: Uint8Array, from: 'affine', to: 'affine'): Promise<Uint8Array>;
      /** Multiplies the i-th point by `first * factor^i`. */
      batchApplyKey(
        points: Uint8Array,
        first: Uint8Array,
        factor: Uint8Array | undefined,
        from: 'affine',
        to: 'affine',
      ): Promise<Uint8Array>;
    };
  }
  export const curves: { getCurveFromName(name: 'bn128'): Promise<Curve> };
}
