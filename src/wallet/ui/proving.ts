// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's side of the proving worker.
 *
 * @module
 */
import { proxy, type Remote, wrap } from 'comlink';
import { ProtocolError } from '../../protocol/errors.ts';
import type { OnProgress, Prover } from '../prover.ts';
import type { OnDownload } from './artifacts.ts';
import { carryErrorCodes } from './crossing.ts';
import type { ProvingWorker } from './worker.ts';

/** A prover in a worker of its own. */
export interface WorkerProver extends Prover {
  /** Tells of downloads of proving files from now on. */
  watch(onDownload: OnDownload): Promise<void>;
  /** Ends the worker, and with it whatever it computes: nothing else interrupts WebAssembly. */
  end(): void;
}

carryErrorCodes();

/** Starts a proving worker. */
export function startProver(): WorkerProver {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'prover' });
  const broken = new Promise<never>((_, reject) => {
    worker.addEventListener('error', () =>
      reject(new ProtocolError('worker_failed', 'the proving worker did not start; reload the page')),
    );
  });
  broken.catch(() => undefined);
  const remote: Remote<ProvingWorker> = wrap<ProvingWorker>(worker);
  const ask = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, broken]);
  const told = (onProgress: OnProgress | undefined): OnProgress | undefined => onProgress && proxy(onProgress);
  return {
    info: () => ask(remote.info()),
    load: (circuit, onProgress) => ask(remote.load(circuit, told(onProgress))),
    arm: (task, onProgress) => ask(remote.arm(task, told(onProgress))),
    fire: (handle, statement) => ask(remote.fire(handle, statement)),
    release: (handle) => ask(remote.release(handle)),
    close: () => ask(remote.close()),
    watch: (onDownload) => ask(remote.watch(proxy(onDownload))),
    end: () => worker.terminate(),
  };
}
