// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The first page of someone without a credential.
 *
 * @module
 */
import type { VNode } from 'preact';
import { CredentialCard } from './credential_card.tsx';
import { useStrings } from './language.tsx';
import { Heading, PageLink } from './parts.tsx';

/** What Bauta is, and where to begin. */
export function WelcomePage(): VNode {
  const { welcome } = useStrings();
  return (
    <div class="stack wide">
      <div class="beside hero">
        <div class="stack">
          <Heading>{welcome.title}</Heading>
          <p class="lead">{welcome.lead}</p>
          <div class="actions">
            <PageLink to="enrol" class="button primary">
              {welcome.start}
            </PageLink>
          </div>
          <p class="small">
            <PageLink to="recover">{welcome.recover}</PageLink>
          </p>
        </div>
        <CredentialCard />
      </div>
      <ul class="points">
        {welcome.points.map(({ title, text }) => (
          <li key={title}>
            <h2>{title}</h2>
            <p class="soft">{text}</p>
          </li>
        ))}
      </ul>
      <p class="soft small origin">{welcome.origin}</p>
    </div>
  );
}
