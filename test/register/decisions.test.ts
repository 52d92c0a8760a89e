// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { describeOnEachDatabase } from '../databases.ts';
import { replay } from '../log/reference.ts';
import {
  announcement,
  EPOCH_SECONDS,
  expectProblem,
  idOf,
  isRevoked,
  LEAF,
  leafOf,
  type Opened,
  openTestRegister,
  positionOf,
  reversal,
  RULES,
  statusOf,
  urgent,
  withLeaf,
} from './harness.ts';

describeOnEachDatabase('an announced revocation', (fresh) => {
  it('is public with its reason and approvals, leaves the credential as it is, and is carried out by itself', async () => {
    const register = await withLeaf(await fresh());
    const before = await register.checkpoint();
    expect(await statusOf(await register.announce(LEAF, 'fraud'))).toEqual([202, 'pending']);
    await register.nextEpoch();
    const announced = await register.checkpoint();
    expect(announced.counts).toEqual({ issued: 1, revoked: 0, active: 1, announced: 1, resets: 0, replaced: 0 });
    expect(announced.presentationRoot).toBe(before.presentationRoot);
    const position = await positionOf(register, 'revocation_announced');
    const { leaf, reason, approvals } = announcement(LEAF, 'fraud');
    expect((await register.events())[position]).toEqual({
      kind: 'revocation_announced',
      index: 0,
      leaf,
      reason,
      approvals,
    });
    const effective = announced.activeFrom + RULES.delay;
    expect(await register.json('/announcements/0.json')).toEqual({
      announcements: [{ leaf, index: 0, reason, position, effective }],
    });
    expect(await register.json(`/v1/leaves/${leaf}`)).toMatchObject({
      status: 'published',
      announcement: { position, reason, effective, status: 'open' },
    });
    // Nothing waits; the time alone makes a cut due.
    while (await register.nextEpoch()) expect(await isRevoked(register)).toBe(false);
    register.time.now += RULES.delay * 1000;
    expect(await register.turn()).toBe(true);
    const carriedOut = await register.checkpoint();
    expect(carriedOut.counts).toEqual({ issued: 1, revoked: 1, active: 0, announced: 0, resets: 0, replaced: 0 });
    expect(carriedOut.reasons).toMatchObject({ fraud: 1, death: 0 });
    expect((await register.events()).at(-1)).toEqual({
      kind: 'leaf_revoked',
      leaf,
      index: 0,
      reason: 'fraud',
      announced: position,
    });
    expect(await register.json('/announcements/0.json')).toEqual({ announcements: [] });
    await expectProblem(await register.submit(LEAF), 409, 'leaf_revoked');
    await register.close();
  });

  it('waits to the second: a checkpoint that is active one second too early does not carry it out', async () => {
    const register = await withLeaf(await fresh());
    await register.announce(LEAF, 'fraud');
    await register.nextEpoch();
    const { activeFrom } = await register.checkpoint();
    // On demand, a checkpoint becomes active one epoch after its cut.
    register.time.now = (activeFrom + RULES.delay - EPOCH_SECONDS - 1) * 1000;
    await register.submit(leafOf(2));
    expect(await register.turn()).toBe(true);
    const early = await register.checkpoint();
    expect([early.activeFrom, early.counts.revoked]).toEqual([activeFrom + RULES.delay - 1, 0]);
    await register.close();

    const other = await withLeaf(await fresh());
    await other.announce(LEAF, 'fraud');
    await other.nextEpoch();
    other.time.now = ((await other.checkpoint()).activeFrom + RULES.delay - EPOCH_SECONDS) * 1000;
    expect(await other.turn()).toBe(true);
    const onTime = await other.checkpoint();
    expect([onTime.activeFrom, onTime.counts.revoked]).toEqual([activeFrom + RULES.delay, 1]);
    await other.close();
  });

  it('needs m approvals by distinct approvers over this leaf, this reason and this occasion', async () => {
    const register = await withLeaf(await fresh());
    await register.submit(leafOf(2));
    const good = announcement(LEAF, 'fraud');
    const [first, second] = good.approvals;
    const cases: readonly (readonly [object, number, string])[] = [
      [announcement(LEAF, 'fraud', -1, ['approver1']), 403, 'approvals_missing'],
      [announcement(LEAF, 'fraud', -1, []), 403, 'approvals_missing'],
      [announcement(LEAF, 'fraud', -1, ['approver1', 'approver1']), 403, 'approver_repeated'],
      [announcement(LEAF, 'fraud', -1, ['approver1', 'stranger']), 403, 'approver_unknown'],
      [announcement(LEAF, 'fraud', -1, ['approver1', 'operator']), 403, 'approver_unknown'],
      [announcement(LEAF, 'fraud', -1, ['approver1', 'issuer']), 403, 'approver_unknown'],
      // One of three that does not hold spoils what two would have been enough for.
      [{ ...good, approvals: [first, second, { ...second, approver: idOf('approver3') }] }, 403, 'signature_invalid'],
      [{ ...good, approvals: [first, { ...first, approver: idOf('approver2') }] }, 403, 'signature_invalid'],
      [{ ...good, reason: 'death' }, 403, 'signature_invalid'],
      [{ ...good, leaf: leafOf(2).toString() }, 403, 'signature_invalid'],
      [{ ...good, after: 3 }, 403, 'signature_invalid'],
      [{ ...good, approvals: urgent(LEAF, 'document_lost').approvals }, 403, 'signature_invalid'],
      [announcement(LEAF, 'fraud', 3), 409, 'announcement_outdated'],
      [announcement(LEAF, 'holder_request'), 422, 'reason_not_announced'],
      [announcement(leafOf('never'), 'fraud'), 404, 'leaf_unknown'],
      [{ ...good, reason: 'whim' }, 400, 'body_invalid'],
      [{ ...good, more: 1 }, 400, 'body_invalid'],
    ];
    for (const [body, status, code] of cases) {
      await expectProblem(await register.post('/v1/announcements', body), status, code);
    }
    await register.nextEpoch();
    expect((await register.checkpoint()).counts.announced).toBe(0);
    await register.close();
  });

  it('twice changes nothing, before and after the cut; another reason is refused', async () => {
    const register = await withLeaf(await fresh());
    const all = await Promise.all(Array.from({ length: 4 }, () => register.announce(LEAF, 'fraud')));
    expect(await Promise.all(all.map(statusOf))).toEqual(Array.from({ length: 4 }, () => [202, 'pending']));
    await expectProblem(await register.announce(LEAF, 'death'), 409, 'announced_otherwise');
    await register.nextEpoch();
    expect(await statusOf(await register.announce(LEAF, 'fraud'))).toEqual([202, 'announced']);
    await expectProblem(await register.announce(LEAF, 'death'), 409, 'announced_otherwise');
    expect(await register.nextEpoch()).toBe(false);
    expect((await register.checkpoint()).counts.announced).toBe(1);
    await register.close();
  });

  it('concerns a leaf that waits: both stand in one cut', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(LEAF);
    await register.announce(LEAF);
    await register.nextEpoch();
    const kinds = (await register.events()).map(({ kind }) => kind);
    expect(kinds.slice(-2)).toEqual(['leaf_added', 'revocation_announced']);
    await register.close();
  });

  it('is not lost when the register dies between announcement and cut, or before it is carried out', async () => {
    const url = await fresh();
    const first = await withLeaf(url);
    await first.announce(LEAF);
    await first.close();
    const second = await openTestRegister(url);
    second.time.now = first.time.now;
    await second.nextEpoch();
    expect((await second.checkpoint()).counts.announced).toBe(1);
    await second.close();
    const third = await openTestRegister(url);
    third.time.now = second.time.now + RULES.delay * 1000;
    expect(await third.nextEpoch()).toBe(true);
    expect(await isRevoked(third)).toBe(true);
    replay(await third.events());
    await third.close();
  });
});

