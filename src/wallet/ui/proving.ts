// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The page's side of the proving worker.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import type { SealingProver } from '../prover.ts';
import { lendThreads } from './lender.ts';
import { startWorker } from './own_worker.ts';
import { remoteProver } from './remote_prover.ts';
import workerUrl from './worker.ts?worker&url';

/** A prover in a worker of its own. */
export interface WorkerProver extends SealingProver {
  /** Whether its worker has failed, so that another must be started. */
  readonly failed: boolean;
  /** Ends the worker, its threads and whatever they compute. */
  end(): void;
}

/** Starts a proving worker. */
export function startProver(): WorkerProver {
  const own = startWorker(workerUrl, 'prover');
  const loan = lendThreads();
  own.worker.postMessage(loan.port, [loan.port]);
  let failed = false;
  let giveUp: (cause: ProtocolError) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    giveUp = (cause) => {
      failed = true;
      own.end();
      loan.end();
      reject(cause);
    };
  });
  own.onFailure(giveUp);
  return {
    ...remoteProver(own.worker, broken),
    get failed() {
      return failed;
    },
    end: () => giveUp(new ProtocolError('worker_failed', 'the prover was ended; try again')),
  };
}
