// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { SIZE_TYPE } from '../../src/log/add_checkpoint.ts';
import { openNotes } from '../../src/log/witnessed.ts';
import type { Witnessing } from '../../src/register/witnessing.ts';
import { openDatabase } from '../../src/storage/open.ts';
import type { RegisterTables } from '../../src/storage/register.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { EPOCH_SECONDS, leafOf, REGISTER_KEY, startRegister, type TestRegister } from './harness.ts';
import { openWitnesses, POLICY } from './witnesses.ts';

/** A register with three witnesses, of which two must cosign. */
async function openWatched(url: string, change: Partial<Witnessing> = {}) {
  const database = await openDatabase<RegisterTables>(url);
  const opened: { register?: TestRegister } = {};
  const { witnessing, away, apps } = await openWitnesses(
    { key: REGISTER_KEY, epochSeconds: EPOCH_SECONDS },
    () => opened.register?.time.now ?? 0,
    (path) => opened.register?.get(path) ?? new Response('', { status: 503 }),
  );
  const register = await startRegister(database, { witnessing: { ...witnessing, ...change } });
  opened.register = register;
  const { time, push, json } = register;
  return {
    ...register,
    witnessing,
    away,
    apps,
    /** Asks everyone who may be asked, and waits. */
    ask: async (): Promise<void> => {
      push.start();
      await push.settled();
    },
    /** Submits a leaf and cuts the checkpoint that holds it, if one may be cut. */
    publish: async (name: string): Promise<boolean> => {
      await register.submit(leafOf(name));
      return register.nextEpoch();
    },
    /** Epochs that a client accepts, and those that it does not. */
    seen: async (): Promise<{ accepted: number[]; refused: number[] }> => {
      const { checkpoints } = await json<{ checkpoints: string[] }>('/v1/checkpoints');
      const { witnessed, unwitnessed } = openNotes(checkpoints, REGISTER_KEY, POLICY, time.now);
      const epochs = (list: typeof witnessed): number[] => list.map(({ checkpoint }) => checkpoint.epoch);
      return { accepted: epochs(witnessed), refused: epochs(unwitnessed) };
    },
    states: async () => (await json<{ witnesses: { epoch?: number; problem?: string }[] }>('/v1/witnesses')).witnesses,
    close: async (): Promise<void> => {
      await push.close();
      await database.close();
    },
  };
}

describeOnEachDatabase('a register with witnesses', (fresh) => {
  it('shows each checkpoint with their cosignatures, also after a restart', async () => {
    const url = await fresh();
    const first = await openWatched(url);
    expect(await first.seen()).toEqual({ accepted: [], refused: [0] });
    await first.ask();
    expect(await first.seen()).toEqual({ accepted: [0], refused: [] });
    expect(await first.publish('a')).toBe(true);
    // Cut, and not yet cosigned: what is shown as the latest is what clients accept.
    expect(await first.seen()).toEqual({ accepted: [0], refused: [1] });
    expect((await first.checkpoint()).epoch).toBe(0);
    await first.ask();
    expect(await first.seen()).toEqual({ accepted: [0, 1], refused: [] });
    const note = await (await first.get('/checkpoint')).text();
    expect(note.split('\n').filter((line) => line.startsWith('— '))).toHaveLength(4);
    expect(await first.states()).toMatchObject(
      [1, 2, 3].map((n) => ({ name: `witness${String(n)}.test/w1`, epoch: 1 })),
    );
    await first.close();
    const second = await openWatched(url);
    expect(await (await second.get('/checkpoint')).text()).toBe(note);
    await second.close();
  });

  it('publishes with one witness away, nothing with two, and goes on when one is back', async () => {
    const register = await openWatched(await fresh());
    await register.ask();
    register.away.add(3);
    await register.publish('a');
    await register.ask();
    expect((await register.seen()).accepted).toEqual([0, 1]);
    register.away.add(2);
    expect(await register.publish('b')).toBe(true);
    await register.ask();
    for (let epoch = 0; epoch < 3; epoch++) {
      // Nothing is built on what nobody accepts, and what is submitted waits.
      expect(await register.publish(`c ${String(epoch)}`)).toBe(false);
      await register.ask();
      expect(await register.seen()).toEqual({ accepted: [1], refused: [2] });
    }
    expect(await register.states()).toMatchObject([
      { epoch: 2 },
      { epoch: 1, problem: 'witness_unreachable' },
      { epoch: 0, problem: 'witness_unreachable' },
    ]);
    // The third comes back first: it is given all that it missed, in order.
    register.away.delete(3);
    register.time.now += 300_000;
    await register.ask();
    expect((await register.states())[2]).toMatchObject({ epoch: 2 });
    expect((await register.seen()).accepted).toEqual([1, 2]);
    expect(await register.turn()).toBe(true);
    await register.ask();
    expect(await register.seen()).toEqual({ accepted: [1, 2, 3], refused: [] });
    await register.close();
  });

  it('that was set back to an older database gets nothing cosigned, and cuts one checkpoint at most', async () => {
    const register = await openWatched(await fresh());
    await register.ask();
    for (const name of ['a', 'b']) {
      await register.publish(name);
      await register.ask();
    }
    // The same register from an older database, here an empty one: its witnesses remember.
    const database = await openDatabase<RegisterTables>(await fresh());
    const restored = await startRegister(database, { witnessing: register.witnessing });
    restored.time.now = register.time.now;
    const logged = restored.push;
    for (let round = 0; round < 3; round++) {
      await restored.submit(leafOf(`other ${String(round)}`));
      restored.time.now += EPOCH_SECONDS * 1000;
      expect(await restored.turn()).toBe(false);
      logged.start();
      await logged.settled();
    }
    const problems = new Set(logged.problems().values());
    expect([...problems]).toEqual(['witness_ahead']);
    const { checkpoints } = await restored.json<{ checkpoints: string[] }>('/v1/checkpoints');
    expect(openNotes(checkpoints, REGISTER_KEY, POLICY, restored.time.now).witnessed).toEqual([]);
    await database.close();
    await register.close();
  });
});

