// SPDX-License-Identifier: GPL-3.0-or-later
/** Issue and HolderCommitment: what they give, and each condition by forged witnesses. */
import { describe, expect, it } from 'vitest';
import { hash, ISSUE } from '../../scripts/circuits/cases.ts';
import { holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { toField } from '../../src/protocol/field.ts';
import { court, describeForgeries, expectAccepted } from './judged.ts';

describe('issue', () => {
  it('accepts the commitments of one seed', async () => {
    const verdict = (await court()).judge.issue(ISSUE);
    expectAccepted(verdict);
    const [seed, blinding] = [toField(ISSUE.seed), toField(ISSUE.blinding)];
    expect(verdict.value('holder')).toBe(holderCommitment(hash, seed, blinding));
    expect(verdict.value('seedTag')).toBe(seedTag(hash, seed));
  }, 600_000);
});

describeForgeries('Issue', 'HolderCommitment');
