// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What opens a chip (ICAO 9303-11 sections 4.3.2 and 9.7.3): three fields of the machine readable
 * zone, which whoever holds the document open can see, or the card access number printed on it.
 *
 *     MRZ information = number || digit || birth || digit || expiry || digit
 *     shared secret   = SHA-1(MRZ information) in PACE, its first 16 bytes in BAC; the number itself for a CAN
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { sha1 } from '@noble/hashes/legacy.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** What a person types or scans. */
export type ChipPassword =
  | {
      /** As printed; fillers may be left out. */
      readonly documentNumber: string;
      /** YYMMDD. */
      readonly birthDate: string;
      /** YYMMDD. */
      readonly expiryDate: string;
    }
  | {
      /** Card access number. */
      readonly can: string;
    };

/** Number of a password in PACE's MSE:Set AT, 9303-11 table 13. */
export const PASSWORD_REFERENCE = { mrz: 1, can: 2 } as const;

/** Longest document number, that of a TD1 card whose number overflows into the optional data. */
const MAX_NUMBER = 22;

/** ICAO 9303-3 section 4.9: weights 7, 3, 1; letters from A = 10; fillers 0; modulo 10. */
function withDigit(field: string): string {
  const weights = [7, 3, 1];
  const value = (character: string): number => (character === '<' ? 0 : parseInt(character, 36));
  const sum = Array.from(field, value).reduce((total, digit, index) => total + digit * (weights[index % 3] ?? 0), 0);
  return `${field}${String(sum % 10)}`;
}

/** Which password it is. */
export function passwordKind(password: ChipPassword): keyof typeof PASSWORD_REFERENCE {
  return 'can' in password ? 'can' : 'mrz';
}

/**
 * The secret from which access keys are derived.
 *
 * @returns SHA-1 over the MRZ information (20 bytes), or the card access number in ASCII.
 * @throws {@link ProtocolError} `chip_password_invalid` for a field that no document has.
 */
export function passwordSecret(password: ChipPassword): Uint8Array {
  if ('can' in password) {
    if (!/^\d{4,16}$/.test(password.can)) throw passwordInvalid('the card access number');
    return utf8ToBytes(password.can);
  }
  const { documentNumber, birthDate, expiryDate } = password;
  const number = documentNumber.toUpperCase().padEnd(9, '<');
  if (!/^[A-Z0-9<]+$/.test(number) || number.length > MAX_NUMBER) throw passwordInvalid('the document number');
  if (!/^[\d<]{6}$/.test(birthDate)) throw passwordInvalid('the date of birth');
  if (!/^\d{6}$/.test(expiryDate)) throw passwordInvalid('the date of expiry');
  return sha1(utf8ToBytes([number, birthDate, expiryDate].map(withDigit).join('')));
}

function passwordInvalid(what: string): Error {
  return new ProtocolError('chip_password_invalid', `${what} does not have the form in which documents print it`);
}
