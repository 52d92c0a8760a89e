// SPDX-License-Identifier: GPL-3.0-or-later
/** Forged witnesses of what `show` says about attributes: AtMost, Select, and conditions C3 to C11. */
import { REVEAL_LAYOUT } from '../../../src/protocol/policy.ts';
import { ATTRIBUTES, attributes, otherHighestBit, POLICY, policy } from '../cases.ts';
import type { ShowForgery } from '../forgeries.ts';

type Changes = NonNullable<ShowForgery['changes']>;
type Comparison = readonly [
  condition: string,
  title: string,
  beyond: Changes,
  width: number,
  lesser: number,
  greater: number,
];

const { expiry, birth, assurance, secretSince, issued } = ATTRIBUTES;
/** In the order of the source: the first case beyond each bound, and the operands there. */
const COMPARISONS: readonly Comparison[] = [
  ['C3', 'expired yesterday', attributes({ expiry: expiry - 1 }), 27, expiry, expiry - 1],
  ['C4', 'one day too old', attributes({ birth: birth - 1 }), 27, birth, birth - 1],
  ['C4', 'one day too young', attributes({ birth: birth + 1 }), 27, birth + 1, birth],
  ['C7', 'assurance one below', attributes({ assurance: assurance - 1 }), 3, assurance, assurance - 1],
  ['C9', 'a secret one day too new', attributes({ secretSince: secretSince + 1 }), 27, secretSince + 1, secretSince],
  ['C10', 'issued one day too early', attributes({ issued: issued - 1 }), 27, issued, issued - 1],
];

const forge = (
  template: string,
  condition: string,
  title: string,
  changes: Changes,
  signal: string,
  value?: bigint,
): ShowForgery => ({
  ...{ template, condition, title, changes, by: [signal] },
  ...(value === undefined ? {} : { forced: { [signal]: value } }),
});

const comparisons = COMPARISONS.flatMap(([condition, title, beyond, width, lesser, greater], i): ShowForgery[] => {
  const at = `AtMost#${String(i)}`;
  return [
    forge('Show', condition, title, beyond, `${at}.isAbove`),
    forge('Show', condition, `${title}, compared with another bound`, beyond, `${at}.lesser`, BigInt(greater)),
    forge('Show', condition, `${title}, another value compared`, beyond, `${at}.greater`, BigInt(lesser)),
    forge('AtMost', 'C1', `${title}, the other outcome claimed`, beyond, `${at}.isAbove`, 0n),
    forge('AtMost', 'C1', `${title}, another operand`, beyond, `${at}.LessThan#0.in[1]`, BigInt(greater)),
    {
      ...{ template: 'AtMost', condition: 'C1', changes: beyond },
      title: `${title}, bits of the comparison that are no bits`,
      forced: (honest) => otherHighestBit(honest, `${at}.LessThan#0.n2b`, width),
      by: [`${at}.LessThan#0.n2b.out[0]`],
    },
  ];
});

/** Document 3 is not in the mask, document 2 is; 3 and 2 differ in their lowest bit. */
const THIRD = attributes({ document: 3 });
/** Document 0 and the one in the mask, 2, differ in their second bit. */
const ZEROTH = attributes({ document: 0 });
/** 43 is not in the mask, 42 is; they differ in their lowest bit. */
const NEIGHBOUR = attributes({ nationality: ATTRIBUTES.nationality + 1 });
const OTHER = attributes({ nationality: 41 });
const ABOVE = { ...attributes({ nationality: 253 }), nationalityMask: (1n << 253n) - 1n };
/** The Select of documents, and the one for a single bit at its end. */
const SELECT = 'Select#0';
const LAST_SELECT = Array.from({ length: 5 }, () => 'Select#0').join('.');

const sets: readonly ShowForgery[] = [
  ...[0, 1, 3, 31].map((document) =>
    forge('Show', 'C5', `document ${String(document)}, not in the mask`, attributes({ document }), 'documentAllowed'),
  ),
  forge('Show', 'C5', 'another mask than the policy holds', THIRD, 'documentMask[3]', 1n),
  forge('Show', 'C5', 'another document than the credential holds', THIRD, 'documentBits[0]', 0n),
  forge('Show', 'C5', 'an outcome that Select does not give', THIRD, 'documentAllowed', 1n),
  forge('Show', 'C5', 'a choice from another mask', THIRD, `${SELECT}.values[3]`, 1n),
  forge('Show', 'C5', 'the choice of another document', THIRD, `${SELECT}.bits[0]`, 0n),
  ...[0, 41, 43, 252].map((nationality) =>
    forge(
      'Show',
      'C6',
      `nationality ${String(nationality)}, not in the mask`,
      attributes({ nationality }),
      'nationalityAllowed',
    ),
  ),
  forge('Show', 'C6', 'a number above every nationality', ABOVE, 'nationalityAllowed'),
  forge('Show', 'C6', 'a number above every nationality, allowed', ABOVE, 'nationalityTable[253]', 1n),
  forge('Show', 'C6', 'another mask than the request holds', OTHER, 'nationalityTable[41]', 1n),
  forge('Show', 'C6', 'another nationality than the credential holds', NEIGHBOUR, 'nationalityBits[0]', 0n),
  forge('Show', 'C6', 'an outcome that Select does not give', OTHER, 'nationalityAllowed', 1n),
  forge('Show', 'C6', 'a choice from another mask', OTHER, 'Select#1.values[41]', 1n),
  forge('Show', 'C6', 'the choice of another nationality', NEIGHBOUR, 'Select#1.bits[0]', 0n),

  forge('Select', 'C1', 'another value where two are halved', THIRD, `${SELECT}.halved[1]`, 1n),
  forge('Select', 'C1', 'another value where the last two are halved', THIRD, `${LAST_SELECT}.halved[0]`, 1n),
  forge('Select', 'C1', 'another outcome than the last halving gives', THIRD, `${LAST_SELECT}.out`, 1n),
  forge('Select', 'C1', 'another outcome than the smaller Select gives', THIRD, `${SELECT}.out`, 1n),
  forge('Select', 'C1', 'other values for the smaller Select', THIRD, `${SELECT}.Select#0.values[1]`, 1n),
  forge('Select', 'C1', 'another bit for the smaller Select', ZEROTH, `${SELECT}.Select#0.bits[0]`, 1n),
  forge('Select', 'C1', 'another bit among the rest', ZEROTH, `${SELECT}.rest[0]`, 1n),
];

const revealed = REVEAL_LAYOUT.flatMap(([name], i): ShowForgery[] => {
  const hidden = policy({ reveal: POLICY.reveal - 2 ** i });
  const shown = `shown[${String(i)}]`;
  return [
    forge('Show', 'C11', `${name} shown although its bit is not set`, hidden, shown, BigInt(ATTRIBUTES[name])),
    forge('Show', 'C11', `${name} hidden although its bit is set`, {}, shown, 0n),
    forge('Show', 'C11', `another ${name} shown`, {}, `values[${String(i)}]`, BigInt(ATTRIBUTES[name] + 1)),
  ];
});

/** The list. */
export const predicateForgeries: readonly ShowForgery[] = [
  ...comparisons,
  ...sets,
  forge('Show', 'C8', 'no phone although one is required', attributes({ phone: 0 }), 'phoneRequired'),
  ...revealed,
  forge('Show', 'C11', 'another packed word', {}, 'revealed', 0n),
];
