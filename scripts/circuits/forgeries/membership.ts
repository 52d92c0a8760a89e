// SPDX-License-Identifier: GPL-3.0-or-later
/** Forged witnesses of Membership, Select below it, and the leaf of `show`. */
import { holderCommitment } from '../../../src/commitment/credential.ts';
import { toField } from '../../../src/protocol/field.ts';
import { packAttributes } from '../../../src/protocol/attributes.ts';
import { ATTRIBUTES, hash, leafOf, type ShowWords, VALID } from '../cases.ts';
import type { ShowForgery } from '../forgeries.ts';

const PLACE = Number(VALID.leafIndex % 8n);
const SIBLING = (PLACE + 1) % 8;
const VICTIM = { ...VALID, seed: 1n };
const YOUNG = { ...ATTRIBUTES, birth: 20250101 };
const HASHED_CHILDREN = hash([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].map(toField));

/** A tree that holds the victim's leaf where the prover's own should be. */
const OF_VICTIM: Pick<ShowForgery, 'changes' | 'words'> = {
  changes: { seed: VICTIM.seed },
  words: () => ({ seed: VALID.seed }),
};
/** The same, for whatever else stands at the leaf's place. */
const inPlace = (child: bigint): Pick<ShowForgery, 'changes'> => ({
  changes: { children: Array.from({ length: 8 }, (_, i) => (i === PLACE ? child : BigInt(i + 1))) },
});
const ANOTHER_PLACE: Pick<ShowForgery, 'words'> = { words: ({ leafIndex }) => ({ leafIndex: leafIndex ^ 1n }) };
const PLACE_BIT = VALID.leafIndex & 1n;
const ANOTHER_ROOT: Pick<ShowForgery, 'words'> = { words: ({ root }) => ({ root: root + 1n }) };

const changedChild = (level: number, position: number, value: bigint): Pick<ShowForgery, 'words'> => ({
  words: ({ path }) => ({
    path: path.map((children, i) => (i === level ? children.map((v, j) => (j === position ? value : v)) : children)),
  }),
});

/** Node of the valid case's path at a level, the leaf at 0. */
function nodeAt(level: number): bigint {
  let node = leafOf(VALID);
  for (let below = 0; below < level; below++) {
    const place = Number((VALID.leafIndex >> BigInt(3 * below)) % 8n);
    node = hash(Array.from({ length: 8 }, (_, i) => (i === place ? node : toField(VALID.sibling(below, i)))));
  }
  return node;
}

const forge = (
  template: string,
  condition: string,
  title: string,
  signal: string,
  value: bigint | undefined,
  rest: Pick<ShowForgery, 'changes' | 'words'>,
): ShowForgery => ({
  ...{ template, condition, title, ...rest },
  ...(value === undefined ? {} : { forced: { [signal]: value } }),
  by: [signal],
});

const tree = `Membership#0`;
const [own, victim] = [leafOf(VALID), leafOf(VICTIM)];
const victimHolder = holderCommitment(hash, toField(VICTIM.seed), toField(VALID.blinding));
const anotherInput = (name: 'seed' | 'blinding' | 'extension' | 'attributes'): ShowForgery =>
  forge('Show', 'C12', `a path for another ${name}`, `${tree}.chosen[0]`, undefined, {
    // The top bits of attributes are the issuer's number, which no condition but the leaf reads.
    ...(name === 'attributes' ? { changes: { policy: { ...VALID.policy, reveal: 0 } } } : {}),
    words: (fitted: ShowWords) => ({ [name]: fitted[name] + (name === 'attributes' ? 1n << 150n : 1n) }),
  });

