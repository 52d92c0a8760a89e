// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Enrolment: choose a document, see what goes where, watch the check.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { CredentialCard } from './credential_card.tsx';
import { FileEvidence, SampleEvidence } from './enrol_evidence.tsx';
import { EnrolRun } from './enrol_run.tsx';
import { localName } from './facts.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Notice, PageLink, Panel } from './parts.tsx';
import type { Evidence } from './samples.ts';
import { useWallet } from './wallet_context.ts';

/**
 * The enrolment page.
 *
 * @param props - `fragment` is the request of a platform that waits, or empty.
 */
export function EnrolPage({ fragment }: { readonly fragment: string }): VNode {
  const strings = useStrings();
  const { enrol } = strings;
  const { config, held } = useWallet();
  const [evidence, setEvidence] = useState<Evidence>();
  const [running, setRunning] = useState(false);
  // What was held when the page opened: the run itself will change it.
  const [before] = useState(held.kind);

  if (before === 'credential') {
    return (
      <div class="stack narrow">
        <Heading>{enrol.title}</Heading>
        <Notice tone="info">{enrol.already}</Notice>
        <div class="actions">
          <PageLink to={fragment === '' ? 'credential' : 'present'} fragment={fragment} class="button primary">
            {fragment === '' ? enrol.toCredential : enrol.toRequest}
          </PageLink>
        </div>
      </div>
    );
  }

  if (held.kind === 'credential') {
    return <Finished fragment={fragment} />;
  }
  const resumed = held.kind === 'signed' && before === 'signed' ? held.signed : undefined;
  const stage = running || resumed !== undefined ? 2 : evidence === undefined ? 0 : 1;
  return (
    <div class="stack narrow">
      <div>
        <Stages current={stage} />
        <Heading key={stage}>{[enrol.choose, enrol.reviewTitle, enrol.runTitle][stage]}</Heading>
      </div>
      {stage === 0 &&
        (config.demo ? <SampleEvidence onEvidence={setEvidence} /> : <FileEvidence onEvidence={setEvidence} />)}
      {stage === 1 && evidence !== undefined && (
        <Review
          evidence={evidence}
          issuer={localName(config.issuer.name, strings)}
          onBack={() => setEvidence(undefined)}
          onStart={() => setRunning(true)}
        />
      )}
      {stage === 2 && (
        <EnrolRun
          evidence={evidence}
          resumed={resumed}
          onRestart={() => {
            setRunning(false);
            setEvidence(undefined);
          }}
        />
      )}
    </div>
  );
}

function Stages({ current }: { readonly current: number }): VNode {
  const { enrol } = useStrings();
  return (
    <>
      <p class="hidden">{enrol.stageOf(current + 1, enrol.stages.length)}</p>
      <ol class="stages" aria-hidden="true">
        {enrol.stages.map((name, number) => (
          <li key={name} class={number === current ? 'now' : number < current ? 'done' : ''}>
            {name}
          </li>
        ))}
      </ol>
    </>
  );
}

function Review(props: {
  readonly evidence: Evidence;
  readonly issuer: string;
  readonly onBack: () => void;
  readonly onStart: () => void;
}): VNode {
  const { enrol, back } = useStrings();
  const { face, altered, source } = props.evidence;
  const picture = useMemo(
    () => URL.createObjectURL(new Blob([new Uint8Array(face.bytes)], { type: face.type })),
    [face],
  );
  useEffect(() => () => URL.revokeObjectURL(picture), [picture]);
  return (
    <>
      <Panel>
        <div class="review">
          <figure class="live">
            {/* Browsers show no JPEG 2000; then only the caption stands here. */}
            {face.type !== 'image/jp2' && <img src={picture} alt={enrol.live} />}
            <figcaption class="soft">
              {enrol.live}
              {source !== 'own' && <span class="note">{enrol.sources[source]}</span>}
            </figcaption>
          </figure>
          <dl class="explain">
            <dt>{enrol.toIssuer(props.issuer)}</dt>
            <dd>{enrol.toIssuerText}</dd>
            <dt>{enrol.staysHere}</dt>
            <dd>{enrol.staysHereText}</dd>
          </dl>
        </div>
      </Panel>
      {altered && <Notice tone="info">{enrol.altered}</Notice>}
      <div class="actions">
        <Button kind="primary" onClick={props.onStart}>
          {enrol.start}
        </Button>
        <Button onClick={props.onBack}>{back}</Button>
      </div>
    </>
  );
}

function Finished({ fragment }: { readonly fragment: string }): VNode {
  const { enrol, credential } = useStrings();
  return (
    <div class="stack narrow" data-enrolled>
      <Heading>{enrol.doneTitle}</Heading>
      <p class="lead">{enrol.doneText}</p>
      <CredentialCard document={credential.documents.passport} />
      <div class="actions">
        {fragment !== '' && (
          <PageLink to="present" fragment={fragment} class="button primary">
            {enrol.toRequest}
          </PageLink>
        )}
        <PageLink to="credential" class={fragment === '' ? 'button primary' : 'button plain'}>
          {enrol.toCredential}
        </PageLink>
      </div>
    </div>
  );
}
