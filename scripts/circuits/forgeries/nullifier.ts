// SPDX-License-Identifier: GPL-3.0-or-later
/** Forged witnesses of Nullifier, and of its place in `show`. */
import { otherHighestBit, policy, VALID } from '../cases.ts';
import type { ShowForgery } from '../forgeries.ts';

const OFF = { ...policy({ nullifierOn: 0, limit: 0 }), scope: 0n, context: 0n, index: 0n };
/** Asks for a pseudonym, yet fits everything that is demanded without one. */
const SILENT = { ...policy({ nullifierOn: 1, limit: 0 }), scope: 0n, context: 0n, index: 0n };
const BEYOND = { index: 3n };

const at = (
  condition: string,
  title: string,
  rest: Omit<ShowForgery, 'template' | 'condition' | 'title'>,
): ShowForgery => ({
  template: 'Nullifier',
  condition,
  title,
  ...rest,
});
const input = (name: string, value: bigint, title: string, changes: ShowForgery['changes'] = {}): ShowForgery => ({
  template: 'Show',
  condition: 'C13',
  title,
  changes,
  forced: { [`Nullifier#0.${name}`]: value },
  by: [`Nullifier#0.${name}`],
});
const hashed = (i: number, value: bigint, title: string): ShowForgery =>
  at('C1', title, {
    forced: { [`Nullifier#0.Poseidon#0.inputs[${String(i)}]`]: value },
    by: [`Nullifier#0.Poseidon#0.inputs[${String(i)}]`],
  });

/** The list. */
export const nullifierForgeries: readonly ShowForgery[] = [
  at('C1', 'zero where a pseudonym is asked', {
    forced: { 'Nullifier#0.nullifier': 0n },
    by: ['Nullifier#0.nullifier'],
  }),
  at('C1', 'a pseudonym where none is asked', {
    changes: OFF,
    forced: { 'Nullifier#0.nullifier': 1n },
    by: ['Nullifier#0.nullifier'],
  }),
  at('C1', 'a pseudonym that is no hash', { forced: { 'Nullifier#0.hash': 1n }, by: ['Nullifier#0.hash'] }),
  hashed(0, 102n, 'the hash of another tag'),
  hashed(1, 1n, 'the hash of another seed'),
  hashed(2, 1n, 'the hash of another scope'),
  hashed(3, 1n, 'the hash of another context'),
  hashed(4, 1n, 'the hash of another index'),

  at('C2', 'a scope without a pseudonym', { changes: { ...OFF, scope: 1n }, by: ['Nullifier#0.scope'] }),
  at('C2', 'a context without a pseudonym', { changes: { ...OFF, context: 1n }, by: ['Nullifier#0.context'] }),
  at('C2', 'an index without a pseudonym', { changes: { ...OFF, index: 255n }, by: ['Nullifier#0.index'] }),
  at('C2', 'a limit without a pseudonym', {
    changes: { ...OFF, ...policy({ nullifierOn: 0, limit: 1 }) },
    by: ['Nullifier#0.limit', 'Nullifier#0.isBelow'],
  }),
  at('C2', 'a limit without a pseudonym, which the index meets', {
    changes: { ...OFF, ...policy({ nullifierOn: 0, limit: 1 }), index: 1n },
    by: ['Nullifier#0.limit', 'Nullifier#0.index'],
  }),

  ...[1, 255].map((limit) =>
    at('C3', `index = limit = ${String(limit)}`, {
      changes: { ...policy({ limit }), index: BigInt(limit) },
      by: ['Nullifier#0.isBelow'],
    }),
  ),
  at('C3', 'an index under limit 0', {
    changes: { ...policy({ limit: 0 }), index: 0n },
    by: ['Nullifier#0.isBelow'],
  }),
  at('C3', 'the other outcome of the comparison', {
    changes: BEYOND,
    forced: { 'Nullifier#0.isBelow': 1n },
    by: ['Nullifier#0.isBelow'],
  }),
  at('C3', 'the comparison of another index', {
    changes: BEYOND,
    forced: { 'Nullifier#0.LessThan#0.in[0]': 0n },
    by: ['Nullifier#0.LessThan#0.in[0]'],
  }),
  at('C3', 'bits of the comparison that are no bits', {
    changes: BEYOND,
    forced: (honest) => otherHighestBit(honest, 'Nullifier#0.LessThan#0.n2b', 8),
    by: ['Nullifier#0.LessThan#0.n2b.out[0]'],
  }),

  at('C4', '-1, which the comparison alone takes for less than the limit', {
    changes: { index: -1n },
    by: ['Nullifier#0.Num2Bits#0.in'],
  }),
  at('C4', 'the range of another number', {
    changes: { index: -1n },
    forced: { 'Nullifier#0.Num2Bits#0.in': 0n },
    by: ['Nullifier#0.Num2Bits#0.in'],
  }),
  at('C4', 'another bit than the one that was checked', {
    forced: { 'Nullifier#0.indexBits[0]': 1n },
    by: ['Nullifier#0.indexBits[0]'],
  }),

  input('seed', 1n, 'a pseudonym from another seed than the leaf'),
  input('scope', 1n, 'a pseudonym in another scope'),
  input('context', 1n, 'a pseudonym in another context'),
  input('index', 0n, 'a comparison of another index', BEYOND),
  input('limit', 4n, 'a comparison with another limit', BEYOND),
  input('on', 0n, 'no pseudonym although one is asked', SILENT),
  {
    template: 'Show',
    condition: 'C13',
    title: 'another pseudonym than the one that follows',
    forced: { nullifier: VALID.seed },
    by: ['nullifier'],
  },
  ...['request.fields[9]', 'nullifierOn'].map((signal) => ({
    template: signal === 'nullifierOn' ? 'Show' : 'Fields',
    condition: signal === 'nullifierOn' ? 'C13' : 'C2',
    title: `no pseudonym although one is asked, by ${signal}`,
    changes: SILENT,
    forced: { [signal]: 0n },
    by: [signal],
  })),
  ...['request.fields[10]', 'limit'].map((signal) => ({
    template: signal === 'limit' ? 'Show' : 'Fields',
    condition: signal === 'limit' ? 'C13' : 'C2',
    title: `another limit than the policy's, by ${signal}`,
    changes: BEYOND,
    forced: { [signal]: 4n },
    by: [signal],
  })),
];
