// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The worker in which proofs are made, so that the page stays alive. Its first message is the port over
 * which the page lends it threads; all others are calls.
 *
 * @module
 */
import './no_eval.ts';
import { createProver } from '../prover.ts';
import { openArtifacts } from './artifacts.ts';
import { random } from './browser.ts';
import { borrowThreads } from './lanes.ts';
import { exposeProver } from './remote_prover.ts';

addEventListener(
  'message',
  ({ data: port }: MessageEvent<MessagePort>) => {
    const threads = borrowThreads(port);
    exposeProver(createProver({ read: openArtifacts(), random, ...(threads === undefined ? {} : { threads }) }));
    // To whoever started it: it works, however long its first answer takes. comlink passes it over.
    postMessage(undefined);
  },
  { once: true },
);
