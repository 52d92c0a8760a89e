// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The worker in which proofs are made, so that the page stays alive; ffjavascript runs in it on one
 * thread, since workers of its own would be blobs, which the page's policy refuses.
 *
 * @module
 */
import './no_eval.ts';
import { expose } from 'comlink';
import { createProver, type Prover } from '../prover.ts';
import { createArtifactReader, type OnDownload } from './artifacts.ts';
import { carryErrorCodes } from './crossing.ts';

/** What the page sees of the worker. */
export interface ProvingWorker extends Prover {
  /** Tells of downloads from now on. */
  watch(onDownload: OnDownload): void;
}

let told: OnDownload = () => undefined;

const prover = createProver({
  read: createArtifactReader((received, total) => told(received, total)),
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
});
const worker: ProvingWorker = {
  info: () => prover.info(),
  load: (circuit, onProgress) => prover.load(circuit, onProgress),
  arm: (task, onProgress) => prover.arm(task, onProgress),
  fire: (handle, statement) => prover.fire(handle, statement),
  release: (handle) => prover.release(handle),
  close: () => prover.close(),
  watch: (onDownload) => {
    told = onDownload;
  },
};

carryErrorCodes();
expose(worker);
