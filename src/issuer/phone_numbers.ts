// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Phone numbers as people write them, in their one form: E.164. The metadata is of mobile numbers only, so
 * that a landline, which others in the house or office answer, is not taken. docs/protocol.md section 8.
 *
 * @module
 */
import { ParseError, parsePhoneNumberWithError } from 'libphonenumber-js/mobile';
import { ProtocolError } from '../protocol/errors.ts';
import { MAX_PHONE_TEXT, PHONE_CALLING_CODES } from '../protocol/phone.ts';

const CALLING_CODES: ReadonlySet<string> = new Set(PHONE_CALLING_CODES);

/** Whose numbers may stand without a calling code, as its people write them. */
const HOME = 'CN';

/**
 * Reads a number.
 *
 * @param text - With its calling code behind a plus sign or 00, or as it is written within the mainland; spaces, hyphens and
 * brackets may stand in it, digits may be wide.
 * @returns E.164: a plus sign and digits.
 * @throws {@link ProtocolError} `phone_invalid`, `phone_region_unsupported`, `phone_not_mobile`.
 */
export function parsePhone(text: string): string {
  if (text.length > MAX_PHONE_TEXT) {
    throw invalid();
  }
  const number = parse(text);
  if (!CALLING_CODES.has(number.countryCallingCode)) {
    throw new ProtocolError(
      'phone_region_unsupported',
      `numbers of ${PHONE_CALLING_CODES.map((code) => `+${code}`).join(', ')} are taken`,
    );
  }
  if (number.ext !== undefined || !number.isPossible()) {
    throw invalid();
  }
  if (!number.isValid()) {
    // Without a calling code it may be a good one of another region.
    if (!/^\s*(?:\+|00)/.test(text.normalize('NFKC'))) throw invalid();
    throw new ProtocolError('phone_not_mobile', 'this is no mobile number of its region; give one that takes messages');
  }
  return number.number;
}

function parse(text: string): ReturnType<typeof parsePhoneNumberWithError> {
  try {
    return parsePhoneNumberWithError(text.normalize('NFKC'), { defaultCountry: HOME, extract: false });
  } catch (error) {
    if (error instanceof ParseError) throw invalid();
    throw error;
  }
}

function invalid(): ProtocolError {
  return new ProtocolError('phone_invalid', 'write the number with a plus sign and its calling code, as +86 …');
}
