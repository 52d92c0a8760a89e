// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a checked passport proves about its holder: the attributes of the credential, and the number that
 * the passport itself has for the person:
 *
 *     person number = issuing state || personal number       e.g. UTO110101X900228
 *
 * The personal number is that of the data page; where that has none, that of DG11. Never the other way
 * round: DG11 may be left out by whoever hands the files over, who could then choose between two numbers.
 * Names are not read. docs/protocol.md section 8.
 *
 * @module
 */
import type { CalendarDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { nationalityNumber } from '../protocol/nationality.ts';
import { readDg1, readDg11 } from './lds.ts';
import { birthDate, expiryDate, readDocumentNumber, readMrz } from './mrz.ts';
import { type PassiveInput, verifyPassive } from './passive.ts';
import { type Portrait, readDg2 } from './portrait.ts';
import { issuingStateOf } from './states.ts';

/** What the data page says of the holder. */
export interface PassportHolder {
  readonly documentKind: 'passport';
  /** Three letters. */
  readonly issuingState: string;
  /** Number in the protocol's table of nationalities. */
  readonly nationality: number;
  readonly birth: CalendarDate;
  readonly expiry: CalendarDate;
  /** Letters and digits; undefined where the document bears none. */
  readonly personalNumber: string | undefined;
}

/** A passport that passed every check. */
export interface PassportEvidence extends PassportHolder {
  /** For a question to a registry of people, then forgotten. */
  readonly documentNumber: string;
  readonly portrait: Portrait;
  readonly country: string;
  readonly signatureAlgorithm: string;
}

/** Files of a passport's chip, as on the chip; DG11 may hold a number, DG14 and DG15 let it be challenged. */
export interface PassportFiles {
  readonly sod: Uint8Array;
  readonly dg1: Uint8Array;
  readonly dg2: Uint8Array;
  readonly dg11?: Uint8Array | undefined;
  readonly dg14?: Uint8Array | undefined;
  readonly dg15?: Uint8Array | undefined;
}

/**
 * Reads DG1 of a passport and judges it: check digits, dates, expiry, nationality.
 *
 * @param dg1 - The file, checked by {@link verifyPassive} before or after.
 * @param today - The date in the register's zone.
 * @throws {@link ProtocolError} `document_malformed`, `mrz_malformed`, `mrz_check_digit`,
 * `document_kind_unsupported`, `document_expired`, `nationality_unsupported`.
 */
export function readHolder(dg1: Uint8Array, today: CalendarDate): PassportHolder {
  const zone = readMrz(readDg1(dg1));
  if (zone.format !== 'TD3' || !zone.documentCode.startsWith('P')) {
    throw new ProtocolError(
      'document_kind_unsupported',
      'the document is not a passport; only passports are read here',
    );
  }
  const birth = birthDate(zone.birth, today);
  const expiry = expiryDate(zone.expiry, today);
  if (expiry < birth) {
    throw new ProtocolError(
      'mrz_malformed',
      'the document expires before its holder was born; read the document again',
    );
  }
  if (expiry < today) {
    throw new ProtocolError('document_expired', 'the passport has expired; use a valid one');
  }
  return {
    documentKind: 'passport',
    issuingState: issuingStateOf(zone.issuingState),
    nationality: nationalityNumber(zone.nationality),
    birth,
    expiry,
    // Some states fill the field with zeros: that is nobody's number.
    personalNumber: /[^0<]/.test(zone.optionalData) ? zone.optionalData.replaceAll('<', '') : undefined,
  };
}

/**
 * The number that a passport has for its person; undefined if it bears none.
 *
 * @param holder - As {@link readHolder} or {@link readPassport} gives it.
 */
export function personNumberOf({
  issuingState,
  personalNumber,
}: Pick<PassportHolder, 'issuingState' | 'personalNumber'>): string | undefined {
  return personalNumber === undefined ? undefined : `${issuingState}${personalNumber}`;
}

/**
 * Reads and checks a passport whole: passive authentication over all data groups given, the data
 * page, the personal number, the portrait.
 *
 * @param files - Those on the chip.
 * @param trust - `at` in Unix milliseconds, `today` the same moment in the register's zone.
 * @throws {@link ProtocolError} with a reason of {@link verifyPassive} or a code of
 * {@link readHolder}, `readDg11` or {@link readDg2}.
 */
export function readPassport(
  files: PassportFiles,
  trust: Pick<PassiveInput, 'anchors' | 'revocations' | 'at'> & { readonly today: CalendarDate },
): PassportEvidence {
  const { sod, dg1, dg2, dg11, dg14, dg15 } = files;
  const dataGroups = new Map([
    [1, dg1],
    [2, dg2],
  ]);
  if (dg11 !== undefined) dataGroups.set(11, dg11);
  if (dg14 !== undefined) dataGroups.set(14, dg14);
  if (dg15 !== undefined) dataGroups.set(15, dg15);
  const verdict = verifyPassive({ ...trust, sod, dataGroups });
  if (!verdict.ok) {
    throw new ProtocolError(verdict.reason, verdict.message);
  }
  const holder = readHolder(dg1, trust.today);
  return {
    ...holder,
    personalNumber: holder.personalNumber ?? (dg11 === undefined ? undefined : readDg11(dg11)),
    documentNumber: readDocumentNumber(readDg1(dg1)),
    portrait: readDg2(dg2),
    country: verdict.country,
    signatureAlgorithm: verdict.signatureAlgorithm,
  };
}
