// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A prover on both sides of a worker's channel. What cannot be posted is replaced: callbacks by proxies,
 * an abort signal by a number under which the other side is told to stop.
 *
 * @module
 */
import { type Endpoint, expose, proxy, type Remote, wrap } from 'comlink';
import type { CircuitName } from '../../protocol/artifacts.ts';
import type { OnProgress, ProvingTask, SealingProver } from '../prover.ts';
import { carryErrorCodes } from './crossing.ts';

/** Names a call that may be stopped. */
type Ticket = number;

/** What crosses the channel. */
interface ProvingWorker extends Pick<SealingProver, 'info' | 'fire' | 'seal' | 'release' | 'close'> {
  load(ticket: Ticket, circuit: CircuitName, onProgress: OnProgress | undefined): Promise<void>;
  arm(ticket: Ticket, task: ProvingTask, onProgress: OnProgress | undefined): Promise<number>;
  unseal(ticket: Ticket, circuit: CircuitName, sealed: Uint8Array): Promise<number>;
  stop(ticket: Ticket): void;
}

/** Offers a prover to the other side of a channel; by default, to whoever started this worker. */
export function exposeProver(prover: SealingProver, endpoint?: Endpoint): void {
  const running = new Map<Ticket, AbortController>();
  const stoppable = async <T>(ticket: Ticket, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const controller = new AbortController();
    running.set(ticket, controller);
    try {
      return await work(controller.signal);
    } finally {
      running.delete(ticket);
    }
  };
  const worker: ProvingWorker = {
    info: () => prover.info(),
    load: (ticket, circuit, onProgress) => stoppable(ticket, (signal) => prover.load(circuit, onProgress, signal)),
    arm: (ticket, task, onProgress) => stoppable(ticket, (signal) => prover.arm(task, onProgress, signal)),
    unseal: (ticket, circuit, sealed) => stoppable(ticket, (signal) => prover.unseal(circuit, sealed, signal)),
    fire: (handle, statement) => prover.fire(handle, statement),
    seal: (handle) => prover.seal(handle),
    release: (handle) => prover.release(handle),
    close: () => prover.close(),
    stop: (ticket) => running.get(ticket)?.abort(),
  };
  carryErrorCodes();
  expose(worker, endpoint);
}

/**
 * The prover on the other side of a channel.
 *
 * @param broken - Rejects when the other side is gone: every call then rejects with it.
 */
export function remoteProver(endpoint: Endpoint, broken: Promise<never>): SealingProver {
  carryErrorCodes();
  broken.catch(() => undefined);
  const remote: Remote<ProvingWorker> = wrap<ProvingWorker>(endpoint);
  let lastTicket: Ticket = 0;

  const ask = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, broken]);
  const told = (onProgress: OnProgress | undefined): OnProgress | undefined => onProgress && proxy(onProgress);
  async function stoppable<T>(signal: AbortSignal | undefined, call: (ticket: Ticket) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const ticket = (lastTicket += 1);
    const stop = (): void => void remote.stop(ticket);
    signal?.addEventListener('abort', stop);
    try {
      return await ask(call(ticket));
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  return {
    info: () => ask(remote.info()),
    load: (circuit, onProgress, signal) =>
      stoppable(signal, (ticket) => remote.load(ticket, circuit, told(onProgress))),
    arm: (task, onProgress, signal) => stoppable(signal, (ticket) => remote.arm(ticket, task, told(onProgress))),
    unseal: (circuit, sealed, signal) => stoppable(signal, (ticket) => remote.unseal(ticket, circuit, sealed)),
    fire: (handle, statement) => ask(remote.fire(handle, statement)),
    seal: (handle) => ask(remote.seal(handle)),
    release: (handle) => ask(remote.release(handle)),
    close: () => ask(remote.close()),
  };
}
