// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * First step of an enrolment: which kind of document, what becomes of it, and where its data come from.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { DOCUMENT_KINDS, type DocumentKind } from '../../protocol/attributes.ts';
import { answerThroughCompanion } from '../companion.ts';
import { type EnrolDeps, type Enrolment, sendDocument } from '../enrol.ts';
import { answerChip, challengeChip, type ChipChallenge } from '../enrol_chip.ts';
import { ENDED, type Flow } from './enrol_flow.ts';
import { CompanionEvidence } from './enrol_companion.tsx';
import { FileEvidence, SampleEvidence } from './enrol_evidence.tsx';
import { localName } from './facts.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Panel, Problem, Progress } from './parts.tsx';
import { codeOf } from './problems.ts';
import { answerAsSample, type Evidence } from './samples.ts';
import { loadAhead, useWallet } from './wallet_context.ts';

function isKind(name: string): name is DocumentKind {
  return Object.hasOwn(DOCUMENT_KINDS, name);
}

const canAnswer = ({ sample, companion }: Evidence): boolean => sample?.chip === true || companion !== undefined;

/** Has the chip answer what the issuer asks, if it can be asked anything. */
async function answerFor({ sample, companion }: Evidence, deps: EnrolDeps, enrolment: Enrolment): Promise<void> {
  let challenge: ChipChallenge;
  try {
    challenge = await challengeChip(deps, enrolment);
  } catch (error) {
    // No fault: the credential has the level of a document whose data could be a copy.
    if (codeOf(error) === 'chip_unsupported') return;
    throw error;
  }
  if (companion !== undefined) {
    await answerChip(deps, enrolment, await answerThroughCompanion(deps, companion, challenge));
  } else if (sample !== undefined) {
    await answerChip(deps, enrolment, await answerAsSample(sample, challenge));
  }
}

/** The step. */
export function DocumentStep(props: { readonly flow: Flow }): VNode {
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

function Reading(props: { readonly flow: Flow; readonly kind: DocumentKind; readonly onBack: () => void }): VNode {
  const strings = useStrings();
  const { enrol, credential, back, retry } = strings;
  const { flow, kind } = props;
  const { config } = useWallet();
  const [sending, setSending] = useState<string>();
  const [problem, setProblem] = useState<string>();
  /** A document that was accepted, and whose chip has not answered. */
  const [unchallenged, setUnchallenged] = useState<Evidence>();

  const accept = (evidence: Evidence | undefined): Promise<void> =>
    flow.advance({ stage: 'face', kind, sample: evidence?.sample });
  const send = async (evidence: Evidence): Promise<void> => {
    setProblem(undefined);
    setUnchallenged(undefined);
    setSending(enrol.checkingDocument);
    loadAhead('issue');
    const { deps, pending } = flow;
    try {
      await sendDocument(deps, pending.enrolment, evidence.document);
      try {
        if (canAnswer(evidence)) {
          setSending(enrol.checkingChip);
          await answerFor(evidence, deps, pending.enrolment);
        }
      } catch (error) {
        setUnchallenged(evidence);
        throw error;
      }
      await accept(evidence);
    } catch (error) {
      if (!deps.signal.aborted) setProblem(codeOf(error));
      setSending(undefined);
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
          {unchallenged !== undefined && <Button onClick={() => accept(unchallenged)}>{enrol.withoutChip}</Button>}
          <Button onClick={props.onBack}>{enrol.otherDocument}</Button>
        </Problem>
      </>
    );
  }
  if (sending !== undefined) {
    return (
      <>
        <Heading>{credential.documents[kind]}</Heading>
        <Panel>
          <Progress label={sending} />
        </Panel>
      </>
    );
  }
  return (
    <>
      <Heading>{config.demo ? enrol.choose : credential.documents[kind]}</Heading>
      {config.demo && <SampleEvidence kind={kind} enrolment={flow.pending.enrolment.id} onEvidence={send} />}
      {kind === 'passport' && <CompanionEvidence onEvidence={send} />}
      {kind === 'passport' && !config.demo && <FileEvidence onEvidence={send} />}
      <div class="actions">
        <Button onClick={props.onBack}>{back}</Button>
      </div>
    </>
  );
}
