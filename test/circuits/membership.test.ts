// SPDX-License-Identifier: GPL-3.0-or-later
/** Membership, and Select below it, inside `show`: bounds and forged witnesses. */
import { beforeAll, describe, expect, it } from 'vitest';
import { showWords, VALID } from '../../scripts/circuits/cases.ts';
import { describeForgeries, expectAccepted, expectRefused, judgeShow, type ShowJudge } from './judged.ts';

let judge: ShowJudge;
beforeAll(async () => {
  judge = await judgeShow();
}, 600_000);

describe('Membership', () => {
  it.each([0n, 7n, 8n, (1n << 33n) - 1n])('accepts a leaf at position %d', (leafIndex) => {
    expectAccepted(judge.show({ leafIndex }));
  });

  it.each([0, 5, 10])('C1 refuses a node in no child of the level above, level %d', (level) => {
    const words = showWords(VALID);
    const path = words.path.map((children, i) => (i === level ? children.map(() => 1n) : children));
    // The child is wrong at this level, and so is what follows above: the next child, or the root.
    const above = level === 10 ? 'computedRoot' : `Membership#0.chosen[${String(level + 1)}]`;
    expectRefused(judge.words({ ...words, path }), `Membership#0.chosen[${String(level)}]`, above);
  });
});

describe('Select', () => {
  it('C1 refuses any other value at each halving, and as the outcome', () => {
    // The first selection of the tree's lowest level: eight children, halved to four, two, one.
    const names = [...judge.forms.original.symbols.keys()];
    const halved = names.filter((name) => /^Membership#0\.Select#0\[0\]\..*halved\[\d\]$/.test(name));
    expect(halved).toHaveLength(4 + 2 + 1);
    // The compiler joins the last with the node below, so the shipped circuit holds no other value for it.
    const shipped = halved.filter((name) => judge.forms.shipped.symbols.has(name));
    expect(shipped.length).toBeGreaterThanOrEqual(4 + 2);
    for (const name of halved) {
      const verdict = judge.words(showWords(VALID), { [name]: 12345n });
      expect(verdict.violated.some(({ signals }) => signals.includes(name))).toBe(true);
      if (shipped.includes(name)) expect(verdict.shippedRefuses).toBe(true);
    }
  });
});

describeForgeries('Membership', 'Select');
