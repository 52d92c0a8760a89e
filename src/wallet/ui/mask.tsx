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
        d="M15 15c5-4 11-5 17-5s12 1 17 5c2 8 1 15-2 21 3 5 5 10 6 15-6 3-13 4-21 4s-15-1-21-4c1-5 3-10 6-15-3-6-4-13-2-21Z"
      />
      <path class="mask-eye" d="M19 26c4-3 8-3 11 1-3 4-8 4-11-1Zm26 0c-4-3-8-3-11 1 3 4 8 4 11-1Z" />
      <path class="mask-line" d="M32 27v11l-5 4M22 46c6 2 14 2 20 0" />
    </svg>
  );
}
