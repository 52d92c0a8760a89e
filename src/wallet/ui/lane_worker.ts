// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A thread of the prover in a browser; see `lender.ts`. Its first message is the port at whose
 * other end the prover is.
 *
 * @module
 */
import { expose } from 'comlink';
import { createLane } from '../../proving/lane.ts';
import { carryErrorCodes } from './crossing.ts';

carryErrorCodes();
addEventListener(
  'message',
  ({ data: port }: MessageEvent<MessagePort>) => {
    expose(createLane(), port);
    // To whoever started it: it works.
    postMessage(undefined);
  },
  { once: true },
);
