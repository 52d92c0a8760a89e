// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Ways to the main pages, and the button that locks; only while the wallet is unlocked.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useStrings } from './language.tsx';
import { PageLink } from './parts.tsx';
import type { Page } from './route.ts';
import { useWallet } from './wallet_context.ts';

const MAIN = ['credential', 'scan', 'activity', 'security'] as const;
/** Pages that have no entry of their own. */
const BELONGS: Readonly<Partial<Record<Page, (typeof MAIN)[number]>>> = {
  welcome: 'credential',
  credential: 'credential',
  scan: 'scan',
  activity: 'activity',
  platforms: 'activity',
  security: 'security',
  device: 'security',
};

const ALONE: ReadonlySet<Page> = new Set(['present', 'enrol', 'renew', 'second', 'restore', 'reset']);

/** The bar. */
export function Navigation({ page }: { readonly page: Page }): VNode | null {
  const { navigation } = useStrings();
  const { held, lock } = useWallet();
  // A request or an enrolment is one thing at a time.
  if (held.state !== 'unlocked' || held.credentials.length === 0 || ALONE.has(page)) return null;
  return (
    <nav class="bar" aria-label={navigation.label}>
      <ul>
        {MAIN.map((name) => (
          <li key={name}>
            <PageLink to={name} current={BELONGS[page] === name}>
              {navigation[name]}
            </PageLink>
          </li>
        ))}
      </ul>
      <button type="button" class="lock" onClick={() => void lock()}>
        {navigation.lock}
      </button>
    </nav>
  );
}
