// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a holder reads when a revocation of the credential is announced: why, from when on, and a place for
 * an appeal; and when it is revoked: why, and what is left to do.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { poseidon } from '../../commitment/poseidon.ts';
import { appeal, findAnnouncement, type OwnAnnouncement } from '../announcements.ts';
import type { Credential } from '../credential.ts';
import { findRevocation, type LoggedRevocation } from '../publication.ts';
import { anonymousFetch, clock, random } from './browser.ts';
import { momentName } from './facts.ts';
import { useStrings } from './language.tsx';
import { Button, Notice, PageLink, Panel, Problem } from './parts.tsx';
import { codeOf } from './problems.ts';
import { holdProver, sharedProver, useWallet } from './wallet_context.ts';

/** Longest text that issuers take. */
const MAX_LENGTH = 4000;

/**
 * The notice, if there is an announcement.
 *
 * @param props - `at`: when the wallet last synced; it looks again with each sync.
 */
export function Announced({ credential, at }: { readonly credential: Credential; readonly at: number }): VNode | null {
  const strings = useStrings();
  const { register } = useWallet().config;
  const [own, setOwn] = useState<OwnAnnouncement>();
  useEffect(() => {
    const leaving = new AbortController();
    findAnnouncement(credential, register, { fetch: anonymousFetch, random, signal: leaving.signal }).then(
      (found) => leaving.signal.aborted || setOwn(found),
      // Nobody answered: what was known stays, and the next sync asks again.
      () => undefined,
    );
    return () => leaving.abort();
  }, [credential, at]);
  if (own === undefined) {
    return null;
  }
  const { announced } = strings;
  return (
    <Panel>
      <div class="stack tight" data-announced={own.reason}>
        <Notice tone="warn" title={announced.title}>
          <p>{announced.text(announced.reasons[own.reason], momentName(own.effective * 1000, strings))}</p>
        </Notice>
        <Appeal credential={credential} />
      </div>
    </Panel>
  );
}

type Search =
  | { readonly state: 'idle' | 'searching' | 'missing' }
  | { readonly state: 'found'; readonly revocation: LoggedRevocation }
  | { readonly state: 'failed'; readonly code: string };

/**
 * The notice of a credential that is revoked. The reason is looked for in the public log when the holder asks, since
 * reading it may take a while.
 */
export function Revoked({ credential }: { readonly credential: Credential }): VNode {
  const strings = useStrings();
  const { announced } = strings;
  const { register } = useWallet().config;
  const [search, setSearch] = useState<Search>({ state: 'idle' });
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);
  const look = async (): Promise<void> => {
    const { signal } = leaving.current;
    setSearch({ state: 'searching' });
    try {
      const revocation = await findRevocation(credential, register, { fetch: anonymousFetch, clock, signal });
      setSearch(revocation === undefined ? { state: 'missing' } : { state: 'found', revocation });
    } catch (error) {
      if (!signal.aborted) setSearch({ state: 'failed', code: codeOf(error) });
    }
  };
  return (
    <div class="stack tight" data-problem="credential_revoked">
      <Notice tone="bad" title={strings.credential.status.revoked}>
        <p>{announced.revoked}</p>
        {search.state === 'found' && (
          <p data-reason={search.revocation.reason}>
            {announced.because(announced.reasons[search.revocation.reason], search.revocation.position)}
          </p>
        )}
        {search.state === 'found' && search.revocation.urgent && <p>{announced.urgent}</p>}
        {search.state === 'missing' && <p>{announced.notLogged}</p>}
        <p>{announced.anew}</p>
      </Notice>
      {search.state === 'failed' && <Problem code={search.code} />}
      <div class="actions">
        <PageLink to="renew" class="button primary">
          {announced.toAnew}
        </PageLink>
        {search.state !== 'found' && search.state !== 'missing' && (
          <Button disabled={search.state === 'searching'} onClick={look}>
            {search.state === 'searching' ? announced.searching : announced.why}
          </Button>
        )}
      </div>
    </div>
  );
}

type Sending =
  | { readonly state: 'writing' | 'sending' }
  | { readonly state: 'sent'; readonly reference: string }
  | { readonly state: 'failed'; readonly code: string };

function Appeal({ credential }: { readonly credential: Credential }): VNode {
  const { announced } = useStrings();
  const { config } = useWallet();
  const id = useId();
  const [text, setText] = useState('');
  const [sending, setSending] = useState<Sending>({ state: 'writing' });
  if (sending.state === 'sent') {
    return <p role="status">{announced.sent(sending.reference)}</p>;
  }
  const submit = async (): Promise<void> => {
    setSending({ state: 'sending' });
    const letGo = holdProver();
    const { issuer, register } = config;
    const deps = { issuer, register, fetch: anonymousFetch, clock, random, poseidon, prover: sharedProver() };
    try {
      setSending({ state: 'sent', reference: await appeal(deps, credential, text.trim()) });
    } catch (error) {
      setSending({ state: 'failed', code: codeOf(error) });
    } finally {
      letGo();
    }
  };
  return (
    <div class="stack tight">
      <label for={id}>{announced.label}</label>
      <textarea
        id={id}
        rows={5}
        maxLength={MAX_LENGTH}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <p class="soft small">{announced.hint}</p>
      {sending.state === 'failed' && <Problem code={sending.code} />}
      <div class="actions">
        <Button kind="primary" disabled={text.trim() === '' || sending.state === 'sending'} onClick={submit}>
          {sending.state === 'sending' ? announced.sending : announced.send}
        </Button>
      </div>
    </div>
  );
}
