// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The course of an enrolment over its pages. Each step's result is kept before the next begins, so that a
 * reload, or a page that was killed, goes on where it was, or says that it has to begin again.
 *
 * @module
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { poseidon } from '../../commitment/poseidon.ts';
import { type EnrolDeps, openEnrolment } from '../enrol.ts';
import { type PendingEnrolment, type Purpose, purposeOf } from '../pending.ts';
import { standingOf } from '../standing.ts';
import { anonymousFetch, clock, random } from './browser.ts';
import { holdUnlocked } from './inactivity.ts';
import { codeOf } from './problems.ts';
import { enrolAlone } from './tabs.ts';
import { sharedProver, useWallet, type WalletContext } from './wallet_context.ts';

/** What steps of an enrolment need. */
export interface Flow {
  readonly deps: EnrolDeps & { readonly signal: AbortSignal };
  readonly pending: PendingEnrolment;
  /** Keeps what a step has achieved. */
  readonly advance: (change: Partial<PendingEnrolment>) => Promise<void>;
  /** Gives up this session and begins with the first step. */
  readonly restart: () => Promise<void>;
}

/** How the enrolment stands. */
export type FlowState =
  | { readonly state: 'starting' | 'elsewhere' }
  | { readonly state: 'failed'; readonly code: string; readonly retry: () => void }
  | { readonly state: 'open'; readonly flow: Flow };

/** Dependencies of everything that talks to the issuer. */
export function enrolDeps<Signal extends AbortSignal>(
  { config }: Pick<WalletContext, 'config'>,
  signal: Signal,
): EnrolDeps & { readonly signal: Signal } {
  const { issuer, register } = config;
  return {
    issuer,
    register,
    fetch: anonymousFetch,
    clock,
    random,
    // The one that runs when it is needed: a step that is tried again must not meet one that has failed.
    get prover() {
      return sharedProver();
    },
    poseidon,
    signal,
  };
}

/** Codes by which the issuer says that a session is over. */
export const ENDED: ReadonlySet<string> = new Set(['attempts_exhausted', 'enrolment_unknown', 'seed_already_enrolled']);

/**
 * What is kept of an enrolment whose session is over: nothing, unless the credential was asked for. Then the
 * seed may be the person's already, and another would be refused.
 */
function remainder(pending: PendingEnrolment | undefined): Pick<PendingEnrolment, 'asked' | 'restored'> | undefined {
  if (pending?.asked !== true) return undefined;
  return { asked: true, ...(pending.restored === true ? { restored: true } : {}) };
}

/**
 * Opens a session at the issuer, or goes on with the one that is kept.
 *
 * @param purpose - What the page is for; what is kept may say otherwise.
 */
export function useEnrolment(purpose: Purpose): FlowState {
  const wallet = useWallet();
  const { store, held, refresh } = wallet;
  const [turn, setTurn] = useState<boolean>();
  const [problem, setProblem] = useState<string>();
  const [checked, setChecked] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const ending = useRef(new AbortController());
  const { pending } = held;

  useEffect(() => {
    const leaving = new AbortController();
    ending.current = leaving;
    const letLock = holdUnlocked();
    enrolAlone(leaving.signal, () => setTurn(true));
    const timer = setTimeout(() => setTurn((mine) => mine ?? false), 500);
    return () => {
      clearTimeout(timer);
      leaving.abort();
      letLock();
    };
  }, []);

  useEffect(() => {
    if (turn !== true) return;
    const { signal } = ending.current;
    const open = async (over: PendingEnrolment | undefined): Promise<void> => {
      const kept = remainder(over);
      const seed = kept === undefined ? held.credentials[0]?.seed : over?.enrolment.seed;
      const wanted = purposeOf(over, purpose);
      const isNew = seed === undefined || (wanted === 'reset' && kept === undefined);
      const enrolment = await openEnrolment(enrolDeps(wallet, signal), isNew ? {} : { seed });
      await store.savePending({ enrolment, purpose: wanted, stage: 'document', ...kept });
    };
    const begin = async (): Promise<void> => {
      const kept = (await store.held()).pending;
      if (kept === undefined || purposeOf(kept, purpose) !== kept.purpose) {
        await open(kept);
      } else {
        // What the issuer has accepted counts, not what was kept when the page was closed.
        const stage = await standingOf(enrolDeps(wallet, signal), kept.enrolment);
        if (stage === 'ended') {
          await open(kept);
          if (kept.stage !== 'document') setProblem('enrolment_unknown');
        } else if (stage !== kept.stage && !(stage === 'phone' && kept.stage === 'request')) {
          await store.savePending({ ...kept, stage });
        }
      }
      await refresh();
      setChecked(true);
    };
    begin().catch((error: unknown) => {
      if (!signal.aborted) setProblem(codeOf(error));
    });
    // Once for each attempt: what the steps change meanwhile is theirs.
  }, [turn, attempt]);

  const again = useCallback(() => {
    setProblem(undefined);
    setChecked(false);
    setAttempt((number) => number + 1);
  }, []);
  const restart = useCallback(async () => {
    const kept = (await store.held()).pending;
    // Another session with the same seed, if that may be the person's already.
    if (kept?.asked === true) await store.savePending({ ...kept, enrolment: { ...kept.enrolment, id: '-' } });
    else await store.dropPending();
    await refresh();
    again();
  }, [store]);
  const advance = useCallback(
    async (change: Partial<PendingEnrolment>) => {
      const now = (await store.held()).pending;
      if (now !== undefined) await store.savePending({ ...now, ...change });
      await refresh();
    },
    [store],
  );

  return useMemo(() => {
    if (problem !== undefined) return { state: 'failed', code: problem, retry: again };
    if (turn === false) return { state: 'elsewhere' };
    if (!checked || pending === undefined) return { state: 'starting' };
    const deps = enrolDeps(wallet, ending.current.signal);
    return { state: 'open', flow: { deps, pending, advance, restart } };
  }, [problem, turn, checked, pending]);
}
