// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Shows a sample person's face to an issuer as it wants to see it: in motion, by pictures that are made of a
 * still, or in a single picture where liveness is off.
 *
 * @module
 */
import type { EnrolDeps, Enrolment, FacePicture } from '../wallet/enrol.ts';
import { sendFace } from '../wallet/enrol.ts';
import { type CapturedFrame, type QueuePlace, requestLiveness, sendFrames } from '../wallet/enrol_face.ts';
import type { LivenessAction } from '../protocol/liveness.ts';

/** Makes the pictures of a person who follows a sequence, of a still. */
export type MakeFrames = (still: Uint8Array, actions: readonly LivenessAction[]) => Promise<readonly CapturedFrame[]>;

/**
 * Shows a face.
 *
 * @throws ProtocolError as the issuer refuses.
 */
export async function showFace(
  deps: EnrolDeps,
  enrolment: Enrolment,
  face: FacePicture,
  makeFrames: MakeFrames,
  onQueue?: (place: QueuePlace) => void,
): Promise<void> {
  if (enrolment.liveness === 'off') {
    await sendFace(deps, enrolment, face);
    return;
  }
  const challenge = await requestLiveness(deps, enrolment);
  const frames = await makeFrames(
    face.bytes,
    challenge.steps.map(({ action }) => action),
  );
  await sendFrames(deps, enrolment, challenge, frames, onQueue);
}
