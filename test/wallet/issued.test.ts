// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { credentialLeaf, holderCommitment } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { keyIdOf, leafMessage, sign } from '../../src/log/signatures.ts';
import { packAttributes } from '../../src/protocol/attributes.ts';
import { toField } from '../../src/protocol/field.ts';
import { checkIssued, type SeedAge } from '../../src/wallet/issued.ts';
import { ATTRIBUTES, NOW } from '../proving/sample.ts';

const SECRET = new Uint8Array(32).fill(3);
const KEY = ed25519.getPublicKey(SECRET);
const HOLDER = holderCommitment(poseidon, toField(7n), toField(8n));
/** Month's start after the sample's day, which is a seed of that day. */
const FRESH = ATTRIBUTES.secretSince;

/** Checks an answer that is right in every other respect. */
function check(age: SeedAge, change: Partial<typeof ATTRIBUTES>): void {
  const attributes = { ...ATTRIBUTES, ...change };
  const leaf = credentialLeaf(poseidon, HOLDER, packAttributes(attributes));
  const signature = sign(leafMessage(leaf), SECRET);
  checkIssued({ attributes, leaf, issuer: keyIdOf(KEY), signature }, HOLDER, age, {
    issuer: { url: 'https://issuer.example', key: KEY },
    register: { timeZone: 'Asia/Shanghai' },
    clock: () => NOW,
    poseidon,
  });
}

describe('the age of the seed that an issuer shows', () => {
  const OLD = 20240301;
  it.each([
    ['new', { secretSince: FRESH, generation: 0 }],
    ['reset', { secretSince: FRESH, generation: 1 }],
    ['reset', { secretSince: FRESH, generation: 63 }],
    ['unknown', { secretSince: FRESH, generation: 0 }],
    ['unknown', { secretSince: OLD, generation: 5 }],
    [
      { secretSince: OLD, generation: 2 },
      { secretSince: OLD, generation: 2 },
    ],
  ] satisfies [SeedAge, object][])('%j may be %j', (age, shown) => {
    expect(() => {
      check(age, shown);
    }).not.toThrow();
  });

  it.each([
    ['new', { secretSince: OLD, generation: 0 }],
    ['new', { secretSince: FRESH, generation: 1 }],
    ['reset', { secretSince: FRESH, generation: 0 }],
    ['reset', { secretSince: OLD, generation: 1 }],
    // Neither a day of its own, which would be a tag, nor a time to come.
    ['unknown', { secretSince: OLD + 1, generation: 0 }],
    ['unknown', { secretSince: 20240332, generation: 0 }],
    ['unknown', { secretSince: 20280101, generation: 0 }],
    [
      { secretSince: OLD, generation: 2 },
      { secretSince: OLD, generation: 1 },
    ],
    [
      { secretSince: OLD, generation: 2 },
      { secretSince: OLD, generation: 3 },
    ],
    [
      { secretSince: OLD, generation: 2 },
      { secretSince: FRESH, generation: 2 },
    ],
    [
      { secretSince: OLD, generation: 0 },
      { secretSince: 20240201, generation: 0 },
    ],
  ] satisfies [SeedAge, object][])('%j may not be %j', (age, shown) => {
    expect(() => {
      check(age, shown);
    }).toThrow(expect.objectContaining({ code: 'attributes_refused' }) as Error);
  });
});
