// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Enrolment, one thing a page: choose and read a document, show the face, confirm a phone, set a PIN, make
 * a backup. While the holder chooses a PIN the register publishes.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { Purpose } from '../pending.ts';
import { BackupStep } from './enrol_backup.tsx';
import { DocumentStep } from './enrol_document.tsx';
import { Finished } from './enrol_done.tsx';
import { FaceStep } from './enrol_face_step.tsx';
import { type Flow, useEnrolment } from './enrol_flow.ts';
import { PhoneStep } from './enrol_phone_step.tsx';
import { PinStep } from './enrol_pin.tsx';
import { RequestStep } from './enrol_request.tsx';
import { type KnownPin, ResetConsent, RestoreStep } from './enrol_restore.tsx';
import { useStrings } from './language.tsx';
import { Button, Heading, Notice, PageLink, Problem } from './parts.tsx';
import type { Held } from './store.ts';
import { useWallet } from './wallet_context.ts';

/** Names of the stages that people see, in order. */
const STAGES = ['document', 'face', 'phone', 'pin', 'backup'] as const;
type StageName = (typeof STAGES)[number];

/**
 * The enrolment page.
 *
 * @param props - `fragment` is the request of a platform that waits, or empty.
 */
export function EnrolPage({
  fragment,
  purpose = 'first',
}: {
  readonly fragment: string;
  readonly purpose?: Purpose;
}): VNode {
  const { held } = useWallet();
  // What was held when the page opened: the run itself will change it.
  const [before] = useState(held);
  const [backedUp, setBackedUp] = useState(false);
  const [pin, setPin] = useState<string>();
  const [knownPin, setKnownPin] = useState<KnownPin>();

  const newest = ({ signed, credentials }: Held): unknown => signed?.leaf ?? credentials[0]?.leaf;
  const hasSomething = newest(held) !== undefined;
  const isFresh = hasSomething && newest(held) !== newest(before);

  if (held.pending === undefined) {
    if (pin !== undefined) {
      return backedUp ? (
        <Finished fragment={fragment} />
      ) : (
        <Staged stage="backup">
          <BackupStep pin={pin} onDone={() => setBackedUp(true)} />
        </Staged>
      );
    }
    if (hasSomething && held.state === 'none') {
      return (
        <Staged stage="pin">
          <PinStep known={knownPin} onPin={setPin} />
        </Staged>
      );
    }
    if (isFresh) return <Finished fragment={fragment} />;
    if (hasSomething && purpose === 'first') return <Already fragment={fragment} />;
  }
  return <Session purpose={purpose} onKnownPin={setKnownPin} />;
}

/** What happens in a session with the issuer. */
function Session(props: { readonly purpose: Purpose; readonly onKnownPin: (known: KnownPin) => void }): VNode {
  const { purpose, onKnownPin } = props;
  const { enrol, loading, retry } = useStrings();
  const enrolment = useEnrolment(purpose);
  switch (enrolment.state) {
    case 'starting':
      return (
        <div class="stack narrow">
          <Heading>{enrol.title}</Heading>
          <p class="soft">{loading}</p>
        </div>
      );
    case 'elsewhere':
      return (
        <div class="stack narrow">
          <Heading>{enrol.title}</Heading>
          <Notice tone="info">{enrol.elsewhere}</Notice>
        </div>
      );
    case 'failed':
      return (
        <div class="stack narrow">
          <Heading>{enrol.title}</Heading>
          <Problem code={enrolment.code}>
            <Button kind="primary" onClick={enrolment.retry}>
              {retry}
            </Button>
          </Problem>
        </div>
      );
    case 'open': {
      const { flow } = enrolment;
      switch (flow.pending.stage) {
        case 'document':
          return (
            <Staged stage="document">
              <DocumentStep flow={flow} />
            </Staged>
          );
        case 'face':
          return (
            <Staged stage="face">
              <FaceStep flow={flow} />
            </Staged>
          );
        case 'phone':
          return (
            <Staged stage="phone">
              <PhoneStep flow={flow} />
            </Staged>
          );
        case 'request':
          return (
            <Staged stage="phone">
              <Deciding flow={flow} onKnownPin={onKnownPin} />
            </Staged>
          );
      }
    }
  }
}

/** The request, after what it needs: the seed of a backup, or the holder's word that the old one is lost. */
function Deciding(props: { readonly flow: Flow; readonly onKnownPin: (known: KnownPin) => void }): VNode {
  const { flow } = props;
  const { purpose, restored, agreed } = flow.pending;
  if (purpose === 'restore' && restored !== true) return <RestoreStep flow={flow} onPin={props.onKnownPin} />;
  if (purpose === 'reset' && agreed !== true) return <ResetConsent flow={flow} />;
  return <RequestStep key={purpose} flow={flow} />;
}

/** A step below the bar of stages. Its heading is its own, so that the focus moves with the step. */
function Staged({ stage, children }: { readonly stage: StageName; readonly children: VNode }): VNode {
  const { enrol } = useStrings();
  const current = STAGES.indexOf(stage);
  return (
    <div class="stack narrow" data-stage={stage}>
      <div>
        <p class="hidden">{enrol.stageOf(current + 1, STAGES.length)}</p>
        <ol class="stages" aria-hidden="true">
          {STAGES.map((name, number) => (
            <li key={name} class={number === current ? 'now' : number < current ? 'done' : ''}>
              {enrol.stages[name]}
            </li>
          ))}
        </ol>
      </div>
      {children}
    </div>
  );
}

function Already({ fragment }: { readonly fragment: string }): VNode {
  const { enrol } = useStrings();
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
