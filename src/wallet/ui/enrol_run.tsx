// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Last stage of an enrolment: each step as the issuer and the register answer it, and the result.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { poseidon } from '../../commitment/poseidon.ts';
import type { CircuitName } from '../../protocol/artifacts.ts';
import type { Credential, SignedCredential } from '../credential.ts';
import { awaitPublication, enrol as runEnrolment, type EnrolDeps, type EnrolmentStep } from '../enrol.ts';
import { syncNow } from '../keep_synced.ts';
import { anonymousFetch, clock, random } from './browser.ts';
import { useStrings } from './language.tsx';
import { Button, Panel, Problem, Progress } from './parts.tsx';
import { codeOf } from './problems.ts';
import type { Evidence } from './samples.ts';
import { syncDeps } from './syncing.ts';
import { holdProver, sharedProver, useWallet } from './wallet_context.ts';

const STEPS: readonly EnrolmentStep[] = ['opened', 'document_accepted', 'face_accepted', 'signed', 'published'];

/**
 * Runs the enrolment as soon as it is shown.
 *
 * @param props - `evidence`, or `resumed`: a credential that only waits for its publication.
 */
export function EnrolRun(props: {
  readonly evidence: Evidence | undefined;
  readonly resumed: SignedCredential | undefined;
  readonly onRestart: () => void;
}): VNode {
  const { enrol, retry } = useStrings();
  const { config, store, refresh } = useWallet();
  const [done, setDone] = useState(props.resumed === undefined ? 0 : STEPS.indexOf('published'));
  const [fraction, setFraction] = useState<number>();
  const [problem, setProblem] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const signed = useRef(props.resumed);
  const { evidence } = props;

  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const prover = sharedProver();
    const letGo = holdProver();
    if (signed.current === undefined) loadAhead('issue');
    else loadAhead('show');
    const deps: EnrolDeps = {
      issuer: config.issuer,
      register: config.register,
      fetch: anonymousFetch,
      clock,
      random,
      prover,
      poseidon,
      signal,
    };
    const keep = async (credential: Credential): Promise<void> => {
      await store.saveCredential(credential);
      // Right after the issue, while nobody can tell it from the issue itself. A failure is made good later.
      await syncNow(syncDeps({ config, store }, credential, signal)).catch(() => undefined);
    };
    const run = async (): Promise<void> => {
      if (signed.current !== undefined) {
        await keep(await awaitPublication(deps, signed.current));
        return;
      }
      if (evidence === undefined) {
        return;
      }
      const credential = await runEnrolment(
        deps,
        { ...evidence.files, face: evidence.face },
        {
          onStep: (step) => setDone(STEPS.indexOf(step) + 1),
          onProgress: setFraction,
          save: async (made) => {
            signed.current = made;
            loadAhead('show');
            await store.saveSigned(made);
            await refresh();
          },
        },
      );
      await keep(credential);
    };
    run().then(
      () => {
        setDone(STEPS.length);
        return refresh();
      },
      (error: unknown) => {
        if (!signal.aborted) {
          setProblem(codeOf(error));
        }
      },
    );
    return () => {
      ending.abort();
      letGo();
    };
    // One run for each attempt: everything else is fixed while this part is shown.
  }, [attempt]);

  return (
    <>
      <Panel>
        <Checklist done={done} failed={problem !== undefined} />
        {problem === undefined && STEPS[done] === 'signed' && <Progress label={enrol.proving} fraction={fraction} />}
        {problem === undefined && STEPS[done] === 'published' && <p class="soft small">{enrol.waiting}</p>}
      </Panel>
      {problem !== undefined && (
        <Problem code={problem}>
          <Button
            kind="primary"
            onClick={() => {
              if (signed.current === undefined) {
                props.onRestart();
              } else {
                setProblem(undefined);
                setAttempt(attempt + 1);
              }
            }}
          >
            {retry}
          </Button>
        </Problem>
      )}
    </>
  );
}

/** Downloads what is needed next while others work; what fails is downloaded when it is needed. */
function loadAhead(circuit: CircuitName): void {
  const letGo = holdProver();
  void sharedProver()
    .load(circuit)
    .catch(() => undefined)
    .then(letGo);
}

function Checklist({ done, failed }: { readonly done: number; readonly failed: boolean }): VNode {
  const { enrol } = useStrings();
  return (
    <ol class="checklist" aria-live="polite">
      {STEPS.map((step, number) => {
        const state = number < done ? 'done' : number > done ? 'later' : failed ? 'failed' : 'now';
        return (
          <li key={step} class={state} data-step={step}>
            <span class="tick" aria-hidden="true" />
            <span>
              {enrol.steps[step]}
              <span class="hidden"> ({enrol.state[state === 'failed' ? 'later' : state]})</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
