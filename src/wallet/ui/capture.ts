// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pictures of a camera while a person follows the issuer's sequence: unmirrored JPEGs of moderate size, about
 * three a second.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { type LivenessStep, MAX_FRAME_BYTES, MAX_FRAMES, MIN_STEP_FRAMES } from '../../protocol/liveness.ts';
import type { CapturedFrame } from '../enrol_face.ts';

/** Time between two pictures. */
export const FRAME_MS = 330;
/** Width of a picture, pixels. */
const WIDTH = 640;
/** Tried in order until a picture is small enough. */
const QUALITIES = [0.88, 0.75, 0.6, 0.4];

/** Opens the front camera. */
export async function openCamera(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 720 } },
      audio: false,
    });
  } catch (cause) {
    throw new ProtocolError('camera_unavailable', 'allow the camera and try again', { cause });
  }
}

async function toJpeg(canvas: HTMLCanvasElement): Promise<Uint8Array> {
  for (const quality of QUALITIES) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
    if (blob !== null && blob.size <= MAX_FRAME_BYTES) return new Uint8Array(await blob.arrayBuffer());
  }
  throw new ProtocolError('image_invalid', 'the picture of the camera could not be made small enough');
}

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Takes the pictures.
 *
 * @param video - Shows the camera.
 * @param steps - The issuer's sequence; its time has begun.
 * @param onStep - Told which step is to be followed now.
 * @throws The signal's reason if aborted.
 */
export async function capture(
  video: HTMLVideoElement,
  steps: readonly LivenessStep[],
  onStep: (step: number) => void,
  signal: AbortSignal,
): Promise<readonly CapturedFrame[]> {
  const began = performance.now();
  const now = (): number => performance.now() - began;
  const canvas = document.createElement('canvas');
  canvas.width = Math.min(WIDTH, video.videoWidth);
  canvas.height = Math.round((video.videoHeight * canvas.width) / video.videoWidth);
  const context = canvas.getContext('2d');
  const frames: CapturedFrame[] = [];
  const most = Math.floor(MAX_FRAMES / steps.length);
  let end = 0;
  for (const [step, { action, seconds }] of steps.entries()) {
    end += seconds * 1000;
    onStep(step);
    // Rather fewer pictures over the whole step than many at its beginning.
    const interval = Math.max(FRAME_MS, (seconds * 1000) / most);
    let taken = 0;
    while (now() < end || taken < MIN_STEP_FRAMES[action]) {
      signal.throwIfAborted();
      const at = Math.round(now());
      context?.drawImage(video, 0, 0, canvas.width, canvas.height);
      frames.push({ step, at, jpeg: await toJpeg(canvas) });
      taken += 1;
      await wait(Math.max(0, at + interval - now()));
    }
  }
  return frames;
}
