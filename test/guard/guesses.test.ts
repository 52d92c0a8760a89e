// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { createGuardKey } from '../../src/guard/keys.ts';
import { ATTEMPTS, LOGIN_SECONDS, WAITS } from '../../src/guard/schedule.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { answerLogin, burn, call, evaluate, guess, openWorld, random, register, type World } from './world.ts';

const HOUR = 3_600_000;

describeOnEachDatabase('guesses at a guard', (fresh) => {
  const worlds: World[] = [];
  const open = async (options: Parameters<typeof openWorld>[0] = {}): Promise<World> => {
    const world = await openWorld({ url: await fresh(), ...options });
    worlds.push(world);
    return world;
  };
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });
  const failuresOf = async (world: World, id: string): Promise<number | undefined> =>
    (await world.database.kysely.selectFrom('guard_record').select('failures').where('id', '=', id).executeTakeFirst())
      ?.failures;

  it('are forgiven when one is right, and give the same export key', async () => {
    const world = await open();
    const { id, exportKey } = await register(world, 'right');
    expect(await guess(world, id, 'wrong')).toBe('wrong');
    expect(await guess(world, id, 'also wrong')).toBe('wrong');
    expect((await call(world, 'records/status', { id })).body).toEqual({ attempts_left: 8, wait_seconds: 0 });
    const counted = await evaluate(world, id);
    expect(counted.body).toMatchObject({ attempts_left: 7, wait_seconds: 300 });
    const login = String(counted.body['login']);
    const { finish, exportKey: again } = await answerLogin(world, login, 'right');
    expect(again).toBe(exportKey);
    expect((await call(world, 'logins/finish', { login, finish_login_request: finish })).status).toBe(200);
    expect((await call(world, 'records/status', { id })).body).toEqual({ attempts_left: 10, wait_seconds: 0 });
  });

  it('wait as the schedule says: to the second, right PIN or not, and over a restart', async () => {
    const [url, key] = [await fresh(), await createGuardKey(random)];
    let world = await open({ url, key });
    const { id } = await register(world, 'right');
    for (const [i, wait] of WAITS.entries()) {
      const counted = await evaluate(world, id);
      expect(counted.body).toMatchObject({ attempts_left: ATTEMPTS - i - 1, wait_seconds: wait });
      if (wait === 0) continue;
      const { now } = world;
      world.now = now + wait * 1000 - 1;
      const early = await evaluate(world, id);
      expect(early.status).toBe(429);
      expect(early.body).toMatchObject({ code: 'guard_wait', wait_seconds: 1 });
      expect(early.headers.get('retry-after')).toBe('1');
      expect(await guess(world, id, 'right')).toBe('guard_wait');
      expect(await failuresOf(world, id)).toBe(i + 1);
      if (i === 4) {
        const restarted = await open({ url, key });
        restarted.now = world.now;
        world = restarted;
        expect(await guess(world, id, 'right')).toBe('guard_wait');
      }
      world.now = now + wait * 1000;
    }
    expect(await guess(world, id, 'right')).toBe('right');
  });

  it('cannot all be made in an afternoon, nor in four days', async () => {
    const world = await open();
    const { id } = await register(world, 'right');
    const begin = world.now;
    const made = async (until: number): Promise<number> => {
      for (let count = (await failuresOf(world, id)) ?? ATTEMPTS; ; count++) {
        const { body, status } = await call(world, 'records/status', { id });
        if (status !== 200 || world.now + Number(body['wait_seconds']) * 1000 > until) return count;
        world.now += Number(body['wait_seconds']) * 1000;
        await evaluate(world, id);
      }
    };
    expect(await made(begin + 6 * HOUR)).toBe(6);
    expect(await made(begin + 4 * 24 * HOUR)).toBeLessThan(10);
  });

  it('end with the tenth: it can still be right, an eleventh is never answered, and the record goes', async () => {
    const world = await open();
    const { id } = await register(world, 'right');
    const spared = await register(world, 'right');
    await burn(world, id, 9);
    expect(await guess(world, id, 'right')).toBe('right');
    await burn(world, id, 9);
    expect(await guess(world, id, 'wrong')).toBe('wrong');
    expect(await guess(world, id, 'right')).toBe('guard_record_unknown');
    expect((await call(world, 'records/status', { id })).status).toBe(404);
    world.now += LOGIN_SECONDS * 1000 - 1;
    await world.tend();
    expect(await failuresOf(world, id)).toBe(ATTEMPTS);
    world.now += 1;
    await world.tend();
    expect(await failuresOf(world, id)).toBeUndefined();
    expect(await failuresOf(world, spared.id)).toBe(0);
  });

  it('end at once where the tenth is refused', async () => {
    const world = await open();
    const { id } = await register(world, 'right');
    await burn(world, id, 9);
    const login = String((await evaluate(world, id)).body['login']);
    await answerLogin(world, login, 'wrong');
    const told = await call(world, 'logins/finish', { login, finish_login_request: 'A'.repeat(86) });
    expect(told.body['code']).toBe('guard_login_refused');
    expect(await failuresOf(world, id)).toBeUndefined();
  });

  it('cannot race: of many at the last attempt one is answered', async () => {
    const world = await open();
    const { id } = await register(world, 'right');
    await burn(world, id, 9);
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => evaluate(world, id)));
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(outcomes.filter(({ body }) => body['code'] === 'guard_record_unknown')).toHaveLength(5);
  });

  it('cannot race: the first three are answered, the others wait', async () => {
    const world = await open();
    const { id } = await register(world, 'right');
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => evaluate(world, id)));
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(outcomes.filter(({ body }) => body['code'] === 'guard_wait')).toHaveLength(5);
    expect(await failuresOf(world, id)).toBe(3);
  });

  it('fail when they are not finished in time, even if they were right', async () => {
    const world = await open();
    const { id } = await register(world, 'right');
    const login = String((await evaluate(world, id)).body['login']);
    const { finish } = await answerLogin(world, login, 'right');
    world.now += LOGIN_SECONDS * 1000;
    const told = await call(world, 'logins/finish', { login, finish_login_request: finish });
    expect(told.body['code']).toBe('guard_login_unknown');
    expect(await failuresOf(world, id)).toBe(1);
  });

  it('are counted before anything is answered: a guard that is killed in between gives none away', async () => {
    const [url, key] = [await fresh(), await createGuardKey(random)];
    const world = await open({ url, key });
    const { id } = await register(world, 'right');
    for (const expected of [1, 2]) {
      const script = fileURLToPath(new URL('killed.ts', import.meta.url));
      const child = spawn(process.execPath, ['--import', 'tsx', script, url, key, id], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
      expect([signal, said]).toEqual(['SIGKILL', '']);
      expect(await failuresOf(world, id)).toBe(expected);
    }
  }, 60_000);
});
