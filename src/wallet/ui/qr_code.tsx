// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A QR code on the screen, always dark on light, since cameras expect that.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { encodeQR } from 'qr';

/** Modules of white around a code. */
const BORDER = 4;

/** The code of a text. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }): VNode {
  const { side, path } = useMemo(() => {
    const rows = encodeQR(text, 'raw', { ecc: 'medium', border: BORDER });
    const dark = rows.flatMap((row, y) =>
      row.flatMap((isDark, x) => (isDark ? [`M${String(x)} ${String(y)}h1v1h-1z`] : [])),
    );
    return { side: rows.length, path: dark.join('') };
  }, [text]);
  return (
    <svg class="qr" viewBox={`0 0 ${String(side)} ${String(side)}`} role="img" aria-label={label} data-qr={text}>
      <path d={path} />
    </svg>
  );
}
