// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The course of one request: read, prepare while the holder reads, prove, deliver. Between the start of
 * proving and the delivery nothing leaves the wallet.
 *
 * Moments are marked for the browser's timeline: `bauta:kept` if an earlier record serves, `bauta:tap`,
 * `bauta:proving`, `bauta:proved`, `bauta:verified`.
 *
 * @module
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { poseidon } from '../../commitment/poseidon.ts';
import { dateInZone } from '../../protocol/dates.ts';
import type { ShowStatement } from '../../protocol/statement.ts';
import type { Credential } from '../credential.ts';
import { freshSynced } from '../keep_synced.ts';
import { dropOutdated, keep, openKept } from '../kept.ts';
import {
  type ArmedPresentation,
  armPresentation,
  type Consent,
  consentOf,
  deliver,
  discard,
  firePresentation,
  type PendingRequest,
  readRequest,
} from '../present.ts';
import type { ArmedHandle } from '../prover.ts';
import { anonymousFetch, clock } from './browser.ts';
import { codeOf } from './problems.ts';
import type { WorkerProver } from './proving.ts';
import { syncDeps } from './syncing.ts';
import { holdProver, sharedProver, useWallet, type WalletContext } from './wallet_context.ts';

/** What happens before the holder agrees. */
export type Preparation =
  | { readonly state: 'syncing' | 'ready' }
  | { readonly state: 'downloading'; readonly fraction: number }
  | { readonly state: 'preparing'; readonly fraction: number | undefined }
  | { readonly state: 'failed'; readonly code: string };

/** Where the request stands. */
type Phase =
  | { readonly name: 'reading' | 'sheet' | 'waiting' | 'delivering' | 'delivered' | 'other_device' | 'cancelled' }
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

const LOADING: Preparation = { state: 'preparing', fraction: undefined };

/** A presentation that waits for consent, where it is armed, and its record for the next visit. */
interface Ready {
  readonly prover: WorkerProver;
  readonly armed: ArmedPresentation;
  readonly sealed: Uint8Array;
}

async function prepare(
  wallet: WalletContext,
  credential: Credential,
  pending: PendingRequest,
  signal: AbortSignal,
  tell: OnPreparation,
): Promise<Ready> {
  const prover = sharedProver();
  const { store, config } = wallet;
  // Progress comes by another way than results, and may come after them.
  let stage = 0;
  const during = (state: 'downloading' | 'preparing'): ((fraction: number) => void) => {
    const mine = ++stage;
    return (fraction) => {
      if (mine === stage && fraction < 1) tell({ state, fraction });
    };
  };
  const loading = prover.load('show', during('downloading'), signal);
  const syncing = freshSynced(syncDeps(wallet, credential, signal), () => tell({ state: 'syncing' }));
  const [synced, list] = await Promise.all([syncing, store.kept(), loading]);
  tell(LOADING);
  const kept = dropOutdated(list, synced, dateInZone(clock(), config.register.timeZone));
  const open = async (statement: ShowStatement): Promise<ArmedHandle | undefined> => {
    const handle = await openKept(kept, statement, prover, signal);
    if (handle !== undefined) performance.mark('bauta:kept');
    return handle;
  };
  const armed = await armPresentation(
    pending,
    credential,
    synced,
    { prover, poseidon, clock, signal, openKept: open },
    during('preparing'),
  );
  stage++;
  const sealed = await prover.seal(armed.handle);
  tell({ state: 'ready' });
  return { prover, armed, sealed };
}

/** Keeps the record for the next visit; a login does not fail because of it. */
async function remember({ store }: WalletContext, { armed, sealed }: Ready): Promise<void> {
  await store.saveKept(keep(await store.kept(), armed, sealed)).catch(() => undefined);
}

/** Wipes what is armed, or will be; the loaded key stays. */
function forget(ready: Promise<Ready> | undefined): void {
  ready?.then(({ armed, prover }) => discard(armed, { prover })).catch(() => undefined);
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
  const [preparation, setPreparation] = useState<Preparation>(LOADING);
  const [pending, setPending] = useState<PendingRequest>();
  const [consent, setConsent] = useState<Consent>();
  const [attempt, setAttempt] = useState(0);
  const armed = useRef<Promise<Ready>>();
  const ending = useRef(new AbortController());

  useEffect(() => {
    const controller = new AbortController();
    const letGo = holdProver();
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
          armed.current.catch((error: unknown) => {
            if (!signal.aborted) setPreparation({ state: 'failed', code: codeOf(error) });
          });
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
      forget(armed.current);
      letGo();
    };
  }, [fragment, attempt]);

  const agree = useCallback(async () => {
    performance.mark('bauta:tap');
    const { signal } = ending.current;
    if (pending === undefined || armed.current === undefined) {
      return;
    }
    try {
      setPhase({ name: 'waiting' });
      const ready = await armed.current;
      signal.throwIfAborted();
      performance.mark('bauta:proving');
      const { prover } = ready;
      const presentation = await firePresentation(ready.armed, { prover, poseidon, clock });
      performance.mark('bauta:proved');
      signal.throwIfAborted();
      setPhase({ name: 'delivering' });
      const sent = deliver(pending, presentation, { fetch: anonymousFetch, clock, signal });
      const [{ redirectUri }] = await Promise.all([
        sent.finally(() => performance.mark('bauta:verified')),
        remember(wallet, ready),
      ]);
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
    forget(armed.current);
    setPhase({ name: 'cancelled' });
  }, []);

  const restart = useCallback(() => setAttempt((number) => number + 1), []);

  return { phase, preparation, pending, consent, agree, cancel, restart };
}
