// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The thread in which pictures are decoded and faces compared: the networks hold the processor for
 * seconds, and a hostile picture may never end. `faces.ts` starts it, gives it one task at a time, and
 * ends it when it exceeds its time.
 *
 * @module
 */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import { ProtocolError } from '../protocol/errors.ts';
import { loadFaceApi } from './face_api.ts';
import { type CaptureNetworks, examineCapture } from './face_capture.ts';
import { loadHuman } from './face_human.ts';
import { loadLandmarks } from './face_landmarks.ts';
import {
  compareDescriptors,
  describeSoleFace,
  type FaceVerdict,
  MATCHING_SIDE,
  type PictureRole,
} from './face_matcher.ts';
import { type FaceReply, type FaceTask, picturesOf } from './faces.ts';
import { decodeImage } from './images.ts';
import type { Pixels } from './pixels.ts';

const port = parentPort;
if (port === null) {
  throw new Error('face_worker.ts is started by faces.ts');
}

// The libraries print banners and notices; nothing of theirs belongs on the program's own streams.
globalThis.console = new Console(
  new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  }),
);

const networks = loadNetworks();

port.on('message', (task: FaceTask) => {
  answer(task).then(reply, (error: unknown) => {
    const code = error instanceof ProtocolError ? error.code : 'face_unavailable';
    reply({ kind: 'failed', code, message: error instanceof Error ? error.message : 'unknown failure' });
  });
});

function reply(message: FaceReply): void {
  port?.postMessage(message);
}

async function loadNetworks(): Promise<CaptureNetworks> {
  return { matchers: [await loadHuman(), await loadFaceApi()], landmarks: await loadLandmarks() };
}

async function answer(task: FaceTask): Promise<FaceReply> {
  const loaded = await networks;
  reply({ kind: 'phase', phase: 'decode' });
  try {
    return await work(loaded, task);
  } finally {
    for (const bytes of picturesOf(task)) bytes.fill(0);
  }
}

async function work(loaded: CaptureNetworks, task: FaceTask): Promise<FaceReply> {
  const started = performance.now();
  if (task.kind === 'warm') {
    return { kind: 'warmed', lookMs: await warm(loaded) };
  }
  if (task.kind === 'describe') {
    return { kind: 'described', descriptors: await describe(loaded, task.picture, task.role) };
  }
  const portrait = await describe(loaded, task.portrait, 'portrait');
  let verdict: FaceVerdict;
  if (task.kind === 'liveness') {
    verdict = await examineCapture(loaded, portrait, task.actions, task.frames);
  } else {
    reply({ kind: 'phase', phase: 'decode' });
    verdict = compareDescriptors(loaded.matchers, portrait, await describe(loaded, task.live, 'live'));
  }
  return { kind: 'compared', ...verdict, ms: Math.round(performance.now() - started) };
}

async function describe(
  { matchers }: CaptureNetworks,
  file: Uint8Array,
  role: PictureRole,
): Promise<readonly (readonly number[])[]> {
  const picture = await decodeImage(file, MATCHING_SIDE);
  reply({ kind: 'phase', phase: 'match' });
  try {
    return await describeSoleFace(matchers, picture, role);
  } finally {
    picture.data.fill(0);
  }
}

/**
 * The first run of a network compiles its kernels, so run the detectors once; then once more, for the time of one look.
 *
 * @returns Milliseconds of that look.
 */
async function warm({ matchers, landmarks }: CaptureNetworks): Promise<number> {
  const blank: Pixels = { width: 256, height: 256, data: new Uint8Array(256 * 256 * 3) };
  const look = async (): Promise<number> => {
    const began = performance.now();
    for (const network of [...matchers, landmarks]) await network.find(blank);
    return performance.now() - began;
  };
  await look();
  return look();
}
