// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tells that a new version of the wallet is ready. It takes over when its holder says so, not in the middle
 * of something.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useStrings } from './language.tsx';
import { Button, Notice } from './parts.tsx';
import { applyUpdate, startService } from './service.ts';

/** The notice, once there is something to tell; starts the service worker when the page has loaded. */
export function UpdateNotice(): VNode | null {
  const { update } = useStrings();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const start = (): void => void startService(() => setReady(true));
    if (document.readyState === 'complete') {
      start();
      return undefined;
    }
    window.addEventListener('load', start, { once: true });
    return () => window.removeEventListener('load', start);
  }, []);
  return ready ? (
    <div class="banner spaced" data-update>
      <Notice tone="info" title={update.title}>
        <p>{update.text}</p>
        <Button onClick={applyUpdate}>{update.apply}</Button>
      </Notice>
    </div>
  ) : null;
}
