// SPDX-License-Identifier: GPL-3.0-or-later
/** What waits for the register, and who waits with it; what becomes of replacements is tested in life.test.ts. */
import { afterEach, expect, it, vi } from 'vitest';
import { toField } from '../../src/protocol/field.ts';
import { openReplacements, unsubmittedChain, unsubmittedLeaves } from '../../src/storage/submissions.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { type Answer, enrolmentForm, passport, World } from './world.ts';

let world: World;
afterEach(async () => {
  vi.restoreAllMocks();
  await world.database.close();
});

/** Takes calls and never answers, until the caller has waited long enough. */
class Silence {
  calls = 0;
  isSilent = true;

  readonly fetch = (url: string, init: RequestInit): Promise<Response> => {
    this.calls += 1;
    if (!this.isSilent) return world.register(url, init);
    return new Promise((_, reject) => {
      init.signal?.addEventListener('abort', () => {
        reject(new DOMException('timed out', 'TimeoutError'));
      });
    });
  };

  /** How often the register was called meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
    this.calls = 0;
    return [await work(), this.calls];
  }
}

const person = (i: number) => passport({ personalNumber: `1101011990020${String(i)}` });

it('nobody waits for the leaves of others while the register takes calls and does not answer', async () => {
  const real = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => real(ms / 1000));
  const silence = new Silence();
  world = await new World().open(':memory:', { fetch: silence.fetch as typeof fetch });
  const enrol = async (i: number): Promise<readonly [Awaited<ReturnType<World['accepted']>>, number]> => {
    const session = await world.accepted(person(i));
    const form = await enrolmentForm(session.session, toField(BigInt(5000 + i)));
    const [answer, calls] = await silence.during(() => world.send(session, form));
    expect(answer).toMatchObject({ status: 202 });
    return [session, calls];
  };
  const sessions = [await enrol(1), await enrol(2), await enrol(3)] as const;
  expect(sessions.map(([, calls]) => calls)).toEqual([1, 1, 1]);
  const [{ id, token, session }] = sessions[2];
  const status = (): Promise<Answer> => world.call('GET', `/v1/enrolments/${id}`, { token });
  expect(await silence.during(status)).toMatchObject([{ body: { status: 'pending' } }, 1]);
  // A holder's wishes do not wait for those of others either, and an appeal ends.
  const form = await enrolmentForm(session, toField(5003n));
  expect(await silence.during(() => world.send(sessions[2][0], form, 'revocation'))).toMatchObject([
    { status: 202 },
    1,
  ]);
  const own = await world.database.kysely.selectFrom('credential').select('leaf').where('revocation', '=', 1).execute();
  const appeal = { ...form, leaf: own[0]?.leaf, text: 'mine' };
  expect(await silence.during(() => world.send(sessions[2][0], appeal, 'appeal'))).toMatchObject([
    { status: 503, body: { code: 'register_unreachable' } },
    1,
  ]);
  // Nor does a round try one after another: one leaf, and one wish.
  expect(await silence.during(() => world.issuer.tend())).toEqual([undefined, 2]);
  expect(await world.issuer.issuance.submitPending()).toBe(3);
  silence.isSilent = false;
  await world.issuer.tend();
  expect(world.submitted).toHaveLength(3);
  expect(world.requested).toMatchObject(own);
  expect(await unsubmittedLeaves(world.database)).toEqual([]);
});

it('a leaf that the register refuses stops no other', async () => {
  world = await new World().open(':memory:');
  world.registerUp = false;
  for (const i of [1, 2]) await world.credential(await world.accepted(person(i)), toField(BigInt(5000 + i)));
  world.registerUp = true;
  const first = (await unsubmittedLeaves(world.database))[0]?.leaf;
  const register = world.register;
  world.register = (url, init) =>
    typeof init.body === 'string' && init.body.includes(String(first))
      ? Promise.resolve(Response.json({ code: 'issuer_unknown' }, { status: 403 }))
      : register(url, init);
  expect(await world.issuer.issuance.submitPending()).toBe(1);
  expect(world.submitted).toHaveLength(1);
});

describeOnEachDatabase('what waits', (open) => {
  const keep = async (rows: readonly { leaf: string; replaces: string | null; submitted: number }[]): Promise<void> => {
    const { kysely } = world.database;
    for (let at = 0; at < rows.length; at += 500) {
      const part = rows.slice(at, at + 500).map((row) => ({
        ...row,
        ...{ dedup_tag: 'd', document: 2, expiry: 20310101, signature: 's', issued: 20261101, revocation: 0 },
      }));
      await kysely.insertInto('credential').values(part).execute();
    }
  };
  const leaves = (rows: readonly { leaf: string }[]): readonly string[] => rows.map(({ leaf }) => leaf);

  it('comes with the earlier of a chain first, and without what the register has', async () => {
    world = await new World().open(await open());
    const person = { dedup_tag: 'd', seed_tag: 't', generation: 0, secret_since: 20260101 };
    await world.database.kysely.insertInto('person').values(person).execute();
    await keep([
      { leaf: '13', replaces: '12', submitted: 0 },
      { leaf: '12', replaces: '11', submitted: 0 },
      { leaf: '11', replaces: '10', submitted: 1 },
      { leaf: '23', replaces: '22', submitted: 0 },
      { leaf: '22', replaces: '21', submitted: 0 },
      { leaf: '21', replaces: null, submitted: 0 },
    ]);
    const sent = leaves(await unsubmittedLeaves(world.database));
    expect([...sent].sort()).toEqual(['12', '13', '21', '22', '23']);
    for (const [early, late] of [
      ['12', '13'],
      ['21', '22'],
      ['22', '23'],
    ] as const) {
      expect(sent.indexOf(early)).toBeLessThan(sent.indexOf(late));
    }
    expect(leaves(await openReplacements(world.database))).toEqual(['11']);
    expect(leaves(await unsubmittedChain(world.database, '13'))).toEqual(['12', '13']);
    expect(leaves(await unsubmittedChain(world.database, '22'))).toEqual(['21', '22']);
    expect(await unsubmittedChain(world.database, '11')).toEqual([]);
    expect(await unsubmittedChain(world.database, '99')).toEqual([]);
    // Many take no longer than reading them: nothing is looked up by going through all.
    const many = Array.from({ length: 20_000 }, (_, i) => ({ leaf: `9${String(i)}`, replaces: `8${String(i)}` }));
    await keep(many.map((row, i) => ({ ...row, submitted: i % 2 })));
    const before = performance.now();
    expect(await openReplacements(world.database)).toHaveLength(10_001);
    expect(await unsubmittedLeaves(world.database)).toHaveLength(10_005);
    expect(performance.now() - before).toBeLessThan(1500);
  });
});
