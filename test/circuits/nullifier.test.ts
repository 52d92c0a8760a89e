// SPDX-License-Identifier: GPL-3.0-or-later
/** Nullifier inside `show`. */
import { beforeAll, describe, expect, it } from 'vitest';
import { expectAccepted, expectRefused, judgeShow, otherHighestBit, type ShowJudge } from './judged.ts';
import { POLICY, VALID } from './witness.ts';

let judge: ShowJudge;
let nullifier: string;
/** `Num2Bits` of the index and of the comparison. */
let indexBits: string;
let lessThanBits: string;
beforeAll(async () => {
  judge = await judgeShow();
  [nullifier = ''] = judge.instances('Nullifier');
  const names = [...judge.forms.original.symbols.keys()].map((name) => name.slice('main.'.length));
  const component = (pattern: RegExp): string =>
    names.find((name) => name.startsWith(`${nullifier}.`) && pattern.test(name))?.replace(/\.in$/, '') ?? '';
  indexBits = component(/\.Num2Bits_\d+_\d+\.in$/);
  lessThanBits = component(/\.n2b\.in$/);
}, 600_000);

const policy = (changes: Partial<typeof POLICY>): object => ({ policy: { ...POLICY, ...changes } });
const OFF = { ...policy({ nullifierOn: 0, limit: 0 }), scope: 0n, context: 0n, index: 0n };

describe('Nullifier C1: the pseudonym, or zero', () => {
  it('is the hash with nullifierOn = 1 and zero with nullifierOn = 0', () => {
    expect(judge.show().value('nullifier')).not.toBe(0n);
    const off = judge.show(OFF);
    expectAccepted(off);
    expect(off.value('nullifier')).toBe(0n);
  });
  it('refuses zero where a pseudonym is asked, and a pseudonym where none is', () => {
    expectRefused(judge.show({}, { [`${nullifier}.nullifier`]: 0n }), `${nullifier}.nullifier`);
    expectRefused(judge.show(OFF, { [`${nullifier}.nullifier`]: 1n }), `${nullifier}.nullifier`);
  });
  it('refuses a hash of other inputs', () => {
    expectRefused(judge.show({}, { [`${nullifier}.hash`]: 1n }), `${nullifier}.hash`);
  });
});

describe('Nullifier C2: without a pseudonym, nothing names a platform', () => {
  it.each(['scope', 'context'] as const)('refuses a %s', (name) => {
    expectRefused(judge.show({ ...OFF, [name]: 1n }), `${nullifier}.${name}`);
  });
  it('refuses an index', () => {
    // 0 < limit would make the comparison refuse too, so the limit stays 0 and index 255 > 0.
    expectRefused(judge.show({ ...OFF, index: 255n }), `${nullifier}.index`);
  });
  it('refuses a limit', () => {
    const limited = { ...OFF, ...policy({ nullifierOn: 0, limit: 1 }) };
    expectRefused(judge.show(limited), `${nullifier}.limit`, `${nullifier}.isBelow`);
    // With index = limit the comparison is content, and C2 refuses alone.
    expectRefused(judge.show({ ...limited, index: 1n }), `${nullifier}.limit`, `${nullifier}.index`);
  });
});

describe('Nullifier C3, C4: 0 <= index < limit', () => {
  it.each([1, 255])('accepts limit - 1 and refuses limit, limit %d', (limit) => {
    expectAccepted(judge.show({ ...policy({ limit }), index: BigInt(limit - 1) }));
    expectRefused(judge.show({ ...policy({ limit }), index: BigInt(limit) }), `${nullifier}.isBelow`);
  });
  it('refuses every index under limit 0', () => {
    expectRefused(judge.show({ ...policy({ limit: 0 }), index: 0n }), `${nullifier}.isBelow`);
  });
  it('refuses a prover who claims the other outcome of the comparison', () => {
    const beyond = { ...VALID, index: 3n };
    const claim = otherHighestBit(judge.show(beyond), lessThanBits, 8);
    expectRefused(judge.show(beyond, claim), `${lessThanBits}.out[0]`);
  });
  it('C4 refuses -1, which the comparison alone takes for less than the limit', () => {
    expectRefused(judge.show({ index: -1n }), `${indexBits}.in`);
  });
});
