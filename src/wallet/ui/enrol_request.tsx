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
import { asNewcomer, REFUSED_IN_FULL, wishOf } from '../wish.ts';
import { random } from './browser.ts';
import { ENDED, type Flow } from './enrol_flow.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Panel, Problem, Progress } from './parts.tsx';
import { codeOf } from './problems.ts';
import { holdProver, loadAhead, useWallet } from './wallet_context.ts';

/** Neither the person nor the seed has ever had a credential. */
const UNKNOWN = 'person_unknown';

/** Asks for the credential as soon as it is shown. */
export function RequestStep({ flow }: { readonly flow: Flow }): VNode {
  const { enrol } = useStrings();
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
      // The seed of this wallet is nobody's.
      if (REFUSED_IN_FULL.has(codeOf(error))) await flow.advance({ asked: false });
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
        <Refusal
          flow={flow}
          code={problem}
          onAgain={() => {
            setProblem(undefined);
            setAttempt(attempt + 1);
          }}
        />
      )}
    </>
  );
}

/** What was refused, and which ways there are from here. The same wish again is none where it cannot be granted. */
function Refusal(props: { readonly flow: Flow; readonly code: string; readonly onAgain: () => void }): VNode {
  const { flow, code, onAgain } = props;
  const { recover, retry } = useStrings();
  const { held } = useWallet();
  if (code === UNKNOWN) {
    return (
      <>
        <p>{recover.unknownAdvice}</p>
        <Problem code={code}>
          {held.credentials.length === 0 && (
            <Button kind="primary" name="first" onClick={() => flow.advance(asNewcomer(flow.pending, random))}>
              {recover.first}
            </Button>
          )}
          <OtherDocument flow={flow} />
        </Problem>
      </>
    );
  }
  if (REFUSED_IN_FULL.has(code)) {
    return (
      <Problem code={code}>
        <Button kind="primary" onClick={() => flow.advance({ purpose: 'restore', restored: false })}>
          {recover.restore}
        </Button>
        {flow.pending.purpose !== 'reset' && (
          <Button onClick={() => flow.advance({ purpose: 'reset' })}>{recover.reset}</Button>
        )}
        <OtherDocument flow={flow} />
      </Problem>
    );
  }
  return (
    <Problem code={code}>
      <Button kind="primary" onClick={() => (ENDED.has(code) ? flow.restart() : onAgain())}>
        {retry}
      </Button>
    </Problem>
  );
}

function OtherDocument({ flow }: { readonly flow: Flow }): VNode {
  const { enrol } = useStrings();
  return (
    <Button name="other" onClick={flow.restart}>
      {enrol.otherDocument}
    </Button>
  );
}
