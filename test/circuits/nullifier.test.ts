// SPDX-License-Identifier: GPL-3.0-or-later
/** Nullifier inside `show`: bounds and forged witnesses. */
import { beforeAll, describe, expect, it } from 'vitest';
import { policy } from '../../scripts/circuits/cases.ts';
import { describeForgeries, expectAccepted, expectRefused, judgeShow, type ShowJudge } from './judged.ts';

let judge: ShowJudge;
beforeAll(async () => {
  judge = await judgeShow();
}, 600_000);

const OFF = { ...policy({ nullifierOn: 0, limit: 0 }), scope: 0n, context: 0n, index: 0n };

describe('Nullifier', () => {
  it('C1 is the hash with nullifierOn = 1 and zero with nullifierOn = 0', () => {
    expect(judge.show().value('nullifier')).not.toBe(0n);
    const off = judge.show(OFF);
    expectAccepted(off);
    expect(off.value('nullifier')).toBe(0n);
  });

  it.each([{ scope: 0n }, { context: 0n }, { seed: 0n }, { scope: 0n, context: 0n, index: 0n, seed: 0n }])(
    'C1 is not zero because an input is zero: %o',
    (zero) => {
      const verdict = judge.show(zero);
      expectAccepted(verdict);
      expect(verdict.value('nullifier')).not.toBe(0n);
    },
  );

  it.each([1, 255])('C3 accepts limit - 1 and refuses limit, limit %d', (limit) => {
    expectAccepted(judge.show({ ...policy({ limit }), index: BigInt(limit - 1) }));
    expectRefused(judge.show({ ...policy({ limit }), index: BigInt(limit) }), 'Nullifier#0.isBelow');
  });

  // 256 and more wrap around in the comparison alone, which knows eight bits.
  it.each([256n, 257n, 1n << 33n, -256n])('C4 refuses index %d', (index) => {
    expect(judge.show({ index }).violated.some(({ signals }) => signals.includes('Nullifier#0.Num2Bits#0.in'))).toBe(
      true,
    );
  });
});

describeForgeries('Nullifier');
