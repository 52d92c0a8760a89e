// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * For someone with a new device, a forgotten PIN, or nothing left: which way there is.
 *
 * @module
 */
import type { VNode } from 'preact';
import { ConfirmDialog } from './dialog.tsx';
import { useStrings } from './language.tsx';
import { Heading, Notice, PageLink } from './parts.tsx';
import { closeProver, useWallet } from './wallet_context.ts';

/** The page. */
export function RecoverPage(): VNode {
  const { recover, enrol } = useStrings();
  const { held, store, refresh } = useWallet();
  if (held.credentials.length > 0) {
    return (
      <div class="stack narrow">
        <Heading>{recover.title}</Heading>
        <Notice tone="info" title={recover.openTitle}>
          {recover.openText}
        </Notice>
        <div class="actions">
          <PageLink to="credential" class="button primary">
            {enrol.toCredential}
          </PageLink>
        </div>
      </div>
    );
  }
  if (held.state === 'locked') {
    return (
      <div class="stack narrow" data-recover="locked">
        <Heading>{recover.title}</Heading>
        <Notice tone="warn" title={recover.lockedTitle}>
          {recover.lockedText}
        </Notice>
        <div class="actions">
          <PageLink to="credential" class="button primary">
            {recover.clearNo}
          </PageLink>
          <ConfirmDialog
            open={recover.clear}
            title={recover.clearTitle}
            yes={recover.clear}
            no={recover.clearNo}
            onYes={async () => {
              await closeProver();
              await store.clear();
              await refresh();
            }}
          >
            {recover.lockedText}
          </ConfirmDialog>
        </div>
      </div>
    );
  }
  return (
    <div class="stack narrow" data-recover="choice">
      <Heading>{recover.title}</Heading>
      <p>{recover.text}</p>
      <ul class="choices">
        <li>
          <PageLink to="device" class="choice">
            {recover.device}
            <span class="note soft">{recover.deviceText}</span>
          </PageLink>
        </li>
        <li>
          <PageLink to="restore" class="choice">
            {recover.restore}
            <span class="note soft">{recover.restoreText}</span>
          </PageLink>
        </li>
        <li>
          <PageLink to="reset" class="choice">
            {recover.reset}
            <span class="note soft">{recover.resetText}</span>
          </PageLink>
        </li>
      </ul>
    </div>
  );
}
