// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The credential at a glance: its card, its state in the register, and what only its holder sees.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { nationalityCode } from '../../protocol/nationality.ts';
import type { Credential, SignedCredential } from '../credential.ts';
import { keepSynced, type SyncEvent } from '../keep_synced.ts';
import { sleep } from '../publication.ts';
import { needsSync, type Synced } from '../sync.ts';
import { armAheadWhenIdle } from './ahead.ts';
import { Announced, Revoked } from './announced.tsx';
import { wakeNowAndThen } from './background.ts';
import { clock } from './browser.ts';
import { CredentialCard } from './credential_card.tsx';
import { assuranceName, bytesName, dateName, documentName, localName, momentName } from './facts.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Notice, PageLink, Panel, Problem } from './parts.tsx';
import { codeOf } from './problems.ts';
import { syncDeps } from './syncing.ts';
import { useWallet } from './wallet_context.ts';

type Standing =
  | { readonly state: 'checking' | 'active' | 'revoked' }
  | { readonly state: 'soon'; readonly from: number }
  | { readonly state: 'unknown'; readonly code: string };

/** The page of someone who holds credentials, or waits for one. */
export function CredentialPage(): VNode {
  const { credential } = useStrings();
  const { held } = useWallet();
  return (
    <div class="stack wide">
      <Heading>{credential.title}</Heading>
      <BackupReminder />
      {held.signed !== undefined && <Waiting signed={held.signed} />}
      {held.credentials.map((each, i) => (
        <Published key={String(each.leaf)} credential={each} first={i === 0} />
      ))}
    </div>
  );
}

function Waiting({ signed }: { readonly signed: SignedCredential }): VNode {
  const strings = useStrings();
  const { credential } = strings;
  return (
    <div class="stack tight" data-waiting>
      <CredentialCard
        document={documentName(signed.attributes.document, strings)}
        validUntil={dateName(signed.attributes.expiry, strings, 'month')}
        status={credential.status.waiting}
      />
      <Notice tone="info">{credential.waitingText}</Notice>
    </div>
  );
}

/** Reminds of a backup that is missing. */
function BackupReminder(): VNode | null {
  const { backup } = useStrings();
  const { held, config } = useWallet();
  const { stored, phrase } = held.backups;
  if (stored === true || phrase === true || config.guards.length === 0) return null;
  return (
    <Notice tone="warn" title={backup.none}>
      <p>{backup.noneText}</p>
      <PageLink to="security">{backup.toSecurity}</PageLink>
    </Notice>
  );
}

function Published(props: { readonly credential: Credential; readonly first: boolean }): VNode {
  const held = props.credential;
  const strings = useStrings();
  const { credential } = strings;
  const wallet = useWallet();
  const { config } = wallet;
  const { standing, synced, retry } = useStanding(held);
  useEffect(() => {
    const leaving = new AbortController();
    if (standing.state === 'active' && props.first) void armAheadWhenIdle(wallet, held, leaving.signal);
    return () => leaving.abort();
  }, [standing.state, synced?.at, held.leaf]);
  const { attributes } = held;
  const status =
    standing.state === 'soon'
      ? credential.status.soon(momentName(standing.from, strings))
      : credential.status[standing.state];
  return (
    <div class="beside">
      <div class="stack">
        <CredentialCard
          document={documentName(attributes.document, strings)}
          validUntil={dateName(attributes.expiry, strings, 'month')}
          status={status}
        />
        {standing.state === 'unknown' && (
          <Problem code={standing.code}>
            <Button onClick={retry}>{strings.retry}</Button>
          </Problem>
        )}
        {standing.state === 'revoked' && <Revoked credential={held} />}
        {synced !== undefined && standing.state !== 'revoked' && <Announced credential={held} at={synced.at} />}
        {props.first && (standing.state !== 'revoked' || wallet.held.credentials.length > 1) && (
          <>
            <Platforms />
            <More />
          </>
        )}
      </div>
      <div class="stack">
        <Panel>
          <h2>{credential.onlyYou}</h2>
          <p class="soft small">{credential.onlyYouText}</p>
          <dl class="facts">
            <dt>{credential.document}</dt>
            <dd>{documentName(attributes.document, strings)}</dd>
            <dt>{credential.nationality}</dt>
            <dd>{nationalityCode(attributes.nationality)}</dd>
            <dt>{credential.birth}</dt>
            <dd>{dateName(attributes.birth, strings, 'day')}</dd>
            <dt>{credential.assurance}</dt>
            <dd>{assuranceName(attributes.assurance, strings)}</dd>
            <dt>{credential.phone}</dt>
            <dd>{attributes.phone === 1 ? credential.phoneYes : credential.phoneNo}</dd>
            <dt>{credential.issued}</dt>
            <dd>{dateName(attributes.issued, strings, 'month')}</dd>
            <dt>{credential.issuer}</dt>
            <dd>{localName(config.issuer.name, strings)}</dd>
          </dl>
        </Panel>
        {synced !== undefined && <Syncing synced={synced} />}
      </div>
    </div>
  );
}

