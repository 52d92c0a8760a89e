// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How the wallet unlocks, what brings it back, and how it ends.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { revokeOwn } from '../revoke.ts';
import { BackupPanel } from './backup_panel.tsx';
import { ConfirmDialog } from './dialog.tsx';
import { enrolDeps } from './enrol_flow.ts';
import { LOCK_AFTER_MS } from './inactivity.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Notice, PageLink, Panel } from './parts.tsx';
import { EvictionWarning } from './promises_parts.tsx';
import { go } from './route.ts';
import { askToStay, staysStored } from './storage.ts';
import { PasskeyPanel, PinPanel } from './unlock_ways.tsx';
import { closeProver, holdProver, useWallet } from './wallet_context.ts';

/** The page. */
export function SecurityPage(): VNode {
  const { security } = useStrings();
  const { lock } = useWallet();
  return (
    <div class="stack narrow">
      <Heading>{security.title}</Heading>
      <Panel>
        <h2>{security.locking}</h2>
        <p class="soft">{security.lockingText(LOCK_AFTER_MS / 60_000)}</p>
        <div class="actions">
          <Button onClick={lock}>{security.lockNow}</Button>
        </div>
      </Panel>
      <PinPanel />
      <PasskeyPanel />
      <BackupPanel />
      <Panel>
        <h2>{security.device}</h2>
        <p class="soft">{security.deviceText}</p>
        <div class="actions">
          <PageLink to="device" class="button plain">
            {security.toDevice}
          </PageLink>
        </div>
      </Panel>
      <StoragePanel />
      <Ending />
    </div>
  );
}

/** Whether the browser keeps what is stored. */
function StoragePanel(): VNode {
  const { security } = useStrings();
  const [stays, setStays] = useState<boolean>();
  useEffect(() => void staysStored().then(setStays), []);
  return (
    <Panel>
      <h2>{security.storage}</h2>
      <p class="soft" data-persisted={stays}>
        {stays === true ? security.stays : security.staysNot}
      </p>
      <EvictionWarning />
      {stays !== true && (
        <div class="actions">
          <Button onClick={async () => setStays(await askToStay())}>{security.askToStay}</Button>
        </div>
      )}
    </Panel>
  );
}

/** What cannot be taken back. */
function Ending(): VNode {
  const { security, credential } = useStrings();
  const wallet = useWallet();
  const { store, held, refresh } = wallet;
  const [revoked, setRevoked] = useState(false);
  const owner = held.credentials[0] ?? held.signed;
  const revoke = async (): Promise<void> => {
    if (owner === undefined) return;
    const letGo = holdProver();
    try {
      await revokeOwn(enrolDeps(wallet, AbortSignal.timeout(120_000)), owner.seed);
      setRevoked(true);
    } finally {
      letGo();
    }
  };
  const clear = async (): Promise<void> => {
    await closeProver();
    await store.clear();
    await caches.delete('bauta-artifacts');
    go('welcome');
    await refresh();
  };
  return (
    <Panel>
      <h2>{security.ending}</h2>
      <p class="soft">{security.revokeText}</p>
      {revoked ? (
        <Notice tone="info" result>
          {security.revokeDone}
        </Notice>
      ) : (
        <div class="actions">
          <ConfirmDialog
            open={security.revoke}
            title={security.revokeTitle}
            yes={security.revokeYes}
            no={security.revokeNo}
            onYes={revoke}
          >
            {security.revokeConsequence}
          </ConfirmDialog>
        </div>
      )}
      <p class="soft">{security.removeText}</p>
      <div class="actions">
        <ConfirmDialog
          open={credential.remove}
          title={credential.removeTitle}
          yes={credential.removeYes}
          no={credential.removeNo}
          onYes={clear}
        >
          {credential.removeText}
        </ConfirmDialog>
      </div>
    </Panel>
  );
}
