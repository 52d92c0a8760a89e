// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Documents as the wallet hands them to the issuer: the files of a passport, or what a reader gave of a card
 * that only its authority can decode. docs/protocol.md section 8.
 *
 * @module
 */
import type { DocumentKind } from '../protocol/attributes.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';

/** Files of a document's chip, as ICAO 9303 names them. */
export interface DocumentFiles {
  readonly sod: Uint8Array;
  readonly dg1: Uint8Array;
  readonly dg2: Uint8Array;
  /** Where the document has it: the personal number may stand there. Sent only where it is needed. */
  readonly dg11?: Uint8Array | undefined;
  /** Where the document has them: without these its chip cannot be challenged (`enrol_chip.ts`). */
  readonly dg14?: Uint8Array | undefined;
  readonly dg15?: Uint8Array | undefined;
}

/**
 * A card that is not a passport, as a reader gives it: for its authority to decode. It is read under the
 * challenge of {@link cardChallenge}; otherwise its credential has the level of copyable data.
 */
export interface CardFile {
  readonly kind: Exclude<DocumentKind, 'passport'>;
  readonly card: Uint8Array;
}

/** Where the personal number stands in the second line of a passport's data page, counted from its end. */
const PERSONAL_NUMBER = { start: -16, end: -2 } as const;

/** Whether the data page of DG1 bears a personal number; DG1 ends with the zone. */
function bearsNumber(dg1: Uint8Array): boolean {
  const field = String.fromCharCode(...dg1.slice(PERSONAL_NUMBER.start, PERSONAL_NUMBER.end));
  return /[^0<]/.test(field);
}

/**
 * The body in which a document is sent. DG11 goes along only where the issuer needs it for the personal
 * number: it may hold address and telephone, too.
 */
export function documentForm(document: DocumentFiles | CardFile): Readonly<Record<string, unknown>> {
  return 'card' in document ? { kind: document.kind, card: toBase64Url(document.card) } : passportForm(document);
}

function passportForm({ sod, dg1, dg2, dg11, dg14, dg15 }: DocumentFiles): Readonly<Record<string, unknown>> {
  return {
    kind: 'passport',
    sod: toBase64Url(sod),
    dg1: toBase64Url(dg1),
    dg2: toBase64Url(dg2),
    dg11: dg11 && !bearsNumber(dg1) ? toBase64Url(dg11) : undefined,
    dg14: dg14 && toBase64Url(dg14),
    dg15: dg15 && toBase64Url(dg15),
  };
}

/** What a card is to be read under, for an enrolment: the identifier that the issuer drew for it, 16 bytes. */
export function cardChallenge({ id }: { readonly id: string }): Uint8Array {
  return fromBase64Url(id);
}
