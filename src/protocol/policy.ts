// SPDX-License-Identifier: Apache-2.0
/**
 * What a platform may ask, and the 189-bit policy word that the circuit checks. The list is short and
 * published, since predicates and disclosures identify: wallet and verifier both derive the policy
 * from the asked claims and refuse anything else. docs/protocol.md section 3.
 *
 * @module
 */
import { z } from 'zod';
import { DOCUMENT_KINDS, type DocumentKind } from './attributes.ts';
import { type Layout, pack, unpack } from './bits.ts';
import { bornOnOrBefore, type CalendarDate, LAST_DATE } from './dates.ts';
import { ProtocolError } from './errors.ts';
import { type FieldElement, toField } from './field.ts';
import { NATIONALITIES, nationalityCode, nationalityMask, nationalityNumber } from './nationality.ts';
import type { Context } from './scope.ts';

/** Policy fields with their widths, least significant first. */
export const POLICY_LAYOUT = [
  ['today', 27],
  ['birthMin', 27],
  ['birthMax', 27],
  ['documentMask', 32],
  ['minAssurance', 3],
  ['phoneRequired', 1],
  ['secretSinceMax', 27],
  ['issuedMin', 27],
  ['reveal', 9],
  ['nullifierOn', 1],
  ['limit', 8],
] as const satisfies Layout<string>;

/** The policy as numbers. */
export type Policy = Readonly<Record<(typeof POLICY_LAYOUT)[number][0], number>>;

/** Revealable attributes with their widths, in the order of their reveal bits and of the packed output. */
export const REVEAL_LAYOUT = [
  ['document', 5],
  ['nationality', 8],
  ['region', 7],
  ['assurance', 3],
  ['phone', 1],
  ['birth', 27],
  ['expiry', 27],
  ['generation', 6],
  ['issuer', 12],
] as const satisfies Layout<string>;

/** Ages that a platform may ask about. */
export const AGES = [14, 16, 18, 21, 60] as const;
/** Attributes that a platform may ask to see. */
export const REVEALABLE = ['document', 'nationality', 'assurance', 'phone'] as const;
/** Sets of documents that a platform may ask for. */
export const DOCUMENT_GROUPS = {
  any: Object.keys(DOCUMENT_KINDS) as DocumentKind[],
  resident: ['resident_identity_card', 'foreign_permanent_resident_card'],
  travel: ['passport', 'travel_permit_hk_macau', 'travel_permit_taiwan'],
} as const satisfies Record<string, readonly DocumentKind[]>;

const CHINESE = ['CHN', 'HKG', 'MAC', 'TWN'].map(nationalityNumber);
const ALL = NATIONALITIES.map((_, number) => number);
/** Sets of nationalities that a platform may ask for. */
export const NATIONALITY_GROUPS = {
  any: nationalityMask(ALL),
  chinese: nationalityMask(CHINESE),
  foreign: nationalityMask(ALL.filter((number) => !CHINESE.includes(number))),
} as const;

/** What a platform asks, in the words of the published list. */
export const askSchema = z.strictObject({
  /** Age in completed years that the holder must have reached. */
  age_over: z.literal(AGES).optional(),
  document_group: z.enum(Object.keys(DOCUMENT_GROUPS) as (keyof typeof DOCUMENT_GROUPS)[]).default('any'),
  nationality_group: z.enum(Object.keys(NATIONALITY_GROUPS) as (keyof typeof NATIONALITY_GROUPS)[]).default('any'),
  /** Least assurance level, 1 to 3. */
  min_assurance: z.literal([1, 2, 3]).default(1),
  phone_confirmed: z.boolean().default(false),
  /** Attributes to disclose. */
  reveal: z.array(z.enum(REVEALABLE)).max(REVEALABLE.length).default([]),
  /** Whether the platform recognises the holder again. */
  pseudonym: z.boolean().default(true),
});

/** A request in the words of the published list, defaults filled in. */
export type Ask = z.infer<typeof askSchema>;

/**
 * Reads what a platform asks.
 *
 * @throws {@link ProtocolError} `ask_refused` if anything is off the published list.
 */
