// SPDX-License-Identifier: GPL-3.0-or-later
import { MessageChannel } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readKeyFile } from '../../src/proving/key_file.ts';
import { createLane, type Lane, type LanePoints, type LaneTask } from '../../src/proving/lane.ts';
import { type Lanes, type LaneThread, openLanes } from '../../src/proving/lanes.ts';
import { nodeThreads } from '../../src/server/prover_threads.ts';
import { readArtifact } from './sample.ts';

let points: LanePoints;
const opened: Lanes[] = [];

beforeAll(async () => {
  points = readKeyFile(await readArtifact('issue.key'));
});

afterEach(() => {
  for (const lanes of opened.splice(0)) lanes.close();
});

async function open(threads?: Parameters<typeof openLanes>[1]): Promise<Lanes> {
  const lanes = await openLanes(points, threads);
  opened.push(lanes);
  return lanes;
}

/** A thread without a thread: a lane behind a message channel, which can be made to fail. */
function pretend(lane: Lane): LaneThread & { fail: (cause: Error) => void; ended: () => boolean } {
  const { port1, port2 } = new MessageChannel();
  expose(lane, nodeEndpoint(port1));
  let listener: (cause: unknown) => void = () => undefined;
  let ended = false;
  return {
    endpoint: nodeEndpoint(port2),
    onFailure: (told) => (listener = told),
    end() {
      ended = true;
      port1.close();
    },
    fail: (cause) => listener(cause),
    ended: () => ended,
  };
}

const task = (first: number): LaneTask => {
  const values = new Uint8Array(points.domain * 32);
  values[0] = first;
  return { kind: 'derive', values };
};

describe('lanes', () => {
  it('answer the same with and without threads', async () => {
    const [here, there] = [await open(), await open(nodeThreads(2))];
    expect([here.count, there.count]).toEqual([1, 2]);
    for (const first of [0, 1, 2, 3]) expect(await there.run(task(first))).toEqual(await here.run(task(first)));
  });

  it('deal out one task at a time to each, in order, and keep all busy', async () => {
    const log: string[] = [];
    const free: (() => void)[] = [];
    const lane = (name: string): Lane => ({
      open: () => Promise.resolve(),
      run: async ({ kind }) => {
        log.push(`${name} ${kind}`);
        await new Promise<void>((resolve) => free.push(resolve));
        return new Uint8Array();
      },
    });
    const names = ['a', 'b'];
    const lanes = await open({ count: 2, start: () => pretend(lane(names.shift() ?? '')) });
    const done = [1, 2, 3].map(() => lanes.run(task(0)));
    await expect.poll(() => log).toEqual(['a derive', 'b derive']);
    free[1]?.();
    await expect.poll(() => log).toEqual(['a derive', 'b derive', 'b derive']);
    free[0]?.();
    free[2]?.();
    await Promise.all(done);
  });

  it('drop what waits when asked to stop, and go on with the rest', async () => {
    const lanes = await open();
    const stop = new AbortController();
    const [first, second, third] = [lanes.run(task(1)), lanes.run(task(2), stop.signal), lanes.run(task(3))];
    stop.abort(new Error('stop'));
    await expect(second).rejects.toThrow('stop');
    expect(await first).toHaveLength(points.domain * 32);
    expect(await third).toHaveLength(points.domain * 32);
  });

  it('fail with all that waits when a thread ends, and stay failed', async () => {
    const threads: ReturnType<typeof pretend>[] = [];
    const never: Lane = { open: () => Promise.resolve(), run: () => new Promise<never>(() => undefined) };
    const start = (): LaneThread => {
      const thread = pretend(never);
      threads.push(thread);
      return thread;
    };
    const lanes = await open({ count: 2, start });
    const waiting = [1, 2, 3].map((first) => lanes.run(task(first)));
    threads[0]?.fail(new Error('out of memory'));
    const failed = { code: 'prover_failed', cause: expect.objectContaining({ message: 'out of memory' }) as unknown };
    for (const one of waiting) await expect(one).rejects.toMatchObject(failed);
    await expect(lanes.run(task(4))).rejects.toMatchObject(failed);
    expect(threads.map((thread) => thread.ended())).toEqual([true, true]);
  });

  it('fail when a thread does not even start', async () => {
    const silent: Lane = { open: () => new Promise<never>(() => undefined), run: () => new Uint8Array() };
    const start = (): LaneThread => {
      const thread = pretend(silent);
      setTimeout(() => thread.fail(new Error('refused by the policy')));
      return thread;
    };
    await expect(openLanes(points, { count: 1, start })).rejects.toMatchObject({ code: 'prover_failed' });
  });

  it('leave no thread behind where one of them cannot open, or cannot even be started', async () => {
    const threads: ReturnType<typeof pretend>[] = [];
    const full = new RangeError('could not allocate memory');
    const lane: Lane = { open: () => Promise.resolve(), run: () => new Uint8Array() };
    const start = (): LaneThread => {
      const isLast = threads.length === 2;
      const thread = pretend(isLast ? { ...lane, open: () => Promise.reject(full) } : lane);
      threads.push(thread);
      return thread;
    };
    await expect(openLanes(points, { count: 3, start })).rejects.toThrow('could not allocate memory');
    expect(threads.map((thread) => thread.ended())).toEqual([true, true, true]);

    const some: ReturnType<typeof pretend>[] = [];
    const startSome = (): LaneThread => {
      if (some.length === 2) throw full;
      const thread = pretend(lane);
      some.push(thread);
      return thread;
    };
    await expect(openLanes(points, { count: 3, start: startSome })).rejects.toThrow('could not allocate memory');
    expect(some.map((thread) => thread.ended())).toEqual([true, true]);
  });

  it('end their threads when closed, and fail what waits', async () => {
    const lanes = await open(nodeThreads(1));
    const waiting = [1, 2, 3].map((first) => lanes.run(task(first)));
    lanes.close();
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'prover_failed' });
    lanes.close();
  });

  it('are opened first', () => {
    expect(() => createLane().run(task(0))).toThrow('must be opened first');
  });

  it('refuse a signal that was aborted before', async () => {
    const lanes = await open();
    await expect(lanes.run(task(1), AbortSignal.abort(new Error('early')))).rejects.toThrow('early');
  });
});
