// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a thread of Node runs for the prover.
 *
 * @module
 */
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { parentPort } from 'node:worker_threads';
import { createLane } from './lane.ts';

if (parentPort !== null) expose(createLane(), nodeEndpoint(parentPort));
