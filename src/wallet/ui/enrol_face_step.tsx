// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Second step of an enrolment: the face, alive and compared with the document's portrait. An issuer that asks
 * for no movements, which only a development stack does, takes a single picture.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { sendFace } from '../enrol.ts';
import {
  type CapturedFrame,
  type LivenessChallenge,
  type QueuePlace,
  requestLiveness,
  sendFrames,
} from '../enrol_face.ts';
import { openCamera } from './capture.ts';
import { ENDED, type Flow } from './enrol_flow.ts';
import { SamplePicture } from './enrol_sample_face.tsx';
import { useStrings } from './language.tsx';
import { LivenessGuide } from './liveness.tsx';
import { Button, Heading, Panel, Problem, Progress } from './parts.tsx';
import { PicturePicker } from './picture.tsx';
import { codeOf } from './problems.ts';
import { sampleFrames } from './samples.ts';

type Stage =
  | { readonly name: 'ready' }
  | { readonly name: 'guided'; readonly stream: MediaStream; readonly challenge?: LivenessChallenge }
  | { readonly name: 'single' }
  | { readonly name: 'sending'; readonly queue?: QueuePlace }
  | { readonly name: 'problem'; readonly code: string };

/** The step. */
export function FaceStep({ flow }: { readonly flow: Flow }): VNode {
  const { enrol, retry, cancel } = useStrings();
  const { deps, pending } = flow;
  const { enrolment, sample } = pending;
  const first: Stage = { name: enrolment.liveness === 'off' ? 'single' : 'ready' };
  const [stage, setStage] = useState<Stage>(first);
  const stream = stage.name === 'guided' ? stage.stream : undefined;
  useEffect(() => () => stream?.getTracks().forEach((track) => track.stop()), [stream]);

  const fail = (error: unknown): void => {
    if (!deps.signal.aborted) setStage({ name: 'problem', code: codeOf(error) });
  };
  const send = async (drawn: LivenessChallenge, frames: readonly CapturedFrame[]): Promise<void> => {
    setStage({ name: 'sending' });
    try {
      await sendFrames(deps, enrolment, drawn, frames, (queue) => setStage({ name: 'sending', queue }));
      await flow.advance({ stage: 'phone' });
    } catch (error) {
      fail(error);
    }
  };
  const begin = async (): Promise<void> => {
    try {
      setStage({ name: 'guided', stream: await openCamera() });
    } catch (error) {
      fail(error);
    }
  };
  const draw = async (opened: MediaStream): Promise<void> => {
    try {
      setStage({ name: 'guided', stream: opened, challenge: await requestLiveness(deps, enrolment) });
    } catch (error) {
      fail(error);
    }
  };
  const useSample = async (id: string): Promise<void> => {
    try {
      const drawn = await requestLiveness(deps, enrolment);
      const actions = drawn.steps.map(({ action }) => action);
      await send(drawn, await sampleFrames(id, actions));
    } catch (error) {
      fail(error);
    }
  };
  const sendSingle = async (bytes: Uint8Array): Promise<void> => {
    setStage({ name: 'sending' });
    try {
      await sendFace(deps, enrolment, { type: 'image/jpeg', bytes });
      await flow.advance({ stage: 'phone' });
    } catch (error) {
      fail(error);
    }
  };

  return (
    <>
      <Heading>{enrol.faceTitle}</Heading>
      {stage.name === 'ready' && (
        <>
          {sample !== undefined && <SamplePicture id={sample.person} onUse={() => useSample(sample.person)} />}
          <Panel>
            <p>{enrol.liveness.hint}</p>
            <div class="actions">
              <Button kind={sample === undefined ? 'primary' : 'plain'} name="camera" onClick={begin}>
                {enrol.camera}
              </Button>
            </div>
          </Panel>
        </>
      )}
      {stage.name === 'guided' && (
        <Panel>
          <LivenessGuide
            stream={stage.stream}
            steps={stage.challenge?.steps}
            onReady={() => void draw(stage.stream)}
            onFrames={(frames) => (stage.challenge === undefined ? undefined : send(stage.challenge, frames))}
            onProblem={fail}
          />
          <div class="actions">
            <Button onClick={() => setStage(first)}>{cancel}</Button>
          </div>
        </Panel>
      )}
      {stage.name === 'single' && (
        <>
          {sample !== undefined && <SamplePicture id={sample.person} onUse={sendSingle} single />}
          <Panel>
            <p class="soft">{enrol.faceHint}</p>
            <PicturePicker onPicture={async (jpeg) => sendSingle(new Uint8Array(await jpeg.arrayBuffer()))} />
          </Panel>
        </>
      )}
      {stage.name === 'sending' && <Sending queue={stage.queue} />}
      {stage.name === 'problem' && (
        <Problem code={stage.code}>
          <Button kind="primary" onClick={() => (ENDED.has(stage.code) ? flow.restart() : setStage(first))}>
            {retry}
          </Button>
          <Button onClick={flow.restart}>{enrol.otherDocument}</Button>
        </Problem>
      )}
    </>
  );
}

function Sending({ queue }: { readonly queue: QueuePlace | undefined }): VNode {
  const { enrol } = useStrings();
  const { liveness } = enrol;
  return (
    <Panel>
      <div role="status" data-queue={queue?.position}>
        <Progress
          label={queue === undefined || queue.position === 0 ? enrol.checkingFace : liveness.queue(queue.position)}
        />
        {queue !== undefined && <p class="soft small">{liveness.queueTime(queue.waitSeconds)}</p>}
      </div>
    </Panel>
  );
}
