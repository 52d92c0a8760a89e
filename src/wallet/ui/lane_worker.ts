// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A thread of the prover in a browser; see `proving/lanes.ts`.
 *
 * @module
 */
import { expose } from 'comlink';
import { createLane } from '../../proving/lane.ts';
import { carryErrorCodes } from './crossing.ts';

carryErrorCodes();
expose(createLane());