interface Kept {
  readonly standing: Standing;
  /** The last sync. */
  readonly synced: Synced | undefined;
  /** Syncs again after a failure. */
  readonly retry: () => void;
}

/** Keeps the credential synced while the page is open, and tells how it stands. */
function useStanding(credential: Credential): Kept {
  const wallet = useWallet();
  const [standing, setStanding] = useState<Standing>({ state: 'checking' });
  const [synced, setSynced] = useState<Synced>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    setStanding({ state: 'checking' });
    let last: Synced | undefined;
    const tell = (event: SyncEvent): void => {
      if (leaving.signal.aborted) return;
      if (event.kind === 'synced') {
        last = event.synced;
        const from = event.synced.positions[0].activeFrom * 1000;
        setSynced(event.synced);
        setStanding(from <= clock() ? { state: 'active' } : { state: 'soon', from });
      } else if (event.kind === 'failed') {
        const code = codeOf(event.error);
        const isRevoked = code === 'credential_revoked';
        // What is known suffices until the epoch ends, also without a connection.
        if (!isRevoked && !needsSync(last, wallet.config.register, clock())) return;
        setStanding(isRevoked ? { state: 'revoked' } : { state: 'unknown', code });
      }
    };
    void wakeNowAndThen(wallet.config.register);
    void keepSynced(syncDeps(wallet, credential, leaving.signal), sleep, tell);
    return () => leaving.abort();
  }, [credential, attempt]);
  useEffect(() => {
    if (standing.state !== 'soon') {
      return undefined;
    }
    const timer = setTimeout(() => setStanding({ state: 'active' }), Math.max(0, standing.from - clock()));
    return () => clearTimeout(timer);
  }, [standing]);
  return { standing, synced, retry: () => setAttempt((number) => number + 1) };
}

/** When the wallet last synced, and how much it downloaded. */
function Syncing({ synced }: { readonly synced: Synced }): VNode {
  const strings = useStrings();
  const { credential } = strings;
  return (
    <Panel>
      <h2>{credential.sync}</h2>
      <p class="soft small">{credential.syncText}</p>
      <dl class="facts" data-synced={synced.at}>
        <dt>{credential.syncLast}</dt>
        <dd>{momentName(synced.at, strings)}</dd>
        <dt>{credential.syncBytes}</dt>
        <dd>{bytesName(synced.bytes, strings)}</dd>
        <dt>{credential.syncNext}</dt>
        <dd>{momentName(synced.next, strings)}</dd>
      </dl>
    </Panel>
  );
}

function Platforms(): VNode | null {
  const strings = useStrings();
  const { credential } = strings;
  const { platforms } = useWallet().config;
  if (platforms.length === 0) {
    return null;
  }
  return (
    <Panel>
      <h2>{credential.use}</h2>
      <p class="soft small">{credential.useText}</p>
      <ul class="links">
        {platforms.map(({ url, name }) => (
          <li key={url}>
            <a href={url}>{localName(name, strings)}</a>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** What else can be done with a credential. */
function More(): VNode {
  const { credential } = useStrings();
  return (
    <Panel>
      <h2>{credential.more}</h2>
      <ul class="links column">
        <li>
          <PageLink to="renew">{credential.renew}</PageLink>
          <span class="note soft">{credential.renewText}</span>
        </li>
        <li>
          <PageLink to="second">{credential.second}</PageLink>
          <span class="note soft">{credential.secondText}</span>
        </li>
        <li>
          <PageLink to="device">{credential.device}</PageLink>
          <span class="note soft">{credential.deviceText}</span>
        </li>
      </ul>
    </Panel>
  );
}
