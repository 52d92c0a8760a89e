// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Each condition C1 to C14 of `show`: the bound itself passes, one beyond is refused, and a forged
 * witness is refused by that condition's constraint alone.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { packAttributes } from '../../src/protocol/attributes.ts';
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import { packPolicy } from '../../src/protocol/policy.ts';
import { withoutAssertions } from './compiled.ts';
import { expectAccepted, expectRefused, judgeShow, otherHighestBit, type ShowJudge } from './judged.ts';
import { ATTRIBUTES, POLICY, showWords, VALID } from './witness.ts';

let judge: ShowJudge;
beforeAll(async () => {
  judge = await judgeShow();
}, 600_000);

const attributes = (changes: Partial<typeof ATTRIBUTES>): object => ({ attributes: { ...ATTRIBUTES, ...changes } });
const policy = (changes: Partial<typeof POLICY>): object => ({ policy: { ...POLICY, ...changes } });

describe('the forge', () => {
  it('keeps every signal of the circuit while it drops every assertion', () => {
    const { original, twin } = judge.forms;
    expect([...twin.symbols]).toEqual([...original.symbols]);
    expect(twin.r1cs.constraints.length).toBeLessThan(original.r1cs.constraints.length);
    const source =
      'template T() { // a === b;\n  a * b === c; d <== e;\n  for (var i = 0; i < 2; i++) { x ===\n y; } }';
    const stripped = withoutAssertions(source);
    expect(stripped).toHaveLength(source.length);
    expect(stripped.replaceAll(/\s+/g, ' ')).toBe('template T() { d <== e; for (var i = 0; i < 2; i++) { } }');
  });

  it('makes the witness that an honest prover would', () => {
    expectAccepted(judge.show());
  });
});