export function parseAsk(value: unknown): Ask {
  const parsed = askSchema.safeParse(value);
  if (!parsed.success || new Set(parsed.data.reveal).size !== parsed.data.reveal.length) {
    throw new ProtocolError('ask_refused', 'the request asks for something that is not on the published list', {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/**
 * The policy that an ask means on a day. Wallet and verifier compute it alike.
 *
 * @param ask - What the platform asks.
 * @param today - The date of the request in the register's time zone.
 * @param context - For an action, seeds that are newer than its opening do not count; a limit has its number.
 */
export function policyOf(ask: Ask, today: CalendarDate, context: Context): Policy {
  const documents = DOCUMENT_GROUPS[ask.document_group].map((kind) => DOCUMENT_KINDS[kind]);
  return {
    today,
    birthMin: 0,
    birthMax: ask.age_over === undefined ? LAST_DATE : bornOnOrBefore(today, ask.age_over),
    documentMask: documents.reduce((mask, kind) => mask + 2 ** kind, 0),
    minAssurance: ask.min_assurance,
    phoneRequired: Number(ask.phone_confirmed),
    secretSinceMax: context.kind === 'action' ? context.opens : LAST_DATE,
    issuedMin: 0,
    reveal: REVEAL_LAYOUT.reduce(
      (bits, [name], i) => bits + ((ask.reveal as readonly string[]).includes(name) ? 2 ** i : 0),
      0,
    ),
    nullifierOn: Number(ask.pseudonym),
    limit: ask.pseudonym && context.kind === 'epoch' ? context.limit : Number(ask.pseudonym),
  };
}

/**
 * Packs a policy into the circuit's public input.
 *
 * @throws {@link ProtocolError} `value_out_of_range`.
 */
export function packPolicy(policy: Policy): FieldElement {
  return toField(pack(POLICY_LAYOUT, policy));
}

/**
 * Unpacks a policy word.
 *
 * @throws {@link ProtocolError} `value_out_of_range`.
 */
export function unpackPolicy(word: FieldElement): Policy {
  return unpack(POLICY_LAYOUT, word);
}

/** Attributes that a presentation discloses, in the words of the published list. */
export const disclosedSchema = z.strictObject({
  document: z.enum(Object.keys(DOCUMENT_KINDS) as DocumentKind[]).optional(),
  nationality: z.enum(NATIONALITIES).optional(),
  assurance: z.number().int().min(0).max(7).optional(),
  phone: z.boolean().optional(),
});

/** See {@link disclosedSchema}. */
export type Disclosed = z.infer<typeof disclosedSchema>;

/**
 * Repacks disclosed attributes into the circuit's output `revealed`.
 *
 * @param disclosed - Typed values from a presentation.
 * @param ask - What was asked: exactly these attributes must be there.
 * @throws {@link ProtocolError} `claims_mismatch` if an asked attribute is missing or another is there.
 */
export function packRevealed(disclosed: Disclosed, ask: Ask): FieldElement {
  for (const name of REVEALABLE) {
    if ((disclosed[name] !== undefined) !== ask.reveal.includes(name)) {
      throw new ProtocolError('claims_mismatch', 'the presentation does not disclose exactly what was asked');
    }
  }
  return toField(
    pack(REVEAL_LAYOUT, {
      document: disclosed.document === undefined ? 0 : DOCUMENT_KINDS[disclosed.document],
      nationality: disclosed.nationality === undefined ? 0 : nationalityNumber(disclosed.nationality),
      region: 0,
      assurance: disclosed.assurance ?? 0,
      phone: Number(disclosed.phone ?? false),
      birth: 0,
      expiry: 0,
      generation: 0,
      issuer: 0,
    }),
  );
}

/**
 * The typed form of the circuit's output `revealed`.
 *
 * @param revealed - The public signal.
 * @param ask - What was asked.
 * @throws {@link ProtocolError} `claims_mismatch` if the word holds what the list does not allow.
 */
export function unpackRevealed(revealed: FieldElement, ask: Ask): Disclosed {
  const values = unpack(REVEAL_LAYOUT, revealed);
  const asked = (name: (typeof REVEALABLE)[number]): boolean => ask.reveal.includes(name);
  const document = (Object.keys(DOCUMENT_KINDS) as DocumentKind[]).find(
    (kind) => DOCUMENT_KINDS[kind] === values.document,
  );
  const disclosed: Disclosed = {
    ...(asked('document') && document !== undefined ? { document } : {}),
    ...(asked('nationality') ? { nationality: nationalityCode(values.nationality) } : {}),
    ...(asked('assurance') ? { assurance: values.assurance } : {}),
    ...(asked('phone') ? { phone: values.phone === 1 } : {}),
  };
  if (packRevealed(disclosed, ask) !== revealed) {
    throw new ProtocolError('claims_mismatch', 'the revealed word holds more than was asked');
  }
  return disclosed;
}
