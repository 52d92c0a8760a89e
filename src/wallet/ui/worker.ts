// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The worker in which proofs are made, so that the page stays alive. It starts threads of its own.
 *
 * @module
 */
import './no_eval.ts';
import { createProver } from '../prover.ts';
import { openArtifacts } from './artifacts.ts';
import { random } from './browser.ts';
import { browserThreads } from './lanes.ts';
import { exposeProver } from './remote_prover.ts';

const threads = browserThreads();
exposeProver(createProver({ read: openArtifacts(), random, ...(threads === undefined ? {} : { threads }) }));
