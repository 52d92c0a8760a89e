// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The mask, the mark of Bauta.
 *
 * @module
 */
import type { VNode } from 'preact';

/** The mark; decoration, always beside its name. */
export function Mask({ tile }: { readonly tile: boolean }): VNode {
  return (
    <svg viewBox="0 0 64 64" aria-hidden="true" class={tile ? 'mask tile' : 'mask'}>
      {tile && <rect width="64" height="64" rx="14" class="mask-ground" />}
      <path
        class="mask-face"
        d="M14 14c5 0 13-4 18-4s13 4 18 4c1 9 0 16-3 22 4 5 6 10 6 17-6 2-13 3-21 3s-15-1-21-3c0-7 2-12 6-17-3-6-4-13-3-22Z"
      />
      <path class="mask-eye" d="M18 25c4-4 9-3 11 2-4 3-9 3-11-2Zm28 0c-4-4-9-3-11 2 4 3 9 3 11-2Z" />
      <path class="mask-eye" d="M30.500 25 27 38c2 2 8 2 10 0l-3.500-13Z" />
      <path class="mask-line" d="M21 40c2 4 2 7 2 11M43 40c-2 4-2 7-2 11" />
    </svg>
  );
}
