// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { toField } from '../../src/protocol/field.ts';
import type { EnrolDeps } from '../../src/wallet/enrol.ts';
import { createHolder } from '../../src/wallet/holder.ts';
import { decodePending, encodePending, type PendingEnrolment, purposeOf } from '../../src/wallet/pending.ts';
import { standingOf } from '../../src/wallet/standing.ts';
import { asNewcomer, REFUSED_IN_FULL, wishOf } from '../../src/wallet/wish.ts';
import { ATTRIBUTES } from '../proving/sample.ts';
import { random } from './world.ts';

const holder = createHolder(random);
const pending: PendingEnrolment = {
  enrolment: {
    ...holder,
    id: 'i'.repeat(22),
    token: 't'.repeat(43),
    session: toField(5n),
    expiresAt: 1_800_000_000_000,
    documentKinds: ['passport'],
    liveness: 'required',
  },
  purpose: 'first',
  stage: 'face',
  kind: 'passport',
  asked: true,
};
const credential = {
  ...holder,
  attributes: ATTRIBUTES,
  leaf: toField(9n),
  issuer: 'https://issuer.example',
  signature: random(64),
  index: 1,
  published: 2,
};

describe('a pending enrolment', () => {
  it('comes back with its secrets, so that a killed page goes on with the same seed', () => {
    expect(decodePending(encodePending(pending))).toEqual(pending);
    for (const text of ['', '{}', encodePending(pending).replace('"face"', '"nose"')]) {
      expect(() => decodePending(text)).toThrow(expect.objectContaining({ code: 'stored_invalid' }));
    }
  });

  it('asks for what its purpose says', () => {
    expect(wishOf({ purpose: 'first' }, [])).toEqual({});
    expect(wishOf({ purpose: 'restore' }, [])).toEqual({ age: 'unknown', replaces: 'all' });
    expect(wishOf({ purpose: 'reset' }, [])).toEqual({ age: 'reset', reset: true });
    const { secretSince, generation } = ATTRIBUTES;
    for (const purpose of ['renew', 'second'] as const) {
      expect(wishOf({ purpose }, [credential])).toEqual({ age: { secretSince, generation } });
    }
  });

  it('asks again for a seed that may be the person’s already, once an answer was lost', () => {
    expect(wishOf({ purpose: 'first', asked: true }, [])).toEqual({ age: 'unknown' });
    // Whether the request arrived at all is not known, so the reset is still asked for.
    expect(wishOf({ purpose: 'reset', asked: true }, [])).toEqual({ age: 'unknown', reset: true });
  });

  it('is for what the page says that was chosen last, until a document was shown or the credential asked for', () => {
    expect(purposeOf(undefined, 'reset')).toBe('reset');
    const kept = { purpose: 'reset', stage: 'document' } as const;
    expect(purposeOf(kept, 'first')).toBe('first');
    expect(purposeOf({ ...kept, asked: false }, 'restore')).toBe('restore');
    // The seed may be the person's through this very wish.
    expect(purposeOf({ ...kept, asked: true }, 'first')).toBe('reset');
    for (const stage of ['face', 'phone', 'request'] as const)
      expect(purposeOf({ ...kept, stage }, 'first')).toBe('reset');
  });

  it('of someone whom the issuer does not know asks for a first credential', () => {
    const refused = { ...pending, purpose: 'reset', agreed: true } as const;
    const first = { ...refused, ...asNewcomer(refused, random) };
    expect(first).toMatchObject({ purpose: 'first', asked: false, agreed: false, enrolment: refused.enrolment });
    expect(wishOf(first, [])).toEqual({});
    expect(decodePending(encodePending(first))).toEqual(first);
  });

  it('leaves the secret of a backup to the identity that it belongs to', () => {
    const { enrolment } = { ...pending, ...asNewcomer({ ...pending, restored: true }, random) };
    expect(enrolment.seed).not.toBe(holder.seed);
    expect(enrolment.blinding).not.toBe(holder.blinding);
    expect(enrolment).toMatchObject({ id: pending.enrolment.id, token: pending.enrolment.token });
  });

  it('keeps its seed after every refusal that leaves open whose it is', () => {
    for (const code of ['network_failed', 'attempts_exhausted', 'enrolment_unknown', 'seed_already_enrolled']) {
      expect(REFUSED_IN_FULL.has(code)).toBe(false);
    }
    for (const code of ['person_unknown', 'person_already_enrolled']) expect(REFUSED_IN_FULL.has(code)).toBe(true);
  });

  it('goes on where the issuer stands, and ends with the session', async () => {
    const standing = (status: number, body: unknown): Promise<string> =>
      standingOf(
        {
          issuer: { url: 'https://issuer.example', key: random(32) },
          fetch: () => Promise.resolve(Response.json(body, { status })),
          poseidon,
        } as unknown as EnrolDeps,
        pending.enrolment,
      );
    expect(await standing(200, { status: 'open' })).toBe('document');
    expect(await standing(200, { status: 'document_accepted' })).toBe('face');
    expect(await standing(200, { status: 'face_accepted' })).toBe('phone');
    expect(await standing(200, { status: 'pending' })).toBe('request');
    for (const status of [401, 404, 410]) expect(await standing(status, {})).toBe('ended');
    await expect(standing(503, { code: 'service_unavailable' })).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});
