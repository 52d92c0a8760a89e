// SPDX-License-Identifier: GPL-3.0-or-later
/** When the page gives up a worker: it may be slow at its work, and not at its start. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SealingProver } from '../../src/wallet/prover.ts';
import type { WalletConfig } from '../../src/wallet/ui/config.ts';
import { fakeProver } from './world.ts';

const workers: StandIn[] = [];

/** A worker whose script is run by the test, with what it sees of its own. */
class StandIn extends EventTarget {
  readonly #page: MessagePort;
  readonly #own: MessagePort;
  isEnded = false;

  constructor() {
    super();
    const { port1, port2 } = new MessageChannel();
    [this.#page, this.#own] = [port1, port2];
    port1.onmessage = ({ data }) => void this.dispatchEvent(new MessageEvent('message', { data: data as unknown }));
    workers.push(this);
  }

  /** Runs `worker.ts`, which waits for the port of the threads. */
  async run(): Promise<void> {
    vi.stubGlobal('addEventListener', this.#own.addEventListener.bind(this.#own));
    vi.stubGlobal('removeEventListener', this.#own.removeEventListener.bind(this.#own));
    vi.stubGlobal('postMessage', this.#own.postMessage.bind(this.#own));
    await import('../../src/wallet/ui/worker.ts');
    this.#own.start();
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#page.postMessage(message, transfer);
  }

  terminate(): void {
    this.isEnded = true;
    this.#page.close();
  }
}

vi.mock('../../src/wallet/ui/artifacts.ts', () => ({ openArtifacts: () => undefined }));
vi.mock('../../src/wallet/prover.ts', () => ({
  // A first call that takes longer than any start may.
  createProver: (): SealingProver => ({
    ...fakeProver,
    seal: () => Promise.reject(new Error()),
    unseal: () => Promise.reject(new Error()),
    load: () => new Promise(() => undefined),
  }),
}));
vi.mock('../../src/wallet/ui/worker.ts?worker&url', () => ({ default: '/worker.js' }));
vi.mock('../../src/wallet/ui/lane_worker.ts?worker&url', () => ({ default: '/lane_worker.js' }));

const { startProver } = await import('../../src/wallet/ui/proving.ts');

describe('the prover in a worker', () => {
  beforeEach(() => {
    vi.stubGlobal('Worker', StandIn);
    vi.stubGlobal('location', { href: 'https://wallet.example/', origin: 'https://wallet.example' });
    vi.stubGlobal('navigator', { hardwareConcurrency: 1 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is given up if it does not start in time, and each call tells so', async () => {
    const prover = startProver();
    const info = prover.info();
    vi.advanceTimersByTime(30_000);
    await expect(info).rejects.toMatchObject({ code: 'worker_failed' });
    expect(prover.failed).toBe(true);
    expect(workers.at(-1)?.isEnded).toBe(true);
  });

  it('is not given up where it has started and its first call takes long', async () => {
    const prover = startProver();
    const first = prover.load('issue');
    const told = vi.fn();
    workers.at(-1)?.addEventListener('message', told);
    await workers.at(-1)?.run();
    await expect.poll(() => told.mock.calls.length).toBe(1);
    vi.advanceTimersByTime(120_000);
    expect(prover.failed).toBe(false);
    prover.end();
    await expect(first).rejects.toMatchObject({ code: 'worker_failed' });
  });

  it('that has failed is replaced for a step of an enrolment that is tried again', async () => {
    vi.stubGlobal('window', new EventTarget());
    vi.stubGlobal('document', new EventTarget());
    const { enrolDeps } = await import('../../src/wallet/ui/enrol_flow.ts');
    const config = { issuer: {}, register: {} } as WalletConfig;
    const deps = enrolDeps({ config }, new AbortController().signal);
    const first = deps.prover.info();
    vi.advanceTimersByTime(30_000);
    await expect(first).rejects.toMatchObject({ code: 'worker_failed' });
    expect(deps.prover).toMatchObject({ failed: false });
  });
});
