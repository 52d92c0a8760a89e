// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * First step of an enrolment: which kind of document, what becomes of it, and where its data come from.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { DOCUMENT_KINDS, type DocumentKind } from '../../protocol/attributes.ts';
import { sendDocument } from '../enrol.ts';
import { ENDED, type Flow } from './enrol_flow.ts';
import { CompanionEvidence } from './enrol_companion.tsx';
import { FileEvidence, SampleEvidence } from './enrol_evidence.tsx';
import { localName } from './facts.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Panel, Problem, Progress } from './parts.tsx';
import { codeOf } from './problems.ts';
import type { Evidence } from './samples.ts';
import { loadAhead, useWallet } from './wallet_context.ts';

function isKind(name: string): name is DocumentKind {
  return Object.hasOwn(DOCUMENT_KINDS, name);
}

/**
 * The step.
 *
 * @param props - `onEvidence` takes what the next step can use.
 */
export function DocumentStep(props: { readonly flow: Flow; readonly onEvidence: (evidence: Evidence) => void }): VNode {
  const { flow } = props;
  const kinds = flow.pending.enrolment.documentKinds.filter(isKind);
  const [kind, setKind] = useState<DocumentKind | undefined>(flow.pending.kind);
  return kind === undefined ? (
    <KindChoice kinds={kinds} onKind={setKind} />
  ) : (
    <Reading {...props} kind={kind} onBack={() => setKind(undefined)} />
  );
}

function KindChoice(props: {
  readonly kinds: readonly DocumentKind[];
  readonly onKind: (kind: DocumentKind) => void;
}): VNode {
  const strings = useStrings();
  const { enrol, credential } = strings;
  const { config } = useWallet();
  return (
    <>
      <Heading>{enrol.kindTitle}</Heading>
      <ul class="choices">
        {props.kinds.map((kind) => (
          <li key={kind}>
            <button type="button" class="choice" data-kind={kind} onClick={() => props.onKind(kind)}>
              <span>
                {credential.documents[kind]}
                <span class="note soft">{enrol.kindNotes[kind]}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <Panel tone="sunken">
        <dl class="explain">
          <dt>{enrol.toIssuer(localName(config.issuer.name, strings))}</dt>
          <dd>{enrol.toIssuerText}</dd>
          <dt>{enrol.staysHere}</dt>
          <dd>{enrol.staysHereText}</dd>
        </dl>
      </Panel>
    </>
  );
}

function Reading(props: {
  readonly flow: Flow;
  readonly kind: DocumentKind;
  readonly onBack: () => void;
  readonly onEvidence: (evidence: Evidence) => void;
}): VNode {
  const strings = useStrings();
  const { enrol, credential, back, retry } = strings;
  const { flow, kind } = props;
  const { config } = useWallet();
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string>();

  const send = async (evidence: Evidence): Promise<void> => {
    setProblem(undefined);
    setSending(true);
    loadAhead('issue');
    try {
      await sendDocument(flow.deps, flow.pending.enrolment, evidence.files);
      props.onEvidence(evidence);
      await flow.advance({ stage: 'face', kind, sample: evidence.sample });
    } catch (error) {
      if (!flow.deps.signal.aborted) setProblem(codeOf(error));
      setSending(false);
    }
  };

  if (problem !== undefined) {
    return (
      <>
        <Heading>{credential.documents[kind]}</Heading>
        <Problem code={problem}>
          <Button kind="primary" onClick={() => (ENDED.has(problem) ? flow.restart() : setProblem(undefined))}>
            {retry}
          </Button>
          <Button onClick={props.onBack}>{enrol.otherDocument}</Button>
        </Problem>
      </>
    );
  }
  if (sending) {
    return (
      <>
        <Heading>{credential.documents[kind]}</Heading>
        <Panel>
          <Progress label={enrol.checkingDocument} />
        </Panel>
      </>
    );
  }
  return (
    <>
      <Heading>{config.demo ? enrol.choose : credential.documents[kind]}</Heading>
      {config.demo && <SampleEvidence kind={kind} onEvidence={send} />}
      {kind === 'passport' && <CompanionEvidence onEvidence={send} />}
      {kind === 'passport' && !config.demo && <FileEvidence onEvidence={send} />}
      <div class="actions">
        <Button onClick={props.onBack}>{back}</Button>
      </div>
    </>
  );
}
