// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the wallet promises, how anyone can check it, and what it cannot promise.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useStrings } from './language.tsx';
import { Heading, PageLink, Panel } from './parts.tsx';
import { useWallet } from './wallet_context.ts';

/** The page. */
export function PromisesPage(): VNode {
  const { promises, toStart } = useStrings();
  const { config } = useWallet();
  return (
    <div class="stack narrow">
      <Heading>{promises.title}</Heading>
      <Panel>
        <ul class="plain-list">
          {promises.kept.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </Panel>
      <Panel>
        <h2>{promises.check}</h2>
        <p>{promises.checkText}</p>
        <p>
          <a href={config.register.url}>{promises.register}</a>
        </p>
      </Panel>
      <Panel tone="sunken">
        <h2>{promises.not}</h2>
        <ul class="plain-list">
          {promises.notKept.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </Panel>
      <p>
        <PageLink to="welcome">{toStart}</PageLink>
      </p>
    </div>
  );
}
