// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The credential at a glance: its card, its state in the register, and what only its holder sees.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { poseidon } from '../../commitment/poseidon.ts';
import { nationalityCode } from '../../protocol/nationality.ts';
import type { Credential, SignedCredential } from '../credential.ts';
import { sync } from '../sync.ts';
import { armAheadWhenIdle } from './ahead.ts';
import { anonymousFetch, clock } from './browser.ts';
import { CredentialCard } from './credential_card.tsx';
import { assuranceName, dateName, documentName, localName, momentName } from './facts.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Notice, PageLink, Panel, Problem } from './parts.tsx';
import { codeOf } from './problems.ts';
import { closeProver, useWallet } from './wallet_context.ts';

type Standing =
  | { readonly state: 'checking' | 'active' | 'revoked' }
  | { readonly state: 'soon'; readonly from: number }
  | { readonly state: 'unknown'; readonly code: string };

/** The page of someone who holds a credential, or waits for one. */
export function CredentialPage(): VNode | null {
  const { held } = useWallet();
  switch (held.kind) {
    case 'nothing':
      return null;
    case 'signed':
      return <Waiting signed={held.signed} />;
    case 'credential':
      return <Published credential={held.credential} />;
  }
}

function Waiting({ signed }: { readonly signed: SignedCredential }): VNode {
  const strings = useStrings();
  const { credential } = strings;
  return (
    <div class="stack narrow">
      <Heading>{credential.title}</Heading>
      <CredentialCard
        document={documentName(signed.attributes.document, strings)}
        validUntil={dateName(signed.attributes.expiry, strings, 'month')}
        status={credential.status.waiting}
      />
      <Notice tone="info">{credential.waitingText}</Notice>
      <div class="actions">
        <PageLink to="enrol" class="button primary">
          {credential.resume}
        </PageLink>
      </div>
    </div>
  );
}

function Published({ credential: held }: { readonly credential: Credential }): VNode {
  const strings = useStrings();
  const { credential } = strings;
  const wallet = useWallet();
  const { config } = wallet;
  const [standing, check] = useStanding(held);
  useEffect(() => {
    const leaving = new AbortController();
    if (standing.state === 'active') void armAheadWhenIdle(wallet, held, leaving.signal);
    return () => leaving.abort();
  }, [standing.state, held]);
  const { attributes } = held;
  const status =
    standing.state === 'soon'
      ? credential.status.soon(momentName(standing.from, strings))
      : credential.status[standing.state];
  return (
    <div class="stack wide">
      <Heading>{credential.title}</Heading>
      <div class="beside">
        <div class="stack">
          <CredentialCard
            document={documentName(attributes.document, strings)}
            validUntil={dateName(attributes.expiry, strings, 'month')}
            status={status}
          />
          {standing.state === 'unknown' && (
            <Problem code={standing.code}>
              <Button onClick={check}>{strings.retry}</Button>
            </Problem>
          )}
          {standing.state === 'revoked' && <Problem code="credential_revoked" />}
          <Platforms />
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
              <dt>{credential.issued}</dt>
              <dd>{dateName(attributes.issued, strings, 'month')}</dd>
              <dt>{credential.issuer}</dt>
              <dd>{localName(config.issuer.name, strings)}</dd>
            </dl>
          </Panel>
          <Removal />
        </div>
      </div>
    </div>
  );
}

/** Syncs with the register when the page opens, and tells how the credential stands. */
function useStanding(credential: Credential): [Standing, () => Promise<void>] {
  const { config, store } = useWallet();
  const [standing, setStanding] = useState<Standing>({ state: 'checking' });
  const check = async (signal?: AbortSignal): Promise<void> => {
    setStanding({ state: 'checking' });
    try {
      const previous = await store.synced(credential, config.register);
      const deps = { fetch: anonymousFetch, clock, poseidon, ...(signal === undefined ? {} : { signal }) };
      const synced = await sync(credential, config.register, deps, previous);
      await store.saveSynced(synced);
      const from = synced.positions[0].activeFrom * 1000;
      setStanding(from <= clock() ? { state: 'active' } : { state: 'soon', from });
    } catch (error) {
      if (signal?.aborted !== true) {
        const code = codeOf(error);
        setStanding(code === 'credential_revoked' ? { state: 'revoked' } : { state: 'unknown', code });
      }
    }
  };
  useEffect(() => {
    const leaving = new AbortController();
    void check(leaving.signal);
    return () => leaving.abort();
  }, [credential]);
  useEffect(() => {
    if (standing.state !== 'soon') {
      return undefined;
    }
    const timer = setTimeout(() => setStanding({ state: 'active' }), Math.max(0, standing.from - clock()));
    return () => clearTimeout(timer);
  }, [standing]);
  return [standing, () => check()];
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

function Removal(): VNode {
  const { credential } = useStrings();
  const { store, refresh } = useWallet();
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <div class="actions">
        <Button kind="danger" onClick={() => dialog.current?.showModal()}>
          {credential.remove}
        </Button>
      </div>
      <dialog ref={dialog} class="dialog" aria-labelledby="removal-title">
        <div class="stack">
          <h2 id="removal-title">{credential.removeTitle}</h2>
          <p>{credential.removeText}</p>
          <div class="actions">
            <Button kind="primary" onClick={() => dialog.current?.close()}>
              {credential.removeNo}
            </Button>
            <Button
              kind="danger"
              onClick={async () => {
                await closeProver();
                await store.clear();
                dialog.current?.close();
                await refresh();
              }}
            >
              {credential.removeYes}
            </Button>
          </div>
        </div>
      </dialog>
    </>
  );
}
