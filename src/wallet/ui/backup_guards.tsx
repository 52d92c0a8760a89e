// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sets a PIN up at the guards and has the issuer keep the sealed seed: at the end of an enrolment, or later.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { sealWithPin, storeBackups } from '../life.ts';
import { enrolDeps } from './enrol_flow.ts';
import { localName } from './facts.ts';
import { holdUnlocked } from './inactivity.ts';
import { useStrings } from './language.tsx';
import { Button, Panel, Problem } from './parts.tsx';
import { codeOf } from './problems.ts';
import { holdProver, useWallet } from './wallet_context.ts';

type Done = 'nothing' | 'registered' | 'stored';
const ORDER: readonly Done[] = ['nothing', 'registered', 'stored'];

/**
 * Runs as soon as it is shown.
 *
 * @param props - `onLater`: the holder goes on without; a backup can be made another day.
 */
export function GuardSetup(props: {
  readonly pin: string;
  readonly onDone: () => void;
  readonly onLater: () => void;
}): VNode {
  const strings = useStrings();
  const { backup, retry } = strings;
  const wallet = useWallet();
  const { config, store, held } = wallet;
  const [done, setDone] = useState<Done>('nothing');
  const [problem, setProblem] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const owner = held.credentials[0] ?? held.signed;

  useEffect(() => {
    const leaving = new AbortController();
    const ends = [holdProver(), holdUnlocked()];
    const run = async (): Promise<void> => {
      if (owner === undefined) return;
      const deps = enrolDeps(wallet, leaving.signal);
      setDone('nothing');
      const birth = owner.attributes.birth;
      const sealed = await sealWithPin(deps, config.guards, owner.seed, { pin: props.pin, birth });
      const { records, eraseTokens } = sealed.keyring;
      // What is registered can be erased later, whatever becomes of the backup.
      await store.changeBackups(({ guards, toErase = [], ...rest }) => ({
        ...rest,
        guards: { records, eraseTokens },
        ...(guards === undefined ? {} : { toErase: [...toErase, guards] }),
      }));
      setDone('registered');
      await storeBackups(deps, owner.seed, { guards: sealed.backup });
      await store.changeBackups((notes) => ({ ...notes, stored: true }));
      setDone('stored');
      await wallet.refresh();
      props.onDone();
    };
    run().catch((error: unknown) => {
      if (!leaving.signal.aborted) setProblem(codeOf(error));
    });
    return () => {
      leaving.abort();
      ends.forEach((end) => end());
    };
  }, [attempt]);

  const rows = [
    { step: 'registered' as const, text: backup.guards(config.guards.map(({ name }) => localName(name, strings))) },
    { step: 'stored' as const, text: backup.stored(localName(config.issuer.name, strings)) },
  ];
  return (
    <>
      <Panel>
        <ol class="checklist" aria-live="polite">
          {rows.map(({ step, text }) => {
            const at = ORDER.indexOf(step) - ORDER.indexOf(done);
            const state = at <= 0 ? 'done' : at > 1 ? 'later' : problem === undefined ? 'now' : 'failed';
            return (
              <li key={step} class={state} data-step={step}>
                <span class="tick" aria-hidden="true" />
                <span>
                  {text}
                  <span class="hidden"> ({strings.enrol.state[state === 'failed' ? 'later' : state]})</span>
                </span>
              </li>
            );
          })}
        </ol>
      </Panel>
      {problem !== undefined && (
        <>
          <Problem code={problem}>
            <Button
              kind="primary"
              onClick={() => {
                setProblem(undefined);
                setAttempt(attempt + 1);
              }}
            >
              {retry}
            </Button>
            <Button onClick={props.onLater}>{backup.later}</Button>
          </Problem>
          <p class="soft small">{backup.laterMeans}</p>
        </>
      )}
    </>
  );
}
