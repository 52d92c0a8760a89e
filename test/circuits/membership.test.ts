// SPDX-License-Identifier: GPL-3.0-or-later
/** Membership, and Select below it, inside `show`. */
import { beforeAll, describe, expect, it } from 'vitest';
import { childPosition } from '../../src/commitment/tree.ts';
import { expectAccepted, expectRefused, instances, judgeShow, type ShowJudge } from './judged.ts';
import { showWords, VALID } from './witness.ts';

let judge: ShowJudge;
let membership: string;
beforeAll(async () => {
  judge = await judgeShow();
  [membership = ''] = judge.instances('Membership');
}, 600_000);

describe('Membership', () => {
  it.each([0n, 7n, 8n, (1n << 33n) - 1n])('accepts a leaf at position %d', (leafIndex) => {
    expectAccepted(judge.show({ leafIndex }));
  });

  it.each([0, 1, 10])('C1 refuses the right path at another position, different at level %d', (level) => {
    const words = showWords(VALID);
    const leafIndex = words.leafIndex ^ (1n << BigInt(3 * level));
    expectRefused(judge.words({ ...words, leafIndex }), `${membership}.chosen[${String(level)}]`);
  });

  it.each([0, 5, 10])('C1 refuses a node in no child of the level above, level %d', (level) => {
    const words = showWords(VALID);
    const path = words.path.map((children, i) => (i === level ? children.map(() => 1n) : children));
    const verdict = judge.words({ ...words, path });
    // The child is wrong at this level, and so is what follows above: the next child, or the root.
    const above = level === 10 ? 'computedRoot' : `${membership}.chosen[${String(level + 1)}]`;
    expectRefused(verdict, `${membership}.chosen[${String(level)}]`, above);
  });

  it('C1 refuses a choice that Select does not make', () => {
    const words = showWords(VALID);
    const path = words.path.map((children, i) => (i === 0 ? children.map(() => 1n) : children));
    const leaf = words.path[0]?.[childPosition(Number(VALID.leafIndex), 0)] ?? 0n;
    const verdict = judge.words({ ...words, path }, { [`${membership}.chosen[0]`]: leaf });
    expectRefused(verdict, `${membership}.chosen[0]`, `${membership}.chosen[1]`);
  });

  it('C2 refuses a node that is not the hash of its children', () => {
    const words = showWords(VALID);
    const path = words.path.map((children, i) => (i === 3 ? children.map((child) => child + 1n) : children));
    const fourth = `${membership}.nodes[4]`;
    const honest = judge.words(words).value(fourth);
    const verdict = judge.words({ ...words, path }, { [fourth]: honest });
    expectRefused(verdict, `${membership}.chosen[3]`, fourth);
  });
});

describe('Select', () => {
  it('C1 refuses any other value at each halving, and as the outcome', () => {
    // The first selection of the tree's lowest level: eight children, halved to four, two, one.
    const prefix = `main.${membership}.`;
    const names = [...judge.forms.original.symbols.keys()].filter((name) => name.startsWith(`${prefix}Select`));
    const [select = ''] = names.map((name) => name.slice(prefix.length).split('.')[0] ?? '');
    const inside = names.filter((name) => name.startsWith(`${prefix}${select}.`));
    const halved = inside.filter((name) => /\.halved\[\d\]$/.test(name)).map((name) => name.slice('main.'.length));
    expect(halved).toHaveLength(4 + 2 + 1);
    // The compiler joins the last with the node below, so the shipped circuit holds no other value for it.
    const shipped = halved.filter((name) => judge.forms.shipped.symbols.has(`main.${name}`));
    expect(shipped.length).toBeGreaterThanOrEqual(4 + 2);
    for (const name of halved) {
      const verdict = judge.words(showWords(VALID), { [name]: 12345n });
      expect(verdict.violated.some((signals) => signals.includes(name))).toBe(true);
      if (shipped.includes(name)) expect(verdict.shippedRefuses).toBe(true);
    }
  });

  it('stands twice in show itself: documents and nationalities', () => {
    expect(instances(judge.forms.original, 'Select')).toHaveLength(2);
  });
});
