// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { type Attributes, packAttributes } from '../../src/protocol/attributes.ts';
import { NATIONALITIES, nationalityNumber } from '../../src/protocol/nationality.ts';
import { AGES, REVEALABLE } from '../../src/protocol/policy.ts';
import { nullifierOf } from '../../src/protocol/scope.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import { consentOf, type Unmet } from '../../src/wallet/present.ts';
import { ATTRIBUTES, lonePath, showSample } from '../proving/sample.ts';
import { pendingFor, requestFor } from './requests.ts';
import { realProver } from './world.ts';
import { toField } from '../../src/protocol/field.ts';
import { credentialLeaf, holderCommitment, NO_EXTENSION } from '../../src/commitment/credential.ts';

/** What an arbitrary draws. */
type Drawn<Source> = Source extends fc.Arbitrary<infer Value> ? Value : never;

const { inputs: sample } = showSample();

function credentialWith(changes: Partial<Attributes> = {}): Credential {
  const attributes = { ...ATTRIBUTES, ...changes };
  const { seed, blinding, leafIndex } = sample;
  const leaf = credentialLeaf(poseidon, holderCommitment(poseidon, seed, blinding), packAttributes(attributes));
  return {
    seed,
    blinding,
    attributes,
    leaf,
    issuer: '',
    signature: new Uint8Array(64),
    index: leafIndex,
    published: 1,
  };
}

const unmet = (ask: unknown, changes: Partial<Attributes> = {}, opens?: number): readonly Unmet[] => {
  const context = opens === undefined ? undefined : ({ kind: 'action', name: 'vote', opens } as const);
  const request = requestFor(ask, context === undefined ? {} : { context });
  return consentOf(pendingFor(request), credentialWith(changes), poseidon).unmet;
};

describe('consentOf', () => {
  it('shows the values that the platform will see, and the pseudonym', () => {
    const all = pendingFor(requestFor({ reveal: [...REVEALABLE] }));
    const consent = consentOf(all, credentialWith({ phone: 1 }), poseidon);
    expect(consent.disclosed).toEqual({ document: 'passport', nationality: 'CHN', assurance: 1, phone: true });
    expect(nullifierOf(consent.sub ?? '')).not.toBe(0n);
    const none = consentOf(pendingFor(requestFor({ pseudonym: false })), credentialWith(), poseidon);
    expect(none).toMatchObject({ disclosed: {}, sub: undefined, unmet: [] });
  });

  it('gives another pseudonym at another origin and in another context', () => {
    const subs = [
      requestFor({}),
      requestFor({}, { origin: 'https://market.example' }),
      requestFor({}, { context: { kind: 'action', name: 'vote', opens: 20261201 } }),
      requestFor({}, { context: { kind: 'action', name: 'vote', opens: 20261202 } }),
    ].map((request) => consentOf(pendingFor(request), credentialWith(), poseidon).sub);
    expect(new Set(subs).size).toBe(4);
    expect(consentOf(pendingFor(requestFor({ age_over: 21 })), credentialWith(), poseidon).sub).toBe(subs[0]);
  });

  it('names each part that a credential does not meet', () => {
    expect(unmet({ age_over: 18 }, { birth: 20081122 })).toEqual([]);
    expect(unmet({ age_over: 18 }, { birth: 20081123 })).toEqual(['age']);
    expect(unmet({ document_group: 'travel' })).toEqual([]);
    expect(unmet({ document_group: 'resident' })).toEqual(['document_group']);
    expect(unmet({ nationality_group: 'chinese' })).toEqual([]);
    expect(unmet({ nationality_group: 'foreign' })).toEqual(['nationality_group']);
    expect(unmet({ nationality_group: 'foreign' }, { nationality: nationalityNumber('DEU') })).toEqual([]);
    expect(unmet({ min_assurance: 2 })).toEqual(['min_assurance']);
    expect(unmet({ phone_confirmed: true })).toEqual(['phone_confirmed']);
    expect(unmet({ phone_confirmed: true }, { phone: 1 })).toEqual([]);
    expect(unmet({}, { expiry: 20261122 })).toEqual([]);
    expect(unmet({}, { expiry: 20261121 })).toEqual(['document_expired']);
    expect(unmet({}, {}, 20261201)).toEqual([]);
    expect(unmet({}, {}, 20261130)).toEqual(['seed_too_new']);
    expect(unmet({ age_over: 60, min_assurance: 3 })).toEqual(['age', 'min_assurance']);
  });

  it('agrees with the circuit', { timeout: 60_000 }, async () => {
    const ask = fc.record({
      age_over: fc.constantFrom(undefined, ...AGES),
      document_group: fc.constantFrom('any', 'resident', 'travel'),
      nationality_group: fc.constantFrom('any', 'chinese', 'foreign'),
      min_assurance: fc.constantFrom(1, 2),
      phone_confirmed: fc.boolean(),
      pseudonym: fc.boolean(),
      reveal: fc.subarray([...REVEALABLE]),
    });
    const attributes = fc.record({
      document: fc.integer({ min: 1, max: 5 }),
      nationality: fc.integer({ min: 0, max: NATIONALITIES.length - 1 }),
      assurance: fc.integer({ min: 1, max: 3 }),
      phone: fc.integer({ min: 0, max: 1 }),
      birth: fc.constantFrom(19600101, 20000101, 20081122, 20081123, 20120101),
      expiry: fc.constantFrom(20300101, 20261122, 20261101),
    });
    // Who is of age, and who is not: both verdicts occur whatever is drawn after these two.
    const ofBirth = (birth: 20000101 | 20120101): [Drawn<typeof ask>, Drawn<typeof attributes>] => [
      {
        age_over: 18,
        document_group: 'any',
        nationality_group: 'any',
        min_assurance: 1,
        phone_confirmed: false,
        pseudonym: true,
        reveal: [],
      },
      { document: 2, nationality: 0, assurance: 1, phone: 0, birth, expiry: 20300101 },
    ];
    const prover = realProver();
    const counts = { met: 0, unmet: 0 };
    await fc.assert(
      fc.asyncProperty(ask, attributes, async (asked, changes) => {
        const pending = pendingFor(requestFor(asked));
        const credential = credentialWith(changes);
        const { path, root } = lonePath(credential.leaf, credential.index);
        const arming = prover.arm({
          circuit: 'show',
          inputs: {
            ...pending.inputs,
            seed: credential.seed,
            blinding: credential.blinding,
            attributes: packAttributes(credential.attributes),
            extension: NO_EXTENSION,
            leafIndex: credential.index,
            index: toField(0n),
            path,
            root,
          },
        });
        if (consentOf(pending, credential, poseidon).unmet.length === 0) {
          counts.met++;
          await prover.release(await arming);
        } else {
          counts.unmet++;
          await expect(arming).rejects.toMatchObject({ code: 'witness_refused' });
        }
      }),
      { numRuns: 15, examples: [ofBirth(20000101), ofBirth(20120101)] },
    );
    expect(Math.min(counts.met, counts.unmet)).toBeGreaterThan(0);
  });
});
