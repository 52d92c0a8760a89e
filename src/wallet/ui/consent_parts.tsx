// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What stands on a request's sheet, and on that of a move, instead of an answer.
 *
 * @module
 */
import type { VNode } from 'preact';
import type { Consent } from '../present.ts';
import { useStrings } from './language.tsx';
import { Notice, PageLink } from './parts.tsx';
import { UnlockForm } from './unlock_page.tsx';
import { useWallet } from './wallet_context.ts';

/** What comes before a request can be answered: the lock, a PIN, a credential, its place in the register. */
export function BeforeAnswer({ origin, fragment }: { readonly origin: string; readonly fragment: string }): VNode {
  const { consent, credential } = useStrings();
  const { held } = useWallet();
  const { host } = new URL(origin);
  if (held.state === 'locked') {
    return (
      <div class="stack" data-locked>
        <p class="soft">{consent.unlockFirst}</p>
        <UnlockForm />
        <p>
          <a href={origin}>{consent.returnTo(host)}</a>
        </p>
      </div>
    );
  }
  if (held.state === 'none' && (held.signed ?? held.credentials[0]) !== undefined) {
    return (
      <div class="stack">
        <Notice tone="info">{consent.pinFirst}</Notice>
        <div class="actions">
          <PageLink to="enrol" fragment={fragment} class="button primary">
            {consent.toPin}
          </PageLink>
        </div>
      </div>
    );
  }
  if (held.credentials.length > 0) {
    return (
      <p class="soft" role="status">
        {consent.preparing}
      </p>
    );
  }
  if (held.signed !== undefined && held.state === 'unlocked') {
    return (
      <div class="stack">
        <Notice tone="info" title={consent.waiting}>
          {credential.waitingText}
        </Notice>
        <div class="actions">
          <a class="button plain" href={origin}>
            {consent.returnTo(host)}
          </a>
        </div>
      </div>
    );
  }
  return <NoCredential host={host} fragment={fragment} origin={origin} />;
}

function NoCredential(props: { readonly host: string; readonly origin: string; readonly fragment: string }): VNode {
  const { consent, welcome } = useStrings();
  return (
    <div class="stack">
      <Notice tone="info" title={consent.none}>
        {consent.noneText(props.host)}
      </Notice>
      <div class="actions">
        <PageLink to="enrol" fragment={props.fragment} class="button primary">
          {welcome.start}
        </PageLink>
        <a class="button plain" href={props.origin}>
          {consent.returnTo(props.host)}
        </a>
      </div>
    </div>
  );
}

/** What another document, a renewal or a confirmed phone changes; the ways there are on the credential's page. */
const MENDABLE: ReadonlySet<Consent['unmet'][number]> = new Set([
  'document_expired',
  'document_group',
  'phone_confirmed',
]);

/** What the credential does not meet, and where that can be changed. */
export function Unmet({
  reasons,
  wayBack,
}: {
  readonly reasons: Consent['unmet'];
  readonly wayBack: VNode | false;
}): VNode {
  const { consent, credential } = useStrings();
  return (
    <div class="stack" data-unmet={reasons.join(' ')}>
      <Notice tone="warn" title={consent.unmetTitle}>
        {reasons.map((reason) => (
          <p key={reason}>{consent.unmet[reason]}</p>
        ))}
        <p class="soft">{consent.unmetNote}</p>
      </Notice>
      <div class="actions">
        {wayBack}
        {reasons.some((reason) => MENDABLE.has(reason)) && (
          <PageLink to="credential" class="button plain">
            {credential.title}
          </PageLink>
        )}
      </div>
    </div>
  );
}