/** What a broken witness answers. */
const BROKEN: readonly [
  string,
  string,
  (url: string, init: RequestInit, honest: Witnessing['fetch']) => Promise<Response>,
][] = [
  ['is away', 'witness_unreachable', () => Promise.reject(new TypeError('fetch failed'))],
  ['fails', 'witness_refused', () => Promise.resolve(new Response('oops', { status: 500 }))],
  ['is not ready', 'witness_busy', () => Promise.resolve(new Response('', { status: 503 }))],
  ['answers nothing', 'witness_answer_invalid', () => Promise.resolve(new Response(''))],
  ['answers at great length', 'witness_answer_invalid', () => Promise.resolve(new Response('x'.repeat(20_000)))],
  [
    'names a size that never was',
    'witness_ahead',
    () => Promise.resolve(new Response('77\n', { status: 409, headers: { 'Content-Type': SIZE_TYPE } })),
  ],
  ['names no size', 'witness_refused', () => Promise.resolve(new Response('77\n', { status: 409 }))],
  [
    'signs with another key',
    'witness_answer_invalid',
    (_, init, honest) => honest('https://w2.test/add-checkpoint', init),
  ],
  [
    'signs something else',
    'witness_answer_invalid',
    async (url, init, honest) => {
      const text = await (await honest(url, init)).text();
      return new Response(text.replace(/.{8}\n$/, 'AAAAAA==\n'));
    },
  ],
  [
    'signs twice',
    'witness_answer_invalid',
    async (url, init, honest) => new Response((await (await honest(url, init)).text()).repeat(2)),
  ],
];

describe('a witness that', () => {
  it.each(BROKEN)('%s is told apart, asked after growing pauses, and holds up nobody', async (_, problem, answer) => {
    let asked = 0;
    const broken = await openWatched(':memory:', {
      fetch: (url, init) => {
        if (!url.startsWith('https://w1.')) return broken.witnessing.fetch(url, init);
        asked += 1;
        return answer(url, init, broken.witnessing.fetch);
      },
    });
    await broken.ask();
    expect(await broken.states()).toMatchObject([{ problem }, { epoch: 0 }, { epoch: 0 }]);
    expect(await broken.publish('a')).toBe(true);
    await broken.ask();
    expect((await broken.seen()).accepted).toEqual([0, 1]);
    // 1, 2, 4, … seconds, and five minutes at most.
    const start = broken.time.now;
    const times: number[] = [];
    for (; broken.time.now < start + 1_300_000; broken.time.now += 1000) {
      const before = asked;
      await broken.ask();
      if (asked > before) times.push((broken.time.now - start) / 1000);
    }
    const pauses = times.map((time, i) => time - (times[i - 1] ?? 0)).slice(1);
    expect(pauses).toEqual([4, 8, 16, 32, 64, 128, 256, 300, 300].slice(0, pauses.length));
    expect(pauses.length).toBeGreaterThanOrEqual(8);
    await broken.close();
  });

  it('never answers is given up on, while the others are asked', async () => {
    const register = await openWatched(':memory:', {
      timeout: 300,
      fetch: (url, init) =>
        url.startsWith('https://w1.')
          ? new Promise((_, reject) => {
              init.signal?.addEventListener('abort', () => reject(new DOMException('timed out', 'TimeoutError')));
            })
          : register.witnessing.fetch(url, init),
    });
    register.push.start();
    await expect.poll(async () => (await register.seen()).accepted).toEqual([0]);
    expect(await register.publish('a')).toBe(true);
    register.push.start();
    await expect.poll(async () => (await register.seen()).accepted).toEqual([0, 1]);
    await register.push.settled();
    expect((await register.states())[0]).toMatchObject({ problem: 'witness_unreachable' });
    await register.close();
  });

  it('has a wrong clock does not count', async () => {
    const register = await openWatched(':memory:');
    const late = await openWitnesses(
      { key: REGISTER_KEY, epochSeconds: EPOCH_SECONDS },
      () => register.time.now - 601_000,
      (path) => register.get(path),
    );
    const slow = await openWatched(':memory:', { fetch: late.witnessing.fetch });
    await slow.ask();
    expect((await slow.states()).every(({ problem }) => problem !== undefined)).toBe(true);
    await slow.close();
    await register.close();
  });

  it('lost its register’s memory of it is asked for its own size', async () => {
    const register = await openWatched(':memory:');
    await register.ask();
    await register.publish('a');
    await register.ask();
    await register.database.kysely.deleteFrom('cosignatures').execute();
    // A process that starts anew, without the lines.
    const again = await startRegister(register.database, { witnessing: register.witnessing });
    again.time.now = register.time.now;
    again.push.start();
    await again.push.settled();
    expect([...again.push.problems()]).toEqual([]);
    expect((await register.seen()).accepted).toContain(1);
    await register.close();
  });

  it.each([
    ['the same name twice', { witnesses: [0, 0].map(() => ({ ...POLICY.keys[0], url: 'https://w1.test' })) }],
    ['more needed than there are', { threshold: 4 }],
  ])('a configuration with %s is refused', async (_, change) => {
    await expect(openWatched(':memory:', change as Partial<Witnessing>)).rejects.toMatchObject({
      code: 'witness_policy_invalid',
    });
  });
});
