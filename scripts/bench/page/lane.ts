// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a thread of the prover runs in the page.
 *
 * @module
 */
import { expose } from 'comlink';
import { createLane } from '../../../src/proving/lane.ts';

expose(createLane());
