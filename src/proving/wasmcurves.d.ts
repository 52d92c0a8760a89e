// SPDX-License-Identifier: GPL-3.0-or-later
/** BN254 as wasmcurves ships it compiled: the program that ffjavascript otherwise builds at each start. */
declare module 'wasmcurves/build/bn128_wasm.js' {
  /** The WebAssembly module, base64. */
  export const code: string;
}