/** The list. */
export const membershipForgeries: readonly ShowForgery[] = [
  ...[0, 1, 10].map((level) =>
    forge(
      'Membership',
      'C1',
      `the right path at another place, level ${String(level)}`,
      `${tree}.chosen[${String(level)}]`,
      undefined,
      {
        words: ({ leafIndex }) => ({ leafIndex: leafIndex ^ (1n << BigInt(3 * level)) }),
      },
    ),
  ),
  forge('Membership', 'C1', 'a leaf that is no child', `${tree}.chosen[0]`, undefined, OF_VICTIM),
  forge('Membership', 'C1', 'a child that is not the chosen one', `${tree}.chosen[0]`, own, OF_VICTIM),
  forge('Membership', 'C1', 'a path that begins at another leaf', `${tree}.nodes[0]`, victim, OF_VICTIM),
  forge(
    'Membership',
    'C1',
    'a choice among other children',
    `${tree}.Select#0[0].values[${String(PLACE)}]`,
    own,
    OF_VICTIM,
  ),
  forge('Membership', 'C1', 'a choice at another place', `${tree}.Select#0[0].bits[0]`, PLACE_BIT, ANOTHER_PLACE),
  ...[0, 3, 10].flatMap((level) => [
    forge(
      'Membership',
      'C2',
      `a node that is not the hash of its children, level ${String(level)}`,
      `${tree}.nodes[${String(level + 1)}]`,
      nodeAt(level + 1),
      changedChild(level, (Number((VALID.leafIndex >> BigInt(3 * level)) % 8n) + 1) % 8, 99n),
    ),
  ]),
  forge(
    'Membership',
    'C2',
    'the hash of other children',
    `${tree}.Poseidon#0[0].inputs[${String(SIBLING)}]`,
    VALID.sibling(0, SIBLING),
    changedChild(0, SIBLING, 99n),
  ),
  forge('Membership', 'C2', 'a path one level short', `${tree}.root`, nodeAt(10), {
    words: () => ({ root: nodeAt(10) }),
  }),
  forge('Membership', 'C2', 'a root that does not follow', `${tree}.root`, nodeAt(11) + 1n, ANOTHER_ROOT),

  forge('Show', 'C12', 'another root', 'computedRoot', undefined, ANOTHER_ROOT),
  forge('Show', 'C12', 'root 0', 'computedRoot', undefined, { words: () => ({ root: 0n }) }),
  forge('Show', 'C12', 'a root that Membership does not give', 'computedRoot', nodeAt(11) + 1n, ANOTHER_ROOT),
  anotherInput('seed'),
  anotherInput('blinding'),
  anotherInput('extension'),
  anotherInput('attributes'),
  forge('Show', 'C12', "a victim's leaf", 'leaf', victim, OF_VICTIM),
  forge('Show', 'C12', 'an empty place: leaf 0', 'leaf', 0n, inPlace(0n)),
  forge('Show', 'C12', 'an interior node for a leaf', 'leaf', HASHED_CHILDREN, inPlace(HASHED_CHILDREN)),
  forge('Show', 'C12', "a victim's holder commitment", 'holder', victimHolder, OF_VICTIM),
  forge('Show', 'C12', "a commitment to a victim's seed", 'HolderCommitment#0.seed', VICTIM.seed, OF_VICTIM),
  forge('Show', 'C12', 'a commitment with another blinding', 'HolderCommitment#0.blinding', 1n, {
    changes: { blinding: 1n },
    words: () => ({ blinding: VALID.blinding }),
  }),
  forge('HolderCommitment', 'C1', 'a commitment that is no hash', 'HolderCommitment#0.holder', victimHolder, OF_VICTIM),
  forge('Show', 'C12', 'other attributes than those in the leaf', 'Poseidon#0.inputs[2]', packAttributes(YOUNG), {
    changes: { attributes: YOUNG },
    words: () => ({ attributes: packAttributes(ATTRIBUTES) }),
  }),
  forge('Show', 'C12', 'a leaf under another domain tag', 'Poseidon#0.inputs[0]', 101n, {
    ...inPlace(
      hash(
        [
          101n,
          holderCommitment(hash, toField(VALID.seed), toField(VALID.blinding)),
          packAttributes(ATTRIBUTES),
          0n,
        ].map(toField),
      ),
    ),
  }),
  forge('Show', 'C12', "a victim's leaf handed to Membership", `${tree}.leaf`, victim, OF_VICTIM),
  forge('Show', 'C12', 'another place handed to Membership', `${tree}.indexBits[0]`, PLACE_BIT, ANOTHER_PLACE),
  forge(
    'Show',
    'C12',
    'another path handed to Membership',
    `${tree}.path[0][${String(PLACE)}]`,
    own,
    changedChild(0, PLACE, 99n),
  ),
  forge('Show', 'C1', 'bits of another place', 'leafIndexBits[0]', PLACE_BIT, ANOTHER_PLACE),
  forge('Show', 'C1', 'the range of another place', 'Num2Bits#1.in', VALID.leafIndex, ANOTHER_PLACE),
];
