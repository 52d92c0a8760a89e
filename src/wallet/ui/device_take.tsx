// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The device that receives.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { decodeCredentials } from '../credentials.ts';
import { decodeBackupNotes } from '../stored.ts';
import {
  collectPart,
  type CollectedParts,
  compareCode,
  createTransferKeys,
  isComplete,
  keyText,
  NO_PARTS,
  openTransfer,
  readKeyText,
  type TransferKeys,
} from '../transfer.ts';
import { Comparing, Reading, Shown, useTransferEnd } from './device_parts.tsx';
import { useAttempt } from './attempt.ts';
import { useStrings } from './language.tsx';
import { Notice, PageLink, Problem, Progress } from './parts.tsx';
import { useWallet } from './wallet_context.ts';

interface Met {
  readonly other: Uint8Array;
  readonly code: string;
}

/** From this device's key to what the other one had. */
export function TransferTake({ onStop }: { readonly onStop: () => void }): VNode {
  const { device, loading } = useStrings();
  const { store, refresh } = useWallet();
  const [keys, setKeys] = useState<TransferKeys>();
  const [met, setMet] = useState<Met>();
  const [agreed, setAgreed] = useState(false);
  const [done, setDone] = useState(false);
  const { problem, attempt } = useAttempt();
  const collected = useRef<CollectedParts>(NO_PARTS);
  const [count, setCount] = useState(0);
  useTransferEnd(() => {
    if (!done) onStop();
  });
  useEffect(() => void createTransferKeys('taker').then(setKeys), []);

  const meet = (text: string): Promise<void> =>
    attempt(async () => {
      if (keys === undefined || met !== undefined) return;
      const other = readKeyText(text, 'giver');
      setMet({ other, code: await compareCode(keys, other) });
    });
  const take = (text: string): Promise<void> =>
    attempt(async () => {
      const next = collectPart(collected.current, text);
      if (next === undefined || keys === undefined || met === undefined || done) return;
      collected.current = next;
      setCount(next.parts.size);
      if (!isComplete(next)) return;
      const [credentials = '', notes = ''] = JSON.parse(await openTransfer(keys, met.other, next)) as string[];
      await store.saveCredentials(decodeCredentials(credentials));
      // An enrolment that was begun here was for another secret, and would stand before the choice of a PIN.
      await store.dropPending();
      await store.changeBackups(() => decodeBackupNotes(notes));
      setDone(true);
    });

  if (keys === undefined) return <p class="soft">{loading}</p>;
  if (done) {
    return (
      <>
        <Notice tone="good" title={device.done}>
          {device.doneText}
        </Notice>
        <div class="actions" data-transferred>
          <PageLink to="enrol" class="button primary" onGo={refresh}>
            {device.finish}
          </PageLink>
        </div>
      </>
    );
  }
  return (
    <>
      {problem !== undefined && <Problem code={problem} />}
      {met === undefined && (
        <>
          <Shown texts={[keyText(keys)]} label={device.takeFirst} />
          <Reading label={device.takeScan} onText={(text) => void meet(text)} />
        </>
      )}
      {met !== undefined && !agreed && <Comparing code={met.code} onSame={() => setAgreed(true)} onDiffer={onStop} />}
      {agreed && (
        <>
          {count > 0 && (
            <Progress label={device.parts(count, collected.current.total)} fraction={count / collected.current.total} />
          )}
          <Reading label={device.takeSecond} onText={(text) => void take(text)} />
        </>
      )}
    </>
  );
}
