// SPDX-License-Identifier: GPL-3.0-or-later
/** Show, with AtMost and Fields below it: what passes at each bound, and each condition by forged witnesses. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ATTRIBUTES, attributes, POLICY, policy, showWords, VALID } from '../../scripts/circuits/cases.ts';
import { ROOT } from '../../scripts/circuits/compile.ts';
import { CONDITIONS, conditionsWithoutForgery } from '../../scripts/circuits/forgeries.ts';
import { withoutAssertions } from '../../scripts/circuits/forms.ts';
import { packPolicy, REVEAL_LAYOUT } from '../../src/protocol/policy.ts';
import { describeForgeries, expectAccepted, expectRefused, judgeShow, type ShowJudge } from './judged.ts';

let judge: ShowJudge;
beforeAll(async () => {
  judge = await judgeShow();
}, 600_000);

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

  it('makes the witness that an honest prover would, before and after a forgery', () => {
    expectAccepted(judge.show());
    expectRefused(judge.show({}, { revealed: 0n }), 'revealed');
    expectRefused(judge.show(attributes({ phone: 0 })), 'phoneRequired');
    expectAccepted(judge.show());
  });

  it('has a forgery of every condition that the headers of the templates number', async () => {
    for (const [template, count] of Object.entries(CONDITIONS)) {
      const file = template.replaceAll(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
      const source = await readFile(join(ROOT, 'circuits', 'lib', `${file}.circom`), 'utf8');
      const numbered = Array.from(source.matchAll(/^\/\/\/ {3}C(\d+) /gm), ([, number]) => Number(number));
      expect(numbered).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    }
    expect(conditionsWithoutForgery()).toEqual([]);
  });
});

describe('show', () => {
  it('C1 accepts the largest words', () => {
    const [nationalityMask, leafIndex] = [(1n << 253n) - 1n, (1n << 33n) - 1n];
    expectAccepted(judge.show({ nationalityMask, leafIndex, ...attributes({ issuer: 4095 }) }));
    expectAccepted(judge.show({ ...policy({ limit: 255 }), index: 254n }));
  });

  it('C3, C4, C7, C9, C10 accept values with room', () => {
    expectAccepted(
      judge.show(
        attributes({
          expiry: ATTRIBUTES.expiry + 1,
          assurance: ATTRIBUTES.assurance + 1,
          secretSince: ATTRIBUTES.secretSince - 1,
          issued: ATTRIBUTES.issued + 1,
        }),
      ),
    );
    expectAccepted(judge.show(policy({ birthMin: 0, birthMax: 2 ** 27 - 1 })));
  });

  it('C5 accepts the last document number', () => {
    expectAccepted(
      judge.show({ attributes: { ...ATTRIBUTES, document: 31 }, policy: { ...POLICY, documentMask: 2 ** 31 } }),
    );
  });

  it('C6 accepts the last nationality and never a number above it', () => {
    const nationalityMask = (1n << 253n) - 1n;
    expectAccepted(judge.show({ ...attributes({ nationality: 252 }), nationalityMask }));
    for (const nationality of [253, 254, 255]) {
      expectRefused(judge.show({ ...attributes({ nationality }), nationalityMask }), 'nationalityAllowed');
    }
  });

  it('C8 accepts every pair but required and absent', () => {
    expectAccepted(judge.show({ ...attributes({ phone: 0 }), ...policy({ phoneRequired: 0 }) }));
    expectAccepted(judge.show(policy({ phoneRequired: 0 })));
    expectRefused(judge.show(attributes({ phone: 0 })), 'phoneRequired');
  });

  it('C11 reveals what is asked and nothing else, for each of the 512 masks', () => {
    // Every value is other than zero, so that whatever leaks is seen, and so is whatever is lost.
    const words = showWords(VALID);
    for (let reveal = 0; reveal < 512; reveal++) {
      let [expected, offset] = [0n, 0n];
      for (const [i, [name, width]] of REVEAL_LAYOUT.entries()) {
        if (Math.floor(reveal / 2 ** i) % 2 === 1) expected |= BigInt(ATTRIBUTES[name]) << offset;
        offset += BigInt(width);
      }
      const verdict = judge.words({ ...words, policy: packPolicy({ ...POLICY, reveal }) });
      if (verdict.violated.length > 0) expectAccepted(verdict);
      expect(verdict.value('revealed')).toBe(expected);
    }
  }, 120_000);
});

describeForgeries('Show', 'AtMost', 'Fields');
