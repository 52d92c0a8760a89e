// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { resetsMessage, sign } from '../../src/log/signatures.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { keyList } from '../../src/register/config.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { replay } from '../log/reference.ts';
import {
  EPOCH_SECONDS,
  expectProblem,
  idOf,
  isRevoked,
  LEAF,
  leafOf,
  openTestRegister,
  type Party,
  publicKey,
  RULES,
  SECRETS,
  type TestRegister,
  withLeaf,
} from './harness.ts';

describeOnEachDatabase('rules and keys of decisions', (fresh) => {
  it('are logged when they change, before anything that they allow', async () => {
    const url = await fresh();
    const strict = await withLeaf(url);
    await expectProblem(await strict.announce(LEAF, 'fraud', -1, ['approver1']), 403, 'approvals_missing');
    await strict.close();
    const lax = await openTestRegister(url, { rules: { approvals: 1, delay: 1 } });
    lax.time.now = strict.time.now;
    expect((await lax.announce(LEAF, 'fraud', -1, ['approver1'])).status).toBe(202);
    await lax.nextEpoch();
    const events = await lax.events();
    const [changed, announced] = [events.findLastIndex(({ kind }) => kind === 'rules_set'), events.length - 1];
    expect(events[changed]).toEqual({ kind: 'rules_set', approvals: 1, delay: 1 });
    expect(events[announced]).toMatchObject({ kind: 'revocation_announced' });
    expect(announced).toBeGreaterThan(changed);
    replay(events);
    await lax.close();
  });

  it('do not shorten what is announced already', async () => {
    const url = await fresh();
    const before = await withLeaf(url);
    await before.announce(LEAF);
    await before.nextEpoch();
    const { activeFrom } = await before.checkpoint();
    await before.close();
    const after = await openTestRegister(url, { rules: { approvals: 1, delay: 1 } });
    after.time.now = (activeFrom + 1) * 1000;
    expect(await after.turn()).toBe(true);
    expect(await isRevoked(after)).toBe(false);
    after.time.now = (activeFrom + RULES.delay) * 1000;
    expect(await after.turn()).toBe(true);
    expect(await isRevoked(after)).toBe(true);
    await after.close();
  });

  it('void what waits for the cut with the approval of an approver who was removed', async () => {
    const url = await fresh();
    const before = await withLeaf(url);
    await before.submit(leafOf(2));
    await before.announce(LEAF);
    await before.announce(leafOf(2), 'death', -1, ['approver2', 'approver3']);
    await before.close();
    const approvers = keyList(publicKey('approver2'), publicKey('approver3'));
    const after = await openTestRegister(url, { approvers });
    after.time.now = before.time.now;
    await expectProblem(await after.announce(LEAF), 403, 'approver_unknown');
    await after.nextEpoch();
    const announced = (await after.events()).filter(({ kind }) => kind === 'revocation_announced');
    expect(announced).toMatchObject([{ leaf: leafOf(2).toString() }]);
    replay(await after.events());
    await after.close();
  });

  it('void what waits with fewer approvals than are now needed', async () => {
    const url = await fresh();
    const before = await withLeaf(url);
    await before.announce(LEAF);
    await before.close();
    const after = await openTestRegister(url, { rules: { ...RULES, approvals: 3 } });
    after.time.now = before.time.now;
    await after.nextEpoch();
    expect((await after.checkpoint()).counts.announced).toBe(0);
    replay(await after.events());
    await after.close();
  });

  it('stand in the log once as long as they do not change, as do the hashes of what wallets run', async () => {
    const url = await fresh();
    const files = { 'show.wasm': 'ab'.repeat(32), 'wallet/index.html': 'cd'.repeat(32) };
    const kinds = async (artifacts: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      const register = await openTestRegister(url, { artifacts });
      register.time.now += 2 * EPOCH_SECONDS * 1000;
      await register.turn();
      const events = await register.events();
      await register.close();
      return events.map(({ kind }) => kind).filter((kind) => kind === 'rules_set' || kind === 'artifacts_published');
    };
    expect(await kinds({})).toEqual(['rules_set']);
    const published = ['rules_set', 'artifacts_published'];
    expect(await kinds(files)).toEqual(published);
    expect(await kinds(Object.fromEntries(Object.entries(files).reverse()))).toEqual(published);
  });
});

describeOnEachDatabase('resets', (fresh) => {
  const count = (register: TestRegister, number: number, previous: number, as: Party = 'issuer'): Promise<Response> => {
    const signature = toBase64Url(sign(resetsMessage(number, previous), SECRETS[as]));
    return register.post('/v1/resets', { issuer: idOf(as), count: number, previous, signature });
  };

  it('are told by issuers and added up, each naming the one before', async () => {
    const register = await openTestRegister(await fresh());
    const state = (as: Party = 'issuer'): Promise<unknown> => register.json(`/v1/resets/${idOf(as)}`);
    expect(await state()).toEqual({ issuer: idOf('issuer'), previous: -1, pending: 0 });
    expect((await count(register, 3, -1)).status).toBe(202);
    expect((await count(register, 4, -1)).status).toBe(202);
    expect((await count(register, 5, -1, 'otherIssuer')).status).toBe(202);
    await register.nextEpoch();
    expect((await register.checkpoint()).counts.resets).toBe(9);
    const position = (await register.events()).findIndex(
      (event) => event.kind === 'resets_counted' && event.issuer === idOf('issuer'),
    );
    expect(await state()).toEqual({ issuer: idOf('issuer'), previous: position, pending: 0 });
    await expectProblem(await count(register, 4, -1), 409, 'resets_out_of_order');
    await expectProblem(await count(register, 4, position + 1), 409, 'resets_out_of_order');
    await count(register, 1, position);
    await register.nextEpoch();
    expect((await register.checkpoint()).counts.resets).toBe(10);
    expect(await register.nextEpoch()).toBe(false);
    replay(await register.events());
    await register.close();
  });

  it('need the signature of a known issuer over this count', async () => {
    const register = await openTestRegister(await fresh());
    await expectProblem(await count(register, 1, -1, 'approver1'), 403, 'issuer_unknown');
    await expectProblem(await register.get(`/v1/resets/${idOf('stranger')}`), 403, 'issuer_unknown');
    const signature = toBase64Url(sign(resetsMessage(1, -1), SECRETS.issuer));
    const body = { issuer: idOf('issuer'), count: 2, previous: -1, signature };
    await expectProblem(await register.post('/v1/resets', body), 403, 'signature_invalid');
    for (const wrong of [0, -1, 1.5, 2 ** 33 + 1]) {
      await expectProblem(await register.post('/v1/resets', { ...body, count: wrong }), 400, 'body_invalid');
    }
    expect(await register.nextEpoch()).toBe(false);
    await register.close();
  });
});

describeOnEachDatabase('the list of announcements', (fresh) => {
  it('is the same for every holder of a block, and ends with the tree', async () => {
    const register = await withLeaf(await fresh());
    await register.announce(LEAF);
    expect(await register.json('/announcements/0.json')).toEqual({ announcements: [] });
    await register.nextEpoch();
    const response = await register.get('/announcements/0.json');
    expect(response.headers.get('etag')).toBeNull();
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(((await response.json()) as { announcements: unknown[] }).announcements).toHaveLength(1);
    expect(await register.json('/announcements/1.json')).toEqual({ announcements: [] });
    expect(await register.json('/announcements/32767.json')).toEqual({ announcements: [] });
    await expectProblem(await register.get('/announcements/32768.json'), 404, 'block_unknown');
    await expectProblem(await register.get('/announcements/x.json'), 404, 'not_found');
    await register.close();
  });
});