describe('show C1: words stay within their widths', () => {
  const [mask, leafIndex] = [(1n << 253n) - 1n, (1n << 33n) - 1n];

  it('accepts the largest words', () => {
    expectAccepted(judge.show({ nationalityMask: mask, leafIndex, ...attributes({ issuer: 4095 }) }));
    expectAccepted(judge.show({ ...policy({ limit: 255 }), index: 254n }));
  });

  // The verifier sees the same low bits; without C1, each of these passes for the word without the addend.
  it.each([
    ['attributes', { attributesWord: packAttributes(ATTRIBUTES) + (1n << 158n) }, 'credential'],
    ['policy', { policyWord: packPolicy(POLICY) + (1n << 189n) }, 'request'],
    ['mask', { nationalityMask: VALID.nationalityMask + (1n << 253n) }, 0],
    ['leaf index', { leafIndex: VALID.leafIndex + (1n << 33n) }, 1],
  ] as const)('refuses one bit more: %s', (_, changes, where) => {
    const bits = judge.instances('Num2Bits');
    const component =
      typeof where === 'number'
        ? bits[where]
        : [...judge.forms.original.symbols.keys()]
            .find((name) => name.startsWith(`main.${where}.Num2Bits`))
            ?.slice('main.'.length, -'.out[0]'.length);
    expectRefused(judge.show(changes), `${component ?? ''}.in`);
  });

  it('refuses bits that are not boolean, which would prove a leaf that is not in the tree', () => {
    const inTree = showWords({ ...VALID, leafIndex: 0n });
    // At the bits (2, -1, 0), Select gives -2 v0 + 4 v1 + v2 - 2 v3: a child v2 that makes it the leaf.
    const [leaf = 0n, v1 = 0n, , v3 = 0n, ...rest] = inTree.path[0] ?? [];
    const children = [0n, v1, leaf - 4n * v1 + 2n * v3, v3, ...rest].map(
      (v) => ((v % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER,
    );
    expect(children).not.toContain(leaf);
    const { path, root } = showWords({ ...VALID, leafIndex: 0n, children });
    const [, bits = ''] = judge.instances('Num2Bits');
    const verdict = judge.words({ ...inTree, path, root }, { [`${bits}.out[0]`]: 2n, [`${bits}.out[1]`]: -1n });
    expectRefused(verdict, `${bits}.out[0]`, `${bits}.out[1]`);
    expect(verdict.violated).toHaveLength(2);
  });
});

describe('show C2: version', () => {
  it.each([0, 2, 255])('refuses version %d', (version) => {
    expectRefused(judge.show(attributes({ version })), 'version');
  });
  it('refuses a version that the attributes do not hold', () => {
    expectRefused(judge.show(attributes({ version: 2 }), { version: 1n }), 'version');
  });
});

describe('show C3, C4, C7, C9, C10: comparisons', () => {
  const comparisons = [
    ['C3 expiry >= today', attributes({ expiry: ATTRIBUTES.expiry - 1 }), 27],
    ['C4 birth >= birthMin', attributes({ birth: ATTRIBUTES.birth - 1 }), 27],
    ['C4 birth <= birthMax', attributes({ birth: ATTRIBUTES.birth + 1 }), 27],
    ['C7 assurance >= minAssurance', attributes({ assurance: ATTRIBUTES.assurance - 1 }), 3],
    ['C9 secretSince <= secretSinceMax', attributes({ secretSince: ATTRIBUTES.secretSince + 1 }), 27],
    ['C10 issued >= issuedMin', attributes({ issued: ATTRIBUTES.issued - 1 }), 27],
  ] as const;

  it.each(comparisons.map((row, i) => [...row, i] as const))('%s', (_, changes, width, i) => {
    const component = judge.instances('AtMost')[i] ?? '';
    // VALID sits on the bound. One beyond is refused by this comparison alone ...
    const beyond = judge.show(changes);
    expectRefused(beyond, `${component}.isAbove`);
    // ... and so is a prover who claims the other outcome of the subtraction.
    const bits = [...judge.forms.original.symbols.keys()]
      .find((name) => name.startsWith(`main.${component}.LessThan`) && name.endsWith('.n2b.in'))
      ?.slice('main.'.length, -'.in'.length);
    const claim = otherHighestBit(beyond, bits ?? '', width);
    expectRefused(judge.show(changes, claim), `${bits ?? ''}.out[0]`);
  });

  it('C4 takes its operands from the credential: a birth that it does not hold is refused', () => {
    const young = attributes({ birth: 20250101 });
    expectRefused(judge.show({ ...young, ...policy({ reveal: 0 }) }, { birth: 20081122n }), 'credential.fields[6]');
  });
});

describe('show C5, C6: sets', () => {
  it.each([0, 1, 3, 31])('C5 refuses document %d, whose bit is not set', (document) => {
    expectRefused(judge.show(attributes({ document })), 'documentAllowed');
  });
  it('C5 accepts the last document number', () => {
    expectAccepted(
      judge.show({ attributes: { ...ATTRIBUTES, document: 31 }, policy: { ...POLICY, documentMask: 2 ** 31 } }),
    );
  });
  it('C5 refuses a document bit that the credential does not hold', () => {
    const other = attributes({ document: 3 });
    const forged = { 'documentBits[0]': 0n };
    expectRefused(judge.show({ ...other, ...policy({ reveal: 0 }) }, forged), 'documentBits[0]');
  });

  it.each([0, 41, 43, 252])('C6 refuses nationality %d, whose bit is not set', (nationality) => {
    expectRefused(judge.show(attributes({ nationality })), 'nationalityAllowed');
  });
  it('C6 accepts the last nationality and never a number above it', () => {
    const nationalityMask = (1n << 253n) - 1n;
    expectAccepted(judge.show({ ...attributes({ nationality: 252 }), nationalityMask }));
    for (const nationality of [253, 255]) {
      expectRefused(judge.show({ ...attributes({ nationality }), nationalityMask }), 'nationalityAllowed');
    }
  });
  it('C6 refuses a mask bit that the mask does not hold', () => {
    const forged = { [`nationalityTable[41]`]: 1n };
    expectRefused(judge.show(attributes({ nationality: 41 }), forged), 'nationalityTable[41]');
  });
});

describe('show C8: phone', () => {
  it('accepts every pair but required and absent', () => {
    expectAccepted(judge.show({ attributes: { ...ATTRIBUTES, phone: 0 }, policy: { ...POLICY, phoneRequired: 0 } }));
    expectAccepted(judge.show(policy({ phoneRequired: 0 })));
    expectRefused(judge.show(attributes({ phone: 0 })), 'phoneRequired');
  });
  it('refuses a phone that the credential does not hold', () => {
    expectRefused(judge.show({ ...attributes({ phone: 0 }), ...policy({ reveal: 0 }) }, { phone: 1n }), 'phone');
  });
});

describe('show C11: what is revealed', () => {
  it('refuses another packed word', () => {
    expectRefused(judge.show({}, { revealed: 0n }), 'revealed');
  });
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('refuses value %d shown although its bit is not set, and the reverse', (i) => {
    const shown = `shown[${String(i)}]`;
    const value = judge.show().value(`values[${String(i)}]`);
    expect(value).not.toBe(0n);
    expectRefused(judge.show(policy({ reveal: POLICY.reveal - 2 ** i }), { [shown]: value }), shown);
    expectRefused(judge.show({}, { [shown]: 0n }), shown);
  });
});

describe('show C12: the leaf is in the tree', () => {
  it('refuses another root', () => {
    const words = showWords(VALID);
    expectRefused(judge.words({ ...words, root: words.root + 1n }), 'computedRoot');
    expectRefused(judge.words({ ...words, root: 0n }), 'computedRoot');
  });
  it.each(['seed', 'blinding', 'extension', 'attributes'] as const)('refuses a path for another %s', (name) => {
    const words = showWords({ ...VALID, ...policy({ reveal: 0, nullifierOn: 1 }) });
    // The top bits of attributes are the issuer's number, which no other condition reads.
    const changed = { ...words, [name]: words[name] + (name === 'attributes' ? 1n << 150n : 1n) };
    const [membership = ''] = judge.instances('Membership');
    expectRefused(judge.words(changed), `${membership}.chosen[0]`);
  });
  it('refuses a leaf that is not the hash of what is shown', () => {
    const { path } = showWords(VALID);
    const elsewhere = showWords({ ...VALID, seed: 1n });
    const victim = elsewhere.path[0]?.[Number(VALID.leafIndex % 8n)] ?? 0n;
    expect(path[0]).not.toContain(victim);
    const words = { ...elsewhere, seed: VALID.seed };
    expectRefused(judge.words(words, { leaf: victim }), 'leaf');
  });
});

describe('show C13: one seed', () => {
  it('refuses a pseudonym from another seed than the leaf', () => {
    const [nullifier = ''] = judge.instances('Nullifier');
    expectRefused(judge.show({}, { [`${nullifier}.seed`]: 1n }), `${nullifier}.seed`);
  });
  it('refuses another nullifier than the one that follows', () => {
    expectRefused(judge.show({}, { nullifier: 1n }), 'nullifier');
  });
});

describe('show C14: binding', () => {
  it('refuses another binding on the same witness', () => {
    const squared = VALID.binding * VALID.binding;
    expectRefused(judge.show({ binding: VALID.binding + 1n }, { bindingSquared: squared }), 'bindingSquared');
  });
});
