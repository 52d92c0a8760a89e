// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The thread in which pictures are decoded and faces compared: the networks hold the processor for
 * seconds, and a hostile picture may never end. `faces.ts` starts it, gives it one pair at a time, and
 * ends it when it exceeds its time.
 *
 * @module
 */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import { ProtocolError } from '../protocol/errors.ts';
import { loadFaceApi } from './face_api.ts';
import { loadHuman } from './face_human.ts';
import { compareDescriptors, describeSoleFace, type FaceMatcher, MATCHING_SIDE } from './face_matcher.ts';
import type { FaceReply, FaceTask } from './faces.ts';
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

const matchers = loadMatchers();

port.on('message', (task: FaceTask) => {
  answer(task).then(reply, (error: unknown) => {
    const code = error instanceof ProtocolError ? error.code : 'face_unavailable';
    reply({ kind: 'failed', code, message: error instanceof Error ? error.message : 'unknown failure' });
  });
});

function reply(message: FaceReply): void {
  port?.postMessage(message);
}

async function loadMatchers(): Promise<readonly FaceMatcher[]> {
  return [await loadHuman(), await loadFaceApi()];
}

async function answer(task: FaceTask): Promise<FaceReply> {
  const loaded = await matchers;
  reply({ kind: 'phase', phase: 'decode' });
  if (task.kind === 'warm') {
    await warm(loaded);
    return { kind: 'warmed' };
  }
  const pictures: Pixels[] = [];
  try {
    const started = performance.now();
    pictures.push(await decodeImage(task.portrait, MATCHING_SIDE), await decodeImage(task.live, MATCHING_SIDE));
    const [portrait, live] = pictures as [Pixels, Pixels];
    reply({ kind: 'phase', phase: 'match' });
    const verdict = compareDescriptors(
      loaded,
      await describeSoleFace(loaded, portrait, 'portrait'),
      await describeSoleFace(loaded, live, 'live'),
    );
    return { kind: 'compared', ...verdict, ms: Math.round(performance.now() - started) };
  } finally {
    for (const bytes of [task.portrait, task.live, ...pictures.map(({ data }) => data)]) {
      bytes.fill(0);
    }
  }
}

/** The first run of a network compiles its kernels, so run the detectors once. */
async function warm(loaded: readonly FaceMatcher[]): Promise<void> {
  const blank = { width: 256, height: 256, data: new Uint8Array(256 * 256 * 3) };
  for (const matcher of loaded) {
    await matcher.find(blank);
  }
}
