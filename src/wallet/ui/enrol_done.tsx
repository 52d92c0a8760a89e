// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The end of an enrolment: what is there now, and what it waits for.
 *
 * @module
 */
import type { VNode } from 'preact';
import { CredentialCard } from './credential_card.tsx';
import { documentName } from './facts.ts';
import { useStrings } from './language.tsx';
import { Heading, Notice, PageLink } from './parts.tsx';
import { EvictionWarning } from './promises_parts.tsx';
import { useWallet } from './wallet_context.ts';

/**
 * The page.
 *
 * @param props - `fragment`: the request of a platform that waits, or empty.
 */
export function Finished({ fragment }: { readonly fragment: string }): VNode {
  const strings = useStrings();
  const { enrol, credential } = strings;
  const { held } = useWallet();
  const waits = held.signed !== undefined;
  const shown = held.signed ?? held.credentials[0];
  return (
    <div class="stack narrow" data-enrolled={waits ? undefined : ''} data-waiting={waits ? '' : undefined}>
      <Heading>{enrol.doneTitle}</Heading>
      <p class="lead">{enrol.doneText}</p>
      <CredentialCard
        document={shown === undefined ? '' : documentName(shown.attributes.document, strings)}
        status={waits ? credential.status.waiting : credential.status.active}
      />
      {waits && <Notice tone="info">{enrol.waiting}</Notice>}
      <EvictionWarning />
      <div class="actions">
        {fragment !== '' && (
          <PageLink to="present" fragment={fragment} class="button primary">
            {enrol.toRequest}
          </PageLink>
        )}
        <PageLink to="credential" class={fragment === '' ? 'button primary' : 'button plain'}>
          {enrol.toCredential}
        </PageLink>
      </div>
    </div>
  );
}
