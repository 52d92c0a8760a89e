// SPDX-License-Identifier: GPL-3.0-or-later
/** The part of ffjavascript that Bauta uses; the package ships no types. */
declare module 'ffjavascript' {
  export function buildBn128(singleThread?: boolean): Promise<unknown>;
}
