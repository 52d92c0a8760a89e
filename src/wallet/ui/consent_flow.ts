// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The course of one request: read, prepare while the holder reads, prove, deliver. Between the start of
 * proving and the delivery nothing leaves the wallet.
 *
 * @module
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { poseidon } from '../../commitment/poseidon.ts';
import type { Credential } from '../credential.ts';
import {
  type ArmedPresentation,
  armPresentation,
  type Consent,
  consentOf,
  deliver,
  firePresentation,
  type PendingRequest,
  readRequest,
} from '../present.ts';
import { needsSync, sync, type Synced } from '../sync.ts';
import { anonymousFetch, clock } from './browser.ts';
import { codeOf } from './problems.ts';
import { endProver, sharedProver, useWallet, type WalletContext } from './wallet_context.ts';

/** What happens before the holder agrees. */
export type Preparation =
  | { readonly state: 'syncing' | 'preparing' | 'ready' }
  | { readonly state: 'downloading'; readonly fraction: number }
  | { readonly state: 'failed'; readonly code: string };

/** Where the request stands. */
type Phase =
  | { readonly name: 'reading' | 'sheet' | 'waiting' | 'delivering' | 'delivered' | 'other_device' | 'cancelled' }
  | { readonly name: 'proving'; readonly fraction: number | undefined }
  | { readonly name: 'problem'; readonly code: string };

/** The course of a request, for the sheet. */
export interface ConsentFlow {
  readonly phase: Phase;
  readonly preparation: Preparation;
  /** Known once the request has been read. */
  readonly pending: PendingRequest | undefined;
  /** Known if there is a credential to answer with. */
  readonly consent: Consent | undefined;
  readonly agree: () => Promise<void>;
  readonly cancel: () => void;
  /** Begins anew with the same link. */
  readonly restart: () => void;
}

type OnPreparation = (preparation: Preparation) => void;

async function position(wallet: WalletContext, credential: Credential, signal: AbortSignal): Promise<Synced> {
  const { register } = wallet.config;
  const stored = await wallet.store.synced(credential, register);
  if (stored !== undefined && !needsSync(stored, register, clock())) {
    return stored;
  }
  const synced = await sync(credential, register, { fetch: anonymousFetch, clock, poseidon, signal }, stored);
  await wallet.store.saveSynced(synced);
  return synced;
}

async function prepare(
  wallet: WalletContext,
  credential: Credential,
  pending: PendingRequest,
  signal: AbortSignal,
  tell: OnPreparation,
): Promise<ArmedPresentation> {
  const prover = sharedProver();
  tell({ state: 'syncing' });
  const synced = await position(wallet, credential, signal);
  tell({ state: 'preparing' });
  await prover.watch((received, total) =>
    tell(received === total ? { state: 'preparing' } : { state: 'downloading', fraction: received / total }),
  );
  await prover.load('show');
  tell({ state: 'preparing' });
  const armed = await armPresentation(pending, credential, synced, { prover, poseidon, clock });
  tell({ state: 'ready' });
  return armed;
}

/**
 * Follows one request.
 *
 * @param fragment - `location.hash` of the link that the platform gave.
 */
export function useConsent(fragment: string): ConsentFlow {
  const wallet = useWallet();
  const credential = wallet.held.kind === 'credential' ? wallet.held.credential : undefined;
  const { timeZone } = wallet.config.register;
  const [phase, setPhase] = useState<Phase>({ name: 'reading' });
  const [preparation, setPreparation] = useState<Preparation>({ state: 'preparing' });
  const [pending, setPending] = useState<PendingRequest>();
  const [consent, setConsent] = useState<Consent>();
  const [attempt, setAttempt] = useState(0);
  const armed = useRef<Promise<ArmedPresentation>>();
  const ending = useRef(new AbortController());

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    ending.current = controller;
    armed.current = undefined;
    const begin = async (): Promise<void> => {
      setPhase({ name: 'reading' });
      const { version } = await sharedProver().info();
      const read = await readRequest(fragment, { fetch: anonymousFetch, clock, timeZone, version, signal });
      setPending(read);
      if (credential !== undefined) {
        const shown = consentOf(read, credential, poseidon);
        setConsent(shown);
        if (shown.unmet.length === 0) {
          armed.current = prepare(wallet, credential, read, signal, setPreparation);
          armed.current.catch((error: unknown) => setPreparation({ state: 'failed', code: codeOf(error) }));
        }
      }
      setPhase({ name: 'sheet' });
    };
    begin().catch((error: unknown) => {
      if (!signal.aborted) {
        setPhase({ name: 'problem', code: codeOf(error) });
      }
    });
    return () => {
      controller.abort();
      // Nothing else interrupts a proof; the armed record ends with its worker.
      endProver();
    };
  }, [fragment, attempt]);

  const agree = useCallback(async () => {
    const { signal } = ending.current;
    if (pending === undefined || armed.current === undefined) {
      return;
    }
    try {
      setPhase({ name: 'waiting' });
      const ready = await armed.current;
      setPhase({ name: 'proving', fraction: undefined });
      performance.mark('bauta:proving');
      const deps = { prover: sharedProver(), poseidon, clock };
      const presentation = await firePresentation(ready, deps);
      performance.mark('bauta:proved');
      setPhase({ name: 'delivering' });
      const { redirectUri } = await deliver(pending, presentation, { fetch: anonymousFetch, clock, signal });
      setPhase({ name: redirectUri === undefined ? 'other_device' : 'delivered' });
      if (redirectUri !== undefined) {
        location.replace(redirectUri);
      }
    } catch (error) {
      if (!signal.aborted) {
        setPhase({ name: 'problem', code: codeOf(error) });
      }
    }
  }, [pending]);

  const cancel = useCallback(() => {
    ending.current.abort();
    endProver();
    setPhase({ name: 'cancelled' });
  }, []);

  const restart = useCallback(() => setAttempt((number) => number + 1), []);

  return { phase, preparation, pending, consent, agree, cancel, restart };
}
