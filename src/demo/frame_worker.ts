// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The thread in which captures are made of stills; `frame_maker.ts` starts it.
 *
 * @module
 */
import { parentPort } from 'node:worker_threads';
import { loadLandmarks } from '../issuer/face_landmarks.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FrameReply, FrameTask } from './frame_maker.ts';
import { makeFrames } from './sample_frames.ts';

const port = parentPort;
if (port === null) {
  throw new Error('frame_worker.ts is started by frame_maker.ts');
}

const landmarks = loadLandmarks();

port.on('message', ({ still, actions }: FrameTask) => {
  const reply = (message: FrameReply): void => port.postMessage(message);
  landmarks
    .then(async (loaded) => reply({ frames: await makeFrames(loaded, still, actions) }))
    .catch((error: unknown) => {
      const code = error instanceof ProtocolError ? error.code : 'face_unavailable';
      reply({ code, message: error instanceof Error ? error.message : 'unknown failure' });
    });
});
