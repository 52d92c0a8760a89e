// SPDX-License-Identifier: Apache-2.0
/**
 * RFC 8785 JSON of what others wrote.
 *
 * @module
 */
import canonicalize from 'canonicalize';
import { ProtocolError } from './errors.ts';

/**
 * Writes a value as RFC 8785 JSON.
 *
 * @throws {@link ProtocolError} `code` where a text in it holds half a character: that has no such form.
 */
export function canonicalJson(value: unknown, code: 'request_invalid' | 'body_invalid'): string {
  try {
    return canonicalize(value) ?? '';
  } catch (cause) {
    throw new ProtocolError(code, 'a text in the request holds half a character', { cause });
  }
}
