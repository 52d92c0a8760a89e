// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The second device: which side this one is.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { TransferGive } from './device_give.tsx';
import { TransferTake } from './device_take.tsx';
import { holdUnlocked } from './inactivity.ts';
import { useStrings } from './language.tsx';
import { Heading, Notice } from './parts.tsx';
import { useWallet } from './wallet_context.ts';

/** The page. */
export function DevicePage(): VNode {
  const { device } = useStrings();
  const { held } = useWallet();
  // What arrives must not change the side in the middle.
  const [gives] = useState(held.credentials.length > 0);
  const [stopped, setStopped] = useState(false);
  useEffect(holdUnlocked, []);
  return (
    <div class="stack narrow" data-transfer={gives ? 'give' : 'take'}>
      <Heading>{device.title}</Heading>
      <p class="soft">{device.text}</p>
      {stopped ? (
        <Notice tone="warn">{device.stopped}</Notice>
      ) : gives ? (
        <TransferGive onStop={() => setStopped(true)} />
      ) : (
        <TransferTake onStop={() => setStopped(true)} />
      )}
    </div>
  );
}
