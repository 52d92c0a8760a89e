// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Warnings that several pages show.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useStrings } from './language.tsx';
import { Notice } from './parts.tsx';
import { mayBeEvicted } from './storage.ts';

/** Where the browser deletes what is stored after some days without a visit. */
export function EvictionWarning(): VNode | null {
  const { security } = useStrings();
  return mayBeEvicted() ? (
    <Notice tone="warn" title={security.eviction}>
      {security.evictionText}
    </Notice>
  ) : null;
}
