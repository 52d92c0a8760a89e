// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The device that has the credential.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { encodeCredentials } from '../credentials.ts';
import { encodeBackupNotes } from '../stored.ts';
import { compareCode, createTransferKeys, keyText, readKeyText, sealTransfer, type TransferKeys } from '../transfer.ts';
import { random } from './browser.ts';
import { Comparing, Reading, Shown, useTransferEnd } from './device_parts.tsx';
import { useAttempt } from './attempt.ts';
import { useStrings } from './language.tsx';
import { Notice, PageLink, Problem } from './parts.tsx';
import { useWallet } from './wallet_context.ts';

interface Met {
  readonly keys: TransferKeys;
  readonly other: Uint8Array;
  readonly code: string;
}

/** From the other device's key to the sealed parts. */
export function TransferGive({ onStop }: { readonly onStop: () => void }): VNode {
  const { device } = useStrings();
  const { held } = useWallet();
  const [met, setMet] = useState<Met>();
  const [parts, setParts] = useState<readonly string[]>();
  const { problem, attempt } = useAttempt();
  useTransferEnd(onStop);

  const meet = (text: string): Promise<void> =>
    attempt(async () => {
      if (met !== undefined) return;
      const other = readKeyText(text, 'taker');
      const keys = await createTransferKeys('giver');
      setMet({ keys, other, code: await compareCode(keys, other) });
    });
  const give = (to: Met): Promise<void> =>
    attempt(async () => {
      const text = JSON.stringify([encodeCredentials(held.credentials), encodeBackupNotes(held.backups)]);
      setParts(await sealTransfer(to.keys, to.other, text, random));
    });

  return (
    <>
      {problem !== undefined && <Problem code={problem} />}
      {met === undefined && <Reading label={device.giveScan} onText={(text) => void meet(text)} />}
      {met !== undefined && parts === undefined && (
        <>
          <Shown texts={[keyText(met.keys)]} label={device.giveKey} />
          <Comparing code={met.code} onSame={() => void give(met)} onDiffer={onStop} />
        </>
      )}
      {parts !== undefined && (
        <>
          <Shown texts={parts} label={device.giveSecond} />
          <Notice tone="info">{device.giveDone}</Notice>
          <div class="actions">
            <PageLink to="credential" class="button plain">
              {device.finish}
            </PageLink>
          </div>
        </>
      )}
    </>
  );
}
