// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Guides a person through the issuer's sequence: what to do in large letters, with a drawing and the time
 * that is left, above the picture of the camera, which is mirrored for the eyes only.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LivenessAction, LivenessStep } from '../../protocol/liveness.ts';
import type { CapturedFrame } from '../enrol_face.ts';
import { capture } from './capture.ts';
import { useStrings } from './language.tsx';

/** A head that shows what to do. */
function Drawing({ action }: { readonly action: LivenessAction }): VNode {
  const turn = action === 'turn_left' ? -9 : action === 'turn_right' ? 9 : 0;
  const eye = (x: number): VNode =>
    action === 'blink' ? (
      <path d={`M${String(x - 5)} 42q5 4 10 0`} />
    ) : (
      <circle class="dot" cx={x + turn} cy="41" r="3" />
    );
  return (
    <svg viewBox="0 0 100 100" class="drawing" aria-hidden="true">
      <ellipse cx="50" cy="48" rx="26" ry="33" />
      {eye(40)}
      {eye(60)}
      <path d={`M${String(50 + turn)} 46l${turn < 0 ? '-' : ''}4 9h${turn < 0 ? '' : '-'}4`} />
      <path d={`M${String(42 + turn)} 66q8 5 16 0`} />
      {action === 'turn_left' && <path class="arrow" d="M16 48H4m6-7-7 7 7 7" />}
      {action === 'turn_right' && <path class="arrow" d="M84 48h12m-6-7 7 7-7 7" />}
    </svg>
  );
}

/**
 * Runs through the sequence as soon as it is shown.
 *
 * @param props - `stream` of the camera, which shows already; `onFrames` takes the pictures.
 */
export function LivenessGuide(props: {
  readonly stream: MediaStream;
  readonly steps: readonly LivenessStep[] | undefined;
  /** Called when the camera gives pictures: only then may the time of the sequence begin. */
  readonly onReady: () => void;
  readonly onFrames: (frames: readonly CapturedFrame[]) => void;
  readonly onProblem: (error: unknown) => void;
}): VNode {
  const { enrol } = useStrings();
  const { liveness } = enrol;
  const { stream, steps } = props;
  const video = useRef<HTMLVideoElement>(null);
  const [current, setCurrent] = useState(0);

  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  useEffect(() => {
    const leaving = new AbortController();
    const element = video.current;
    if (steps !== undefined && element !== null) {
      capture(element, steps, setCurrent, leaving.signal).then(props.onFrames, (error: unknown) => {
        if (!leaving.signal.aborted) props.onProblem(error);
      });
    }
    return () => leaving.abort();
  }, [steps]);

  const step = steps?.[current];
  return (
    <div class="stack tight" data-liveness={step?.action}>
      <div class="guide" role="status" aria-live="assertive">
        {step !== undefined && (
          <>
            <Drawing action={step.action} />
            <p>
              <strong>{liveness.actions[step.action]}</strong>
              <span class="soft small block">{liveness.stepOf(current + 1, steps?.length ?? 0)}</span>
            </p>
          </>
        )}
      </div>
      {step !== undefined && <TimeLeft key={current} seconds={step.seconds} />}
      <video
        ref={video}
        class="camera"
        autoplay
        playsinline
        muted
        aria-label={liveness.preview}
        onLoadedData={props.onReady}
      />
    </div>
  );
}

/** How often the bar moves. */
const TICK_MS = 100;

function TimeLeft({ seconds }: { readonly seconds: number }): VNode {
  const [left, setLeft] = useState(1);
  useEffect(() => {
    const began = performance.now();
    const timer = setInterval(() => setLeft(Math.max(0, 1 - (performance.now() - began) / (seconds * 1000))), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return <progress max={1} value={left} aria-hidden="true" />;
}
