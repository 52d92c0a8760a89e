// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Second step of an enrolment: the face, compared with the document's portrait.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { type FacePicture, sendFace } from '../enrol.ts';
import { ENDED, type Flow } from './enrol_flow.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Panel, Problem, Progress } from './parts.tsx';
import { PicturePicker } from './picture.tsx';
import { codeOf } from './problems.ts';
import type { Evidence } from './samples.ts';

/**
 * The step.
 *
 * @param props - `evidence` of the step before, if the page was not closed in between.
 */
export function FaceStep(props: { readonly flow: Flow; readonly evidence: Evidence | undefined }): VNode {
  const { enrol, retry } = useStrings();
  const { flow, evidence } = props;
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string>();

  const send = async (face: FacePicture): Promise<void> => {
    setSending(true);
    setProblem(undefined);
    try {
      await sendFace(flow.deps, flow.pending.enrolment, face);
      await flow.advance({ stage: 'phone' });
    } catch (error) {
      if (!flow.deps.signal.aborted) setProblem(codeOf(error));
      setSending(false);
    }
  };

  return (
    <>
      <Heading>{enrol.faceTitle}</Heading>
      {problem !== undefined && (
        <Problem code={problem}>
          <Button kind="primary" onClick={() => (ENDED.has(problem) ? flow.restart() : setProblem(undefined))}>
            {retry}
          </Button>
          <Button onClick={flow.restart}>{enrol.otherDocument}</Button>
        </Problem>
      )}
      {sending && (
        <Panel>
          <Progress label={enrol.checkingFace} />
        </Panel>
      )}
      {problem === undefined && !sending && (
        <>
          {evidence?.face !== undefined && <SamplePicture evidence={evidence} face={evidence.face} onSend={send} />}
          {evidence?.sample === undefined && (
            <Panel>
              <p class="soft">{enrol.faceHint}</p>
              <PicturePicker
                onPicture={async (jpeg) =>
                  send({ type: 'image/jpeg', bytes: new Uint8Array(await jpeg.arrayBuffer()) })
                }
              />
            </Panel>
          )}
        </>
      )}
    </>
  );
}

function SamplePicture(props: {
  readonly evidence: Evidence;
  readonly face: FacePicture;
  readonly onSend: (face: FacePicture) => unknown;
}): VNode {
  const { enrol } = useStrings();
  const { evidence, face } = props;
  const picture = useMemo(
    () => URL.createObjectURL(new Blob([new Uint8Array(face.bytes)], { type: face.type })),
    [face],
  );
  useEffect(() => () => URL.revokeObjectURL(picture), [picture]);
  return (
    <Panel>
      <div class="review">
        <figure class="live">
          {/* Browsers show no JPEG 2000; then only the caption stands here. */}
          {face.type !== 'image/jp2' && <img src={picture} alt={enrol.live} />}
          <figcaption class="soft">
            {enrol.live}
            {evidence.source !== 'own' && <span class="note">{enrol.sources[evidence.source]}</span>}
          </figcaption>
        </figure>
        <div class="stack tight grow">
          <p>{enrol.sampleFace}</p>
          {evidence.altered === true && <p class="soft small">{enrol.altered}</p>}
          <div class="actions">
            <Button kind="primary" onClick={() => props.onSend(face)}>
              {enrol.sendFace}
            </Button>
          </div>
        </div>
      </div>
    </Panel>
  );
}
