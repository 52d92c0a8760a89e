// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { REVOCATION_REASONS, type RevocationReason, URGENT_REASONS } from '../../src/log/events.ts';
import { revocationMessage, urgentMessage } from '../../src/log/signatures.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { replay } from '../log/reference.ts';
import {
  announcement,
  approvalsOf,
  expectProblem,
  LEAF,
  leafOf,
  type Party,
  positionOf,
  request,
  RULES,
  statusOf,
  urgent,
  withLeaf,
} from './harness.ts';

describeOnEachDatabase('a revocation without a delay', (fresh) => {
  it('is for a stolen device or a stolen key, marked as urgent', async () => {
    const register = await withLeaf(await fresh());
    for (const reason of Object.keys(REVOCATION_REASONS) as RevocationReason[]) {
      if (!(URGENT_REASONS as readonly string[]).includes(reason)) {
        await expectProblem(await register.revoke(LEAF, reason), 422, 'reason_not_urgent');
      }
    }
    expect(await statusOf(await register.revoke(LEAF, 'issuer_key_compromised'))).toEqual([202, 'pending']);
    await register.nextEpoch();
    const { leaf, approvals } = urgent(LEAF, 'issuer_key_compromised');
    const event = { kind: 'leaf_revoked', leaf, index: 0, reason: 'issuer_key_compromised', urgent: true, approvals };
    expect((await register.events()).at(-1)).toEqual(event);
    expect(await statusOf(await register.revoke(LEAF, 'document_lost'))).toEqual([202, 'revoked']);
    expect((await register.checkpoint()).reasons).toMatchObject({ issuer_key_compromised: 1, document_lost: 0 });
    await register.close();
  });

  it('needs m approvals that were given for it', async () => {
    const register = await withLeaf(await fresh());
    const as = (...names: Party[]): object => urgent(LEAF, 'document_lost', names);
    const forAnnouncement = approvalsOf(revocationMessage(LEAF, 'document_lost'), ['approver1', 'approver2']);
    const forOther = approvalsOf(urgentMessage(LEAF, 'issuer_key_compromised'), ['approver1', 'approver2']);
    for (const [body, code] of [
      [as('approver1'), 'approvals_missing'],
      [as('approver1', 'approver1'), 'approver_repeated'],
      [as('approver1', 'operator'), 'approver_unknown'],
      [{ ...as(), approvals: forAnnouncement }, 'signature_invalid'],
      [{ ...as(), approvals: forOther }, 'signature_invalid'],
    ] as const) {
      await expectProblem(await register.post('/v1/revocations', body), 403, code);
    }
    // The other way round: what was given for an emergency announces nothing.
    const emergency = { ...announcement(LEAF, 'document_lost'), approvals: urgent(LEAF, 'document_lost').approvals };
    await expectProblem(await register.post('/v1/announcements', emergency), 403, 'signature_invalid');
    await register.close();
  });

  it('comes from the issuer that signed the leaf when the holder asks', async () => {
    const register = await withLeaf(await fresh());
    await expectProblem(await register.request(LEAF, 'otherIssuer'), 403, 'leaf_of_another');
    for (const as of ['approver1', 'operator', 'stranger'] as const) {
      await expectProblem(await register.request(LEAF, as), 403, 'issuer_unknown');
    }
    const stolen = { ...request(LEAF), signature: request(leafOf(2)).signature };
    await expectProblem(await register.post('/v1/requests', stolen), 403, 'signature_invalid');
    expect(await statusOf(await register.request(LEAF))).toEqual([202, 'pending']);
    expect(await statusOf(await register.request(LEAF))).toEqual([202, 'pending']);
    await register.nextEpoch();
    const event = { kind: 'leaf_revoked', index: 0, reason: 'holder_request', requested: true, ...request(LEAF) };
    expect((await register.events()).at(-1)).toEqual(event);
    expect(await statusOf(await register.request(LEAF))).toEqual([202, 'revoked']);
    await register.close();
  });

  it('overtakes an announcement, and whatever else waits', async () => {
    const register = await withLeaf(await fresh());
    await register.announce(LEAF);
    await register.nextEpoch();
    const position = await positionOf(register, 'revocation_announced');
    await register.reverse(LEAF, position);
    await register.request(LEAF);
    await expectProblem(await register.reverse(LEAF, position), 409, 'leaf_revoked');
    await register.nextEpoch();
    const counts = { issued: 1, revoked: 1, active: 0, announced: 0 };
    expect((await register.checkpoint()).counts).toMatchObject(counts);
    register.time.now += 2 * RULES.delay * 1000;
    expect(await register.turn()).toBe(false);
    replay(await register.events());
    await register.close();
  });

  it('is for good: the same leaf is not taken again, before or after the cut', async () => {
    const register = await withLeaf(await fresh());
    await register.revoke(LEAF);
    await expectProblem(await register.submit(LEAF), 409, 'leaf_revoked');
    await expectProblem(await register.announce(LEAF), 409, 'leaf_revoked');
    await register.nextEpoch();
    await expectProblem(await register.submit(LEAF), 409, 'leaf_revoked');
    await expectProblem(await register.announce(LEAF), 409, 'leaf_revoked');
    expect(await register.nextEpoch()).toBe(false);
    await register.close();
  });
});
