// SPDX-License-Identifier: GPL-3.0-or-later
/** The part of circomlibjs that ours is compared with; the package ships no types. */
declare module 'circomlibjs' {
  export interface WasmPoseidon {
    (inputs: readonly bigint[]): Uint8Array;
    readonly F: { toObject(element: Uint8Array): bigint };
  }
  export function buildPoseidon(): Promise<WasmPoseidon>;
}
