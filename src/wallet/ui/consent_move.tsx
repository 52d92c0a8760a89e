// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A platform has moved to another address, and asks its visitor to link the two pseudonyms: what no other
 * request does, so both addresses stand large, and what is linked is said before anything is prepared.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { poseidon } from '../../commitment/poseidon.ts';
import { type ActivityEntry, recordActivity } from '../activity.ts';
import { chooseCredential } from '../credentials.ts';
import { freshSynced } from '../keep_synced.ts';
import {
  armMove,
  type ArmedMove,
  discardMove,
  fireMove,
  type MoveConsent,
  moveConsentOf,
  type PendingMove,
  readMove,
} from '../move.ts';
import { anonymousFetch, clock } from './browser.ts';
import { BeforeAnswer, Unmet } from './consent_parts.tsx';
import { holdUnlocked } from './inactivity.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Notice, PageLink, Problem, Progress } from './parts.tsx';
import { codeOf } from './problems.ts';
import { shortSub } from './short_sub.ts';
import { syncDeps } from './syncing.ts';
import { holdProver, loadAhead, sharedProver, useWallet } from './wallet_context.ts';

const hostOf = (origin: string): string => new URL(origin).host;

/** Wipes what was armed, once it is. */
function forget(armed: Promise<ArmedMove> | undefined): void {
  void armed?.then((both) => discardMove(both, { prover: sharedProver() })).catch(() => undefined);
}

/**
 * The page of a link that asks for a move.
 *
 * @param props - `fragment` as the platform gave it.
 */
export function MovePage({ fragment }: { readonly fragment: string }): VNode {
  const strings = useStrings();
  const { move: texts, consent: words, toStart, retry } = strings;
  const wallet = useWallet();
  const { held, config } = wallet;
  const [pending, setPending] = useState<PendingMove>();
  const [shown, setShown] = useState<MoveConsent>();
  const [phase, setPhase] = useState<'reading' | 'sheet' | 'working' | 'cancelled'>('reading');
  const [problem, setProblem] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const armed = useRef<Promise<ArmedMove>>();
  const ending = useRef(new AbortController());
  /** A download ends when the holder declines, if only this page waited for it. */
  const leaveDownload = useRef<() => void>();
  const { timeZone } = config.register;

  const fail = (error: unknown): void => {
    if (!ending.current.signal.aborted) setProblem(codeOf(error));
  };
  useEffect(() => {
    const controller = new AbortController();
    ending.current = controller;
    const ends = [holdProver(), holdUnlocked()];
    const { signal } = controller;
    const read = async (): Promise<void> => {
      const { version } = await sharedProver().info();
      setPending(await readMove(fragment, { fetch: anonymousFetch, clock, timeZone, version, signal }));
      setPhase('sheet');
      const before = leaveDownload.current;
      leaveDownload.current = loadAhead('show');
      before?.();
    };
    read().catch(fail);
    return () => {
      controller.abort();
      forget(armed.current);
      ends.forEach((end) => end());
    };
  }, [fragment, attempt]);

  // One that no PIN protects yet proves nothing.
  const leaf = held.state === 'unlocked' ? held.credentials[0]?.leaf : undefined;
  useEffect(() => {
    const { signal } = ending.current;
    if (pending === undefined || leaf === undefined) {
      setShown(undefined);
      return;
    }
    const prepare = async (): Promise<void> => {
      const credential = chooseCredential(pending.new, held.credentials, poseidon);
      if (credential === undefined) return;
      const what = moveConsentOf(pending, credential, poseidon);
      setShown(what);
      if (what.unmet.length > 0) return;
      const arm = async (): Promise<ArmedMove> => {
        const synced = await freshSynced(syncDeps(wallet, credential, signal), () => undefined);
        return armMove(pending, credential, synced, { prover: sharedProver(), poseidon, clock, signal });
      };
      // Begun before the sheet is drawn: whoever agrees at once waits for it.
      armed.current = arm();
      await armed.current;
    };
    prepare().catch(fail);
  }, [pending, leaf]);

  /** Adds both addresses to the holder's own list; a move does not fail because of it. */
  const note = async (outcome: ActivityEntry['outcome']): Promise<void> => {
    if (pending === undefined || shown === undefined) return;
    const { ask } = pending.new;
    const entries = [shown.from, shown.to].map(({ origin, sub }): ActivityEntry => {
      return { at: clock(), origin, outcome, ask, disclosed: {}, ...(outcome === 'shared' ? { sub } : {}) };
    });
    await wallet.store.changeActivity((activity) => entries.reduce(recordActivity, activity)).catch(() => undefined);
  };
  const agree = async (): Promise<void> => {
    if (armed.current === undefined) return;
    setPhase('working');
    const { signal } = ending.current;
    try {
      const deps = { prover: sharedProver(), poseidon, clock, fetch: anonymousFetch, signal };
      const back = await fireMove(await armed.current, deps);
      await note('shared');
      location.replace(back);
    } catch (error) {
      fail(error);
    }
  };
  const decline = (): void => {
    ending.current.abort();
    leaveDownload.current?.();
    forget(armed.current);
    setPhase('cancelled');
    void note('declined');
  };

  const wayBack = pending !== undefined && (
    <a class="button plain" href={pending.move.to}>
      {words.returnTo(hostOf(pending.move.to))}
    </a>
  );
  return (
    <div class="stack narrow" data-phase={phase} data-move>
      {problem !== undefined && (
        <Problem code={problem} alone>
          <Button
            kind="primary"
            onClick={() => {
              setProblem(undefined);
              setAttempt(attempt + 1);
            }}
          >
            {retry}
          </Button>
          <PageLink to="welcome" class="button plain">
            {toStart}
          </PageLink>
        </Problem>
      )}
      {pending === undefined && problem === undefined && (
        <p class="soft" role="status">
          {words.reading}
        </p>
      )}
      {pending !== undefined && problem === undefined && (
        <article class="sheet">
          <header class="asker">
            <Heading>
              <span class="block">{hostOf(pending.move.from)}</span>
              <span class="block">→ {hostOf(pending.move.to)}</span>
            </Heading>
            <p>{texts.says}</p>
          </header>
          {phase === 'sheet' && shown === undefined && <BeforeAnswer origin={pending.move.to} fragment={fragment} />}
          {phase === 'cancelled' && (
            <div class="stack">
              <Notice tone="info" title={words.cancelled}>
                {words.cancelledText}
              </Notice>
              <div class="actions">{wayBack}</div>
            </div>
          )}
          {phase === 'working' && <Progress label={words.arming} />}
          {phase === 'sheet' && shown !== undefined && shown.unmet.length > 0 && (
            <Unmet reasons={shown.unmet} wayBack={wayBack} />
          )}
          {phase === 'sheet' && shown !== undefined && shown.unmet.length === 0 && (
            <div class="stack">
              <Notice tone="warn" title={texts.links}>
                <p>
                  {texts.linksText(
                    `${shortSub(shown.from.sub)} (${hostOf(shown.from.origin)})`,
                    `${shortSub(shown.to.sub)} (${hostOf(shown.to.origin)})`,
                  )}
                </p>
              </Notice>
              <p>{texts.onlyIf(hostOf(pending.move.from), hostOf(pending.move.to))}</p>
              <div class="actions wide">
                <Button kind="primary" onClick={agree}>
                  {texts.agree}
                </Button>
                <Button onClick={decline}>{words.decline}</Button>
              </div>
            </div>
          )}
        </article>
      )}
    </div>
  );
}
