// SPDX-License-Identifier: Apache-2.0
/**
 * What wallet and issuer agree on for the confirmation of phones. docs/protocol.md section 8.
 *
 * @module
 */

/** Calling codes of the regions whose mobile numbers are taken: mainland, Hong Kong, Macau, Taiwan. */
export const PHONE_CALLING_CODES = ['86', '852', '853', '886'] as const;
/** Digits of a one-time code. */
export const PHONE_CODE_DIGITS = 6;
/** Longest number as a person may write it, with spaces and signs. */
export const MAX_PHONE_TEXT = 32;
