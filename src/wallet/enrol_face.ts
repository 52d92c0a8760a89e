// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The face in an enrolment: asks for a sequence of actions, sends the pictures that a page took while the
 * person followed it, and waits for its turn if others are before it. docs/protocol.md section 8, "Faces".
 *
 * The pictures must be as the camera gave them: a mirrored one shows the other side, and is refused.
 *
 * @module
 */
import { z } from 'zod';
import type { ErrorCode } from '../protocol/errors.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FramePlace, LIVENESS_ACTIONS, type LivenessStep } from '../protocol/liveness.ts';
import { callSession, type EnrolDeps } from './enrol.ts';
import type { SignedCredential } from './credential.ts';
import { jsonOf } from './http.ts';
import { sleep } from './publication.ts';

/** The other side, in messages. */
const ISSUER = 'the issuer';
/** Shortest and longest time between two questions for the verdict. */
const MIN_POLL_MS = 500;
const MAX_POLL_MS = 5_000;

/** A sequence that the issuer drew; good for one capture. */
export interface LivenessChallenge {
  readonly challenge: string;
  /** To be followed in this order. */
  readonly steps: readonly LivenessStep[];
  /** Unix time in milliseconds until which the pictures must have arrived, by the issuer's clock. */
  readonly expiresAt: number;
}

/** A picture of a capture: JPEG, not mirrored. */
export interface CapturedFrame extends FramePlace {
  readonly jpeg: Uint8Array;
}

/** Where a capture stands in the issuer's queue. */
export interface QueuePlace {
  /** Captures before this one; 0 while it is being examined. */
  readonly position: number;
  /** The issuer's estimate until the verdict. */
  readonly waitSeconds: number;
}

const queueForm = z
  .object({ position: z.number().int().nonnegative(), wait_seconds: z.number().nonnegative() })
  .transform(({ position, wait_seconds }): QueuePlace => ({ position, waitSeconds: wait_seconds }));
const challengeAnswer = z.object({
  challenge: z.string().min(16).max(128),
  steps: z
    .array(z.object({ action: z.enum(LIVENESS_ACTIONS), seconds: z.number().positive().max(60) }))
    .min(1)
    .max(16),
  expires_at: z.iso.datetime(),
});
const stateAnswer = z.object({
  status: z.string(),
  queue: queueForm.optional(),
  face: z.object({ code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/) }).optional(),
});

/**
 * Asks for a sequence, to be followed at once: the time runs from here.
 *
 * @throws {@link ProtocolError} the issuer's code (`attempts_exhausted`, `enrolment_out_of_order`, …).
 */
export async function requestLiveness(
  deps: EnrolDeps,
  enrolment: SignedCredential['enrolment'],
): Promise<LivenessChallenge> {
  const answer = await callSession(deps, enrolment, '/liveness', { method: 'POST' });
  const { challenge, steps, expires_at } = jsonOf(answer, challengeAnswer, ISSUER);
  return { challenge, steps, expiresAt: Date.parse(expires_at) };
}

/**
 * Sends a capture and waits for the verdict.
 *
 * @param frames - In the order in which they were taken; at most `MAX_FRAMES`, each of at most
 * `MAX_FRAME_BYTES` (`protocol/liveness.ts`).
 * @param onQueue - Told of the place in the queue while others are before this capture.
 * @throws {@link ProtocolError} the issuer's code: what to do better (`face_too_dark`, `face_blurred`, …), an
 * action that was not seen (`liveness_turn_missing`, `liveness_blink_missing`), `liveness_expired`,
 * `face_mismatch`, `face_busy`, ….
 */
export async function sendFrames(
  deps: EnrolDeps,
  enrolment: SignedCredential['enrolment'],
  { challenge }: Pick<LivenessChallenge, 'challenge'>,
  frames: readonly CapturedFrame[],
  onQueue?: (place: QueuePlace) => void,
): Promise<void> {
  const { type, body } = await encodeCapture(challenge, frames);
  const answer = await callSession(deps, enrolment, '/face', { method: 'PUT', type, body });
  let state = jsonOf(answer, stateAnswer, ISSUER);
  while (state.queue !== undefined) {
    onQueue?.(state.queue);
    await sleep(Math.min(Math.max((state.queue.waitSeconds * 1000) / 4, MIN_POLL_MS), MAX_POLL_MS), deps.signal);
    state = jsonOf(await callSession(deps, enrolment, '', { method: 'GET' }), stateAnswer, ISSUER);
  }
  if (state.status !== 'face_accepted') {
    const code = (state.face?.code ?? 'response_invalid') as ErrorCode;
    throw new ProtocolError(code, `${ISSUER} refused the pictures: ${code}`);
  }
}

/** The form of a capture. */
async function encodeCapture(
  challenge: string,
  frames: readonly CapturedFrame[],
): Promise<{ readonly type: string; readonly body: Uint8Array }> {
  const form = new FormData();
  form.append('meta', JSON.stringify({ challenge, frames: frames.map(({ step, at }) => ({ step, at })) }));
  for (const [i, { jpeg }] of frames.entries()) {
    form.append(`frame${String(i)}`, new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' }), `frame${String(i)}.jpg`);
  }
  // A response knows how to write a form as bytes, in browsers and in Node.
  const encoded = new Response(form);
  const type = encoded.headers.get('content-type') ?? '';
  return { type, body: new Uint8Array(await encoded.arrayBuffer()) };
}
