// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FaceQueue, MEASURED } from '../../src/issuer/face_queue.ts';

/** A queue of tasks that end when the test says so, on a clock that the test moves. */
function house(limits = { tasks: 4, bytes: 1000 }) {
  let now = 0;
  const ends: (() => void)[] = [];
  const queue = new FaceQueue(limits, { capture: 4000 }, () => now);
  const order: number[] = [];
  let count = 0;
  const add = (bytes = 1) => {
    const number = count++;
    return queue.add('capture', bytes, async () => {
      order.push(number);
      await new Promise<void>((resolve) => ends.push(resolve));
      return number;
    });
  };
  const end = async (after: number) => {
    await sleep(0);
    now += after;
    ends.shift()?.();
    await sleep(0);
  };
  return { queue, add, end, order, pass: (ms: number) => (now += ms) };
}

describe('the queue', () => {
  it('serves in the order of coming, and says how many are before', async () => {
    const { add, end, order } = house();
    const tickets = [add(), add(), add()];
    await sleep(0);
    expect(tickets.map(({ place }) => place()?.position)).toEqual([0, 1, 2]);
    await end(10);
    expect(tickets.map(({ place }) => place()?.position)).toEqual([undefined, 0, 1]);
    await end(10);
    await end(10);
    expect(await Promise.all(tickets.map(({ result }) => result))).toEqual([0, 1, 2]);
    expect(order).toEqual([0, 1, 2]);
  });

  it('estimates by a guess at first, then by what was measured, less what the running one has had', async () => {
    const { add, end, pass } = house();
    const tickets = [add(), add(), add(), add()];
    await sleep(0);
    expect(tickets.map(({ place }) => place()?.waitMs)).toEqual([4000, 8000, 12_000, 16_000]);
    pass(1000);
    expect(tickets[2]?.place()?.waitMs).toBe(11_000);
    await end(1000); // took 2 s in all
    expect(tickets.map(({ place }) => place()?.waitMs)).toEqual([undefined, 2000, 4000, 6000]);
    await end(4000);
    expect(tickets[3]?.place()?.waitMs).toBe(6000);
    pass(60_000); // the running one is late, and about to end for all that is known
    expect(tickets[3]?.place()?.waitMs).toBe(3000);
  });

  it('takes a better guess, but not against what was measured', async () => {
    const { queue, add, end } = house();
    const tickets = [add(), add()];
    await sleep(0);
    queue.expect('capture', 1500);
    expect(tickets.map(({ place }) => place()?.waitMs)).toEqual([1500, 3000]);
    await end(700);
    queue.expect('capture', 9000);
    expect(tickets[1]?.place()?.waitMs).toBe(700);
    await end(1);
  });

  it('forgets durations of long ago', async () => {
    const { add, end } = house({ tasks: 1, bytes: 10 });
    for (let i = 0; i < MEASURED + 1; i++) {
      const { result } = add();
      await end(i === 0 ? 1_000_000 : 500);
      await result;
    }
    const { place } = add();
    await sleep(0);
    expect(place()?.waitMs).toBe(500);
    await end(1);
  });

  it('refuses what exceeds its tasks or its bytes, and takes more when some are done', async () => {
    const busy = expect.objectContaining({ code: 'face_busy' }) as Error;
    const { add, end } = house({ tasks: 2, bytes: 100 });
    const first = add(60);
    expect(() => add(41)).toThrow(busy);
    add(40);
    expect(() => add(0)).toThrow(busy);
    await end(1);
    await first.result;
    expect(() => add(61)).toThrow(busy);
    expect(() => add(60)).not.toThrow();
    await end(1);
    await end(1);
  });

  it('lets go of a task that is given up before its turn', async () => {
    const { add, end, order } = house({ tasks: 3, bytes: 100 });
    const [first, second, third] = [add(40), add(40), add(20)];
    await sleep(0);
    expect(second.cancel()).toBe(true);
    await expect(second.result).rejects.toMatchObject({ code: 'enrolment_unknown' });
    expect([second.place(), third.place()?.position]).toEqual([undefined, 1]);
    expect(second.cancel()).toBe(false);
    const fourth = add(40);
    // What runs cannot be called back.
    expect(first.cancel()).toBe(false);
    for (let i = 0; i < 3; i++) await end(1);
    expect(await Promise.all([first, third, fourth].map(({ result }) => result))).toEqual([0, 2, 3]);
    expect(order).toEqual([0, 2, 3]);
  });

  it('goes on after a task that fails', async () => {
    const queue = new FaceQueue({ tasks: 2, bytes: 10 }, {}, () => 0);
    const failing = queue.add('a', 1, () => Promise.reject(new Error('broken')));
    const next = queue.add('a', 1, () => Promise.resolve(5));
    await expect(failing.result).rejects.toThrow('broken');
    expect(await next.result).toBe(5);
    expect(failing.place()).toBeUndefined();
  });
});
