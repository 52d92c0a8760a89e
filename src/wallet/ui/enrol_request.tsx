// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The credential itself: the wallet proves that it holds the seed, checks what the issuer signed, and keeps
 * it. Seed and blinding were kept before, so that an answer that is lost can be asked for again.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { requestCredential } from '../enrol.ts';
import { wishOf } from '../wish.ts';
import { ENDED, type Flow } from './enrol_flow.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Panel, Problem, Progress } from './parts.tsx';
import { codeOf } from './problems.ts';
import { holdProver, loadAhead, useWallet } from './wallet_context.ts';

/** The person has a credential under another seed. */
const TAKEN = 'person_already_enrolled';

/** Asks for the credential as soon as it is shown. */
export function RequestStep({ flow }: { readonly flow: Flow }): VNode {
  const { enrol, recover, retry } = useStrings();
  const { store, held, refresh } = useWallet();
  const [fraction, setFraction] = useState<number>();
  const [problem, setProblem] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const { deps, pending } = flow;

  useEffect(() => {
    const letGo = holdProver();
    const request = async (): Promise<void> => {
      const signed = await requestCredential(deps, pending.enrolment, {
        ...wishOf(pending, held.credentials),
        onProgress: setFraction,
        keep: () => flow.advance({ asked: true }),
      });
      await store.saveSigned(signed);
      loadAhead('show');
      await refresh();
    };
    request().catch(async (error: unknown) => {
      if (deps.signal.aborted) return;
      // Refused in full: the seed of this wallet is nobody's.
      if (codeOf(error) === TAKEN) await flow.advance({ asked: false });
      setProblem(codeOf(error));
    });
    return letGo;
    // One request for each attempt: everything else is fixed while this step is shown.
  }, [attempt]);

  return (
    <>
      <Heading>{enrol.requestTitle}</Heading>
      {problem === undefined ? (
        <Panel>
          <Progress label={enrol.proving} fraction={fraction} />
          <p class="soft small">{enrol.requestText}</p>
        </Panel>
      ) : (
        <Problem code={problem}>
          {problem === TAKEN && pending.purpose !== 'reset' ? (
            <>
              <Button kind="primary" onClick={() => flow.advance({ purpose: 'restore' })}>
                {recover.restore}
              </Button>
              <Button onClick={() => flow.advance({ purpose: 'reset' })}>{recover.reset}</Button>
              <Button name="other" onClick={flow.restart}>
                {enrol.otherDocument}
              </Button>
            </>
          ) : (
            <Button
              kind="primary"
              onClick={() => {
                if (ENDED.has(problem)) return flow.restart();
                setProblem(undefined);
                setAttempt(attempt + 1);
                return undefined;
              }}
            >
              {retry}
            </Button>
          )}
        </Problem>
      )}
    </>
  );
}
