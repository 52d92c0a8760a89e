// SPDX-License-Identifier: GPL-3.0-or-later
/** Forged witnesses of words and their fields: Fields, and conditions C1, C2 and C14 of `show`. */
import { ATTRIBUTE_LAYOUT, type Attributes, packAttributes } from '../../../src/protocol/attributes.ts';
import { FIELD_ORDER } from '../../../src/protocol/field.ts';
import { packPolicy, POLICY_LAYOUT, type Policy } from '../../../src/protocol/policy.ts';
import { ATTRIBUTES, attributes, POLICY, policy, showWords, VALID } from '../cases.ts';
import type { ShowForgery } from '../forgeries.ts';

/** For each attribute, a value that a condition refuses or, where none reads it, that a forger shows for another. */
const BAD: Attributes = {
  version: 2,
  document: ATTRIBUTES.document,
  nationality: ATTRIBUTES.nationality,
  region: ATTRIBUTES.region,
  assurance: ATTRIBUTES.assurance - 1,
  phone: 0,
  birth: ATTRIBUTES.birth + 1,
  expiry: ATTRIBUTES.expiry - 1,
  issued: ATTRIBUTES.issued - 1,
  secretSince: ATTRIBUTES.secretSince + 1,
  generation: ATTRIBUTES.generation,
  issuer: ATTRIBUTES.issuer,
};

/** For fields of the policy: a case that it refuses, and the value that would let it pass. */
const LENIENT: readonly (readonly [keyof Policy, Partial<Attributes>, number])[] = [
  ['today', { expiry: ATTRIBUTES.expiry - 1 }, ATTRIBUTES.expiry - 1],
  ['birthMin', { birth: ATTRIBUTES.birth - 1 }, ATTRIBUTES.birth - 1],
  ['birthMax', { birth: ATTRIBUTES.birth + 1 }, ATTRIBUTES.birth + 1],
  ['minAssurance', { assurance: 1 }, 1],
  ['phoneRequired', { phone: 0 }, 0],
  ['secretSinceMax', { secretSince: ATTRIBUTES.secretSince + 1 }, ATTRIBUTES.secretSince + 1],
  ['issuedMin', { issued: ATTRIBUTES.issued - 1 }, ATTRIBUTES.issued - 1],
];

/** A value in one place of the circuit, where the word holds another. */
const held = (
  template: string,
  condition: string,
  signal: string,
  value: bigint,
  changes: ShowForgery['changes'] = {},
): ShowForgery => ({
  ...{ template, condition, changes, by: [signal] },
  title: `a value that the word does not hold: ${signal}`,
  forced: { [signal]: value },
});

const ofAttributes = ATTRIBUTE_LAYOUT.flatMap(([name], i) => {
  const lie = BigInt(BAD[name] === ATTRIBUTES[name] ? ATTRIBUTES[name] + 1 : ATTRIBUTES[name]);
  const changes = attributes({ [name]: BAD[name] });
  return [
    held('Fields', 'C2', `credential.fields[${String(i)}]`, lie, changes),
    held('Show', name === 'version' ? 'C2' : 'C11', name, lie, changes),
  ];
});

const ofPolicy = LENIENT.flatMap(([name, changes, value]) => {
  const i = POLICY_LAYOUT.findIndex(([field]) => field === name);
  return [
    held('Fields', 'C2', `request.fields[${String(i)}]`, BigInt(value), attributes(changes)),
    held('Show', 'C1', name, BigInt(value), attributes(changes)),
  ];
});

const tooLarge = (template: string, what: string, component: string, changes: ShowForgery['changes']): ShowForgery => ({
  ...{ template, condition: 'C1', changes: changes ?? {}, by: [`${component}.in`] },
  title: `one bit more: ${what}`,
});

/** At the bits (2, -1, 0), Select gives -2 v0 + 4 v1 + v2 - 2 v3: a child v2 that makes it the leaf. */
const notBoolean = (): ShowForgery => {
  const [leaf = 0n, v1 = 0n, , v3 = 0n, ...rest] = showWords({ ...VALID, leafIndex: 0n }).path[0] ?? [];
  const children = [0n, v1, leaf - 4n * v1 + 2n * v3, v3, ...rest];
  return {
    template: 'Show',
    condition: 'C1',
    title: 'bits that are not boolean, which would prove a leaf that is not in the tree',
    changes: { leafIndex: 0n, children: children.map((v) => ((v % FIELD_ORDER) + FIELD_ORDER) % FIELD_ORDER) },
    forced: { 'Num2Bits#1.out[0]': 2n, 'Num2Bits#1.out[1]': -1n },
    by: ['Num2Bits#1.out[0]', 'Num2Bits#1.out[1]'],
  };
};

/** The list. */
export const wordForgeries: readonly ShowForgery[] = [
  tooLarge('Fields', 'attributes', 'credential.Num2Bits#0', {
    attributesWord: packAttributes(ATTRIBUTES) + (1n << 158n),
  }),
  tooLarge('Fields', 'policy', 'request.Num2Bits#0', { policyWord: packPolicy(POLICY) + (1n << 189n) }),
  tooLarge('Show', 'mask', 'Num2Bits#0', { nationalityMask: VALID.nationalityMask + (1n << 253n) }),
  tooLarge('Show', 'leaf index', 'Num2Bits#1', { leafIndex: VALID.leafIndex + (1n << 33n) }),
  notBoolean(),
  held('Fields', 'C1', 'credential.bits[1]', 0n, attributes({ version: 3 })),
  held('Fields', 'C1', 'credential.Num2Bits#0.in', packAttributes(ATTRIBUTES), attributes({ version: 2 })),
  held('Show', 'C1', 'credential.word', packAttributes(ATTRIBUTES), attributes({ birth: BAD.birth })),
  held('Show', 'C1', 'request.word', packPolicy({ ...POLICY, phoneRequired: 0 }), attributes({ phone: 0 })),
  held('Show', 'C1', 'maskBits[41]', 1n, attributes({ nationality: 41 })),
  held('Show', 'C1', 'Num2Bits#0.in', 1n << 41n, attributes({ nationality: 41 })),
  ...ofAttributes,
  ...ofPolicy,
  ...[0, 2, 255].map((version) => ({
    template: 'Show',
    condition: 'C2',
    title: `version ${String(version)}`,
    changes: attributes({ version }),
    by: ['version'],
  })),
  {
    template: 'Show',
    condition: 'C14',
    title: 'another binding on the same witness',
    changes: { binding: VALID.binding + 1n },
    forced: { bindingSquared: VALID.binding * VALID.binding },
    by: ['bindingSquared'],
  },
  {
    template: 'Show',
    condition: 'C11',
    title: 'nothing shown although everything is asked, by other bits of the policy',
    changes: policy({ reveal: 1 }),
    forced: { 'request.bits[171]': 0n },
    by: ['request.bits[171]'],
  },
];
