// SPDX-License-Identifier: GPL-3.0-or-later
/** Each condition of `issue`, by forged witnesses. */
import { beforeAll, describe, expect, it } from 'vitest';
import { holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { toField } from '../../src/protocol/field.ts';
import { forms } from './compiled.ts';
import { forger, type Signals, type Verdict } from './forge.ts';
import { expectAccepted, expectRefused, instances } from './judged.ts';
import { hash } from './witness.ts';

const INPUTS = { session: 7n ** 50n, seed: 3n ** 150n, blinding: 5n ** 100n };
let judge: (inputs: Signals, forced?: Signals) => Verdict;
let holderTemplate: string;
let tagHash: string;
beforeAll(async () => {
  const all = await forms('issue');
  judge = forger(all);
  [holderTemplate = ''] = instances(all.original, 'HolderCommitment');
  [tagHash = ''] = instances(all.original, 'Poseidon');
}, 600_000);

describe('issue', () => {
  it('accepts the commitments of one seed', () => {
    const verdict = judge(INPUTS);
    expectAccepted(verdict);
    const [seed, blinding] = [toField(INPUTS.seed), toField(INPUTS.blinding)];
    expect(verdict.value('holder')).toBe(holderCommitment(hash, seed, blinding));
    expect(verdict.value('seedTag')).toBe(seedTag(hash, seed));
  });

  it('C1 refuses a holder commitment to another seed or blinding', () => {
    expectRefused(judge(INPUTS, { holder: 1n }), 'holder');
    for (const name of ['seed', 'blinding']) {
      expectRefused(judge(INPUTS, { [`${holderTemplate}.${name}`]: 1n }), `${holderTemplate}.${name}`);
    }
  });

  it('C2 refuses the tag of another seed, which would let one person enrol twice', () => {
    expectRefused(judge(INPUTS, { seedTag: 1n }), 'seedTag');
    expectRefused(judge(INPUTS, { [`${tagHash}.inputs[1]`]: 1n }), `${tagHash}.inputs[1]`);
  });

  it('refuses another domain tag', () => {
    expectRefused(judge(INPUTS, { [`${tagHash}.inputs[0]`]: 102n }), `${tagHash}.inputs[0]`);
  });

  it('C3 refuses another session on the same witness', () => {
    const forced = { sessionSquared: INPUTS.session * INPUTS.session };
    expectRefused(judge({ ...INPUTS, session: INPUTS.session + 1n }, forced), 'sessionSquared');
  });
});
