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
import { type ActivityEntry, recordActivity } from '../activity.ts';
import { chooseCredential } from '../credentials.ts';
import { type Consent, consentOf, deliver, firePresentation, type PendingRequest, readRequest } from '../present.ts';
import { chooseIndex, markUsed } from '../limits.ts';
import { anonymousFetch, clock, random } from './browser.ts';
import { holdUnlocked } from './inactivity.ts';
import { forget, LOADING, prepare, type Preparation, type Ready, remember } from './consent_prepare.ts';
import { codeOf } from './problems.ts';
import { holdProver, loadAhead, sharedProver, useWallet, type WalletContext } from './wallet_context.ts';

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
  /** Known if there is a credential to answer with, and the wallet is unlocked. */
  readonly consent: Consent | undefined;
  /** On another device: the code to type on the screen that began. */
  readonly code: string | undefined;
  /** Credentials that are active in the register, if fewer than {@link CROWD}. */
  readonly fewActive: number | undefined;
  readonly agree: () => Promise<void>;
  readonly cancel: () => void;
  /** Begins anew with the same link. */
  readonly restart: () => void;
}

/** Below so many active credentials the holder is told that the crowd is small. */
export const CROWD = 1000;

/** Adds what was done to the holder's own list; a login does not fail because of it. */
async function note(
  { store }: WalletContext,
  pending: PendingRequest,
  shown: Consent,
  outcome: ActivityEntry['outcome'],
): Promise<void> {
  const { origin, ask, request } = pending;
  const { disclosed, sub } = shown;
  const entry: ActivityEntry = {
    at: clock(),
    origin,
    outcome,
    ask,
    disclosed: outcome === 'shared' ? disclosed : {},
    ...(outcome === 'shared' && sub !== undefined ? { sub } : {}),
    ...(request.channel === 'cross_device' ? { crossDevice: true } : {}),
  };
  await store.changeActivity((activity) => recordActivity(activity, entry)).catch(() => undefined);
}

/**
 * Follows one request. It is read while the wallet is locked, so that who asks is shown above the lock.
 *
 * @param fragment - `location.hash` of the link that the platform gave.
 */
export function useConsent(fragment: string): ConsentFlow {
  const wallet = useWallet();
  const { store, held, config } = wallet;
  const { credentials } = held;
  const { timeZone } = config.register;
  const [phase, setPhase] = useState<Phase>({ name: 'reading' });
  const [preparation, setPreparation] = useState<Preparation>(LOADING);
  const [pending, setPending] = useState<PendingRequest>();
  const [consent, setConsent] = useState<Consent>();
  const [code, setCode] = useState<string>();
  const [fewActive, setFewActive] = useState<number>();
  const [attempt, setAttempt] = useState(0);
  const armed = useRef<Promise<Ready>>();
  const ending = useRef(new AbortController());
  /** A download goes on when the holder turns to another page of the wallet, and ends when they decline. */
  const leaveDownload = useRef<() => void>();

  useEffect(() => {
    const controller = new AbortController();
    const letGo = holdProver();
    const { signal } = controller;
    ending.current = controller;
    armed.current = undefined;
    const begin = async (): Promise<void> => {
      setPhase({ name: 'reading' });
      setConsent(undefined);
      const { version } = await sharedProver().info();
      const deps = { fetch: anonymousFetch, clock, timeZone, version, showsTransactions: true, signal };
      setPending(await readRequest(fragment, deps));
      setPhase({ name: 'sheet' });
      // The key is no secret: it is loaded while the holder unlocks.
      const before = leaveDownload.current;
      leaveDownload.current = loadAhead('show');
      before?.();
    };
    begin().catch((error: unknown) => {
      if (!signal.aborted) setPhase({ name: 'problem', code: codeOf(error) });
    });
    return () => {
      controller.abort();
      forget(armed.current);
      letGo();
    };
  }, [fragment, attempt]);

  // Arming begins when request and credential are both there, while the holder reads.
  // Before a PIN protects it, a credential is of no use.
  const seed = held.state === 'unlocked' ? credentials[0]?.leaf : undefined;
  useEffect(() => {
    const { signal } = ending.current;
    if (seed === undefined) {
      // Locked meanwhile: what was armed is wiped already.
      armed.current = undefined;
      setConsent(undefined);
    }
    if (pending === undefined || seed === undefined || signal.aborted) return;
    const begin = async (): Promise<void> => {
      const asked = await chooseIndex(pending, { vault: await store.safe.secrets(), clock });
      const credential = chooseCredential(asked, credentials, poseidon);
      if (credential === undefined) return;
      const shown = consentOf(asked, credential, poseidon);
      if (shown.unmet.length === 0) {
        armed.current = prepare(wallet, credential, asked, signal, setPreparation);
        armed.current.then(
          ({ active }) => setFewActive(active < CROWD ? active : undefined),
          (error: unknown) => {
            if (!signal.aborted) setPreparation({ state: 'failed', code: codeOf(error) });
          },
        );
      }
      setConsent(shown);
    };
    begin().catch((error: unknown) => {
      if (!signal.aborted) setPhase({ name: 'problem', code: codeOf(error) });
    });
  }, [pending, seed]);

  const agree = useCallback(async () => {
    performance.mark('bauta:tap');
    const { signal } = ending.current;
    if (pending === undefined || consent === undefined || armed.current === undefined) {
      return;
    }
    const letLock = holdUnlocked();
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
      const answered = ready.armed.pending;
      const uses = { vault: await store.safe.secrets(), clock };
      let noted: Promise<void> | undefined;
      // Whatever the platform answers, or does not: it has what is sent, and stands in the holder's list.
      const onSend = (): void => void (noted = note(wallet, answered, consent, 'shared'));
      const sent = deliver(answered, presentation, { fetch: anonymousFetch, clock, random, signal, onSend });
      const [{ redirectUri, confirmationCode }] = await Promise.all([
        sent.finally(() => performance.mark('bauta:verified')),
        remember(wallet, ready),
      ]);
      await Promise.all([noted, markUsed(answered, uses).catch(() => undefined)]);
      setCode(confirmationCode);
      setPhase({ name: redirectUri === undefined ? 'other_device' : 'delivered' });
      if (redirectUri !== undefined) {
        location.replace(redirectUri);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (codeOf(error) === 'limit_index_used') {
        // A wallet that was restored has forgotten which times it used: the next one is shown for consent.
        const { armed: used } = await armed.current;
        await markUsed(used.pending, { vault: await store.safe.secrets(), clock });
        setAttempt((number) => number + 1);
        return;
      }
      setPhase({ name: 'problem', code: codeOf(error) });
    } finally {
      letLock();
    }
  }, [pending, consent]);

  const cancel = useCallback(() => {
    ending.current.abort();
    leaveDownload.current?.();
    forget(armed.current);
    setPhase({ name: 'cancelled' });
    if (pending !== undefined && consent !== undefined) void note(wallet, pending, consent, 'declined');
  }, [pending, consent]);

  const restart = useCallback(() => setAttempt((number) => number + 1), []);

  return { phase, preparation, pending, consent, code, fewActive, agree, cancel, restart };
}
