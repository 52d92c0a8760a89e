// SPDX-License-Identifier: GPL-3.0-or-later
/** Forged witnesses of `issue`. */
import { ISSUE } from '../cases.ts';
import type { IssueForgery } from '../forgeries.ts';

const one = (template: string, condition: string, title: string, signal: string, value = 1n): IssueForgery => ({
  template,
  condition,
  title,
  forced: { [signal]: value },
  by: [signal],
});

/** The list. */
export const issueForgeries: readonly IssueForgery[] = [
  one('Issue', 'C1', 'a holder commitment that does not follow', 'holder'),
  one('Issue', 'C1', 'a holder commitment to another seed', 'HolderCommitment#0.seed'),
  one('Issue', 'C1', 'a holder commitment with another blinding', 'HolderCommitment#0.blinding'),
  one('HolderCommitment', 'C1', 'a commitment that is no hash', 'HolderCommitment#0.holder'),
  one('HolderCommitment', 'C1', 'the hash of another tag', 'HolderCommitment#0.Poseidon#0.inputs[0]', 103n),
  one('HolderCommitment', 'C1', 'the hash of another seed', 'HolderCommitment#0.Poseidon#0.inputs[1]'),
  one('HolderCommitment', 'C1', 'the hash of another blinding', 'HolderCommitment#0.Poseidon#0.inputs[2]'),
  one('Issue', 'C2', 'a seed tag that does not follow, so that one person enrols twice', 'seedTag'),
  one('Issue', 'C2', 'the tag of another seed', 'Poseidon#0.inputs[1]'),
  one('Issue', 'C2', 'a hash under another domain tag', 'Poseidon#0.inputs[0]', 102n),
  {
    template: 'Issue',
    condition: 'C3',
    title: 'another session on the same witness',
    changes: { session: ISSUE.session + 1n },
    forced: { sessionSquared: ISSUE.session * ISSUE.session },
    by: ['sessionSquared'],
  },
];