describeOnEachDatabase('a reversal', (fresh) => {
  const announced = async (url: string): Promise<{ register: Opened; position: number }> => {
    const register = await withLeaf(url);
    await register.announce(LEAF);
    await register.nextEpoch();
    return { register, position: await positionOf(register, 'revocation_announced') };
  };

  it('within the delay keeps the credential', async () => {
    const { register, position } = await announced(await fresh());
    expect(await statusOf(await register.reverse(LEAF, position))).toEqual([202, 'pending']);
    expect(await statusOf(await register.reverse(LEAF, position))).toEqual([202, 'pending']);
    await register.nextEpoch();
    expect((await register.checkpoint()).counts).toEqual({
      issued: 1,
      revoked: 0,
      active: 1,
      announced: 0,
      resets: 0,
      replaced: 0,
    });
    expect((await register.events()).at(-1)).toMatchObject({ kind: 'revocation_reversed', index: 0 });
    expect(await statusOf(await register.reverse(LEAF, position))).toEqual([202, 'reversed']);
    register.time.now += 2 * RULES.delay * 1000;
    expect(await register.turn()).toBe(false);
    expect(await register.json(`/v1/leaves/${LEAF.toString()}`)).toMatchObject({
      announcement: { status: 'reversed' },
    });
    await register.close();
  });

  it('that was accepted before the cut counts, also when the delay has passed; after it, none does', async () => {
    const { register, position } = await announced(await fresh());
    register.time.now += 2 * RULES.delay * 1000;
    await register.reverse(LEAF, position);
    await register.turn();
    expect(await isRevoked(register)).toBe(false);
    replay(await register.events());
    await register.close();

    const { register: late, position: same } = await announced(await fresh());
    late.time.now += 2 * RULES.delay * 1000;
    await late.turn();
    await expectProblem(await late.reverse(LEAF, same), 409, 'leaf_revoked');
    await late.close();
  });

  it('and the approvals of what it reversed are good for no second announcement', async () => {
    const { register, position } = await announced(await fresh());
    await register.reverse(LEAF, position);
    await register.nextEpoch();
    // Anyone can take both from the public log.
    await expectProblem(await register.announce(LEAF, 'fraud'), 409, 'announcement_outdated');
    expect(await statusOf(await register.announce(LEAF, 'fraud', position))).toEqual([202, 'pending']);
    await register.nextEpoch();
    const again = await positionOf(register, 'revocation_announced');
    expect(again).toBeGreaterThan(position);
    const replayed = { ...reversal(LEAF, position), announcement: again };
    await expectProblem(await register.post('/v1/reversals', replayed), 403, 'signature_invalid');
    expect(await statusOf(await register.reverse(LEAF, position))).toEqual([202, 'reversed']);
    expect((await register.checkpoint()).counts.announced).toBe(1);
    await register.reverse(LEAF, again);
    await register.nextEpoch();
    expect((await register.checkpoint()).counts.announced).toBe(0);
    replay(await register.events());
    await register.close();
  });

  it('needs m approvals and an announcement of this leaf', async () => {
    const { register, position } = await announced(await fresh());
    await register.submit(leafOf(2));
    await expectProblem(await register.reverse(LEAF, position, ['approver3']), 403, 'approvals_missing');
    await expectProblem(await register.reverse(LEAF, position, ['approver1', 'stranger']), 403, 'approver_unknown');
    await expectProblem(await register.reverse(LEAF, position - 1), 404, 'announcement_unknown');
    await expectProblem(await register.reverse(leafOf(2), position), 404, 'announcement_unknown');
    await expectProblem(await register.reverse(leafOf('never'), position), 404, 'leaf_unknown');
    await register.nextEpoch();
    expect((await register.checkpoint()).counts.announced).toBe(1);
    await register.close();
  });
});
