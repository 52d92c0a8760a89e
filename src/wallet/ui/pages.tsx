// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which page is shown: by the address, by what is held, and by whether the wallet is locked. All but the
 * first page are loaded when they are needed.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Purpose } from '../pending.ts';
import { lazy } from './lazy.tsx';
import { go, type Route } from './route.ts';
import { useWallet } from './wallet_context.ts';
import { WelcomePage } from './welcome.tsx';

const ConsentPage = lazy(async () => (await import('./consent.tsx')).ConsentPage);
const CredentialPage = lazy(async () => (await import('./credential_page.tsx')).CredentialPage);
const EnrolPage = lazy(async () => (await import('./enrol.tsx')).EnrolPage);
const UnlockPage = lazy(async () => (await import('./unlock_page.tsx')).UnlockPage);
const ActivityPage = lazy(async () => (await import('./activity_page.tsx')).ActivityPage);
const PlatformsPage = lazy(async () => (await import('./activity_page.tsx')).PlatformsPage);
const SecurityPage = lazy(async () => (await import('./security_page.tsx')).SecurityPage);
const ScanPage = lazy(async () => (await import('./scan_page.tsx')).ScanPage);
const DevicePage = lazy(async () => (await import('./device_page.tsx')).DevicePage);
const RecoverPage = lazy(async () => (await import('./recover_page.tsx')).RecoverPage);
const PromisesPage = lazy(async () => (await import('./promises_page.tsx')).PromisesPage);

/**
 * Leads back to an enrolment that was interrupted, under its own address, so that all of its steps follow, and so that
 * it is for the same when its session has ended.
 */
function GoOn(props: { readonly fragment: string; readonly purpose?: Purpose | undefined }): null {
  const { fragment, purpose = 'first' } = props;
  useEffect(() => go(purpose === 'first' ? 'enrol' : purpose, fragment), []);
  return null;
}

/** The page of an address. */
export function CurrentPage({ route }: { readonly route: Route }): VNode {
  const { state, credentials, signed, pending } = useWallet().held;
  const { fragment } = route;
  if (route.page === 'promises') return <PromisesPage />;
  // Who asks is shown above the lock, too.
  if (route.page === 'present') return <ConsentPage key={fragment} fragment={fragment} />;
  if (route.page === 'recover') return <RecoverPage />;
  if (state === 'locked') return <UnlockPage />;
  const { page } = route;
  if (page === 'device') return <DevicePage />;
  if (page === 'enrol') return <EnrolPage key="first" fragment={fragment} purpose="first" />;
  if (page === 'renew' || page === 'second' || page === 'restore' || page === 'reset') {
    return <EnrolPage key={page} fragment={fragment} purpose={page} />;
  }
  if (credentials.length === 0 && signed === undefined) {
    // An enrolment without a document is not worth going on with.
    const hasBegun = pending !== undefined && pending.stage !== 'document';
    return hasBegun ? <GoOn fragment={fragment} purpose={pending.purpose} /> : <WelcomePage />;
  }
  // Nothing of a credential is of use before a PIN protects it.
  if (state === 'none') return <GoOn fragment={fragment} />;
  if (page === 'scan') return <ScanPage />;
  if (page === 'activity') return <ActivityPage />;
  if (page === 'platforms') return <PlatformsPage />;
  if (page === 'security') return <SecurityPage />;
  return <CredentialPage />;
}
