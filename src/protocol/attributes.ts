// SPDX-License-Identifier: Apache-2.0
/**
 * The attributes of a credential: 158 bits, fixed by the issuer, committed in the leaf and never
 * shown whole. docs/protocol.md section 3.
 *
 * @module
 */
import { type Layout, pack, unpack } from './bits.ts';
import { addDays, type CalendarDate, monthStart, monthStartAfter, toDate } from './dates.ts';
import { ProtocolError } from './errors.ts';
import { type FieldElement, toField } from './field.ts';
import { NATIONALITIES } from './nationality.ts';

/** Version of the attribute layout. */
export const ATTRIBUTES_VERSION = 1;

/** Kinds of document by number. */
export const DOCUMENT_KINDS = {
  resident_identity_card: 1,
  passport: 2,
  travel_permit_hk_macau: 3,
  travel_permit_taiwan: 4,
  foreign_permanent_resident_card: 5,
} as const;

/** Name of a kind of document. */
export type DocumentKind = keyof typeof DOCUMENT_KINDS;

/** How sure the issuer is, by number: docs/protocol.md, table "Assurance levels". */
export const ASSURANCE_LEVELS = {
  /** The authority's signature over the document's data is good and the face matches; the data could be a copy. */
  copyable_data: 1,
  /** As before, and the document's chip answered a challenge that the issuer chose. */
  challenged_chip: 2,
  /** As before, and the authority confirmed the document on the day. */
  confirmed_by_authority: 3,
} as const;

/** Attribute fields with their widths, least significant first. */
export const ATTRIBUTE_LAYOUT = [
  ['version', 8],
  ['document', 5],
  ['nationality', 8],
  ['region', 7],
  ['assurance', 3],
  ['phone', 1],
  ['birth', 27],
  ['expiry', 27],
  ['issued', 27],
  ['secretSince', 27],
  ['generation', 6],
  ['issuer', 12],
] as const satisfies Layout<string>;

/** The attributes as numbers. */
export type Attributes = Readonly<Record<(typeof ATTRIBUTE_LAYOUT)[number][0], number>>;

/**
 * Packs attributes into their field element.
 *
 * @throws {@link ProtocolError} `value_out_of_range`.
 */
export function packAttributes(attributes: Attributes): FieldElement {
  return toField(pack(ATTRIBUTE_LAYOUT, attributes));
}

/**
 * Unpacks attributes without judging them; see {@link checkAttributes}.
 *
 * @throws {@link ProtocolError} `value_out_of_range`.
 */
export function unpackAttributes(word: FieldElement): Attributes {
  return unpack(ATTRIBUTE_LAYOUT, word);
}

/**
 * What an issuer must fix and a wallet must see before it accepts a credential: known version, kind,
 * nationality and assurance; real dates; `expiry` and `issued` and `secretSince` at a month's start,
 * so that no date serves as a tag; `issued` and `secretSince` of the day of issue.
 *
 * @param attributes - As shown by the issuer.
 * @param today - The register's date.
 * @param secretSince - What `secretSince` must be for a seed older than this issue; by default the
 * seed is new.
 * @throws {@link ProtocolError} `attributes_refused`, naming the attribute.
 */
export function checkAttributes(attributes: Attributes, today: CalendarDate, secretSince?: CalendarDate): void {
  const refuse = (name: string): never => {
    throw new ProtocolError('attributes_refused', `the issuer shows an unexpected value of ${name}`);
  };
  const isDate = (name: 'birth' | 'expiry' | 'issued' | 'secretSince'): CalendarDate => {
    try {
      return toDate(attributes[name]);
    } catch {
      return refuse(name);
    }
  };
  if (attributes.version !== ATTRIBUTES_VERSION) refuse('version');
  if (!Object.values<number>(DOCUMENT_KINDS).includes(attributes.document)) refuse('document');
  if (attributes.nationality >= NATIONALITIES.length) refuse('nationality');
  if (!Object.values<number>(ASSURANCE_LEVELS).includes(attributes.assurance)) refuse('assurance');
  if (isDate('birth') > today) refuse('birth');
  const expiry = isDate('expiry');
  if (expiry !== monthStart(expiry) || expiry < today) refuse('expiry');
  // The issuer's clock may stand on the other side of midnight, and so of a month's end.
  const days = [addDays(today, -1), today, addDays(today, 1)];
  if (!days.map(monthStart).includes(isDate('issued'))) refuse('issued');
  const allowed = secretSince === undefined ? days.map(monthStartAfter) : [secretSince];
  if (!allowed.includes(isDate('secretSince'))) refuse('secretSince');
}
