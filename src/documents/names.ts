// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Names in certificates and revocation lists (RFC 5280 section 4.1.2.4): the country that they state, and a form
 * in which two can be compared. States write the same name now in one string type and now in another, or in
 * other letters, so that type and case do not count, as RFC 5280 section 7.1 has it.
 *
 * @module
 */
import { type Asn1, contentOf, oid, parseAsn1, sequence, set } from './asn1.ts';

const WHAT = 'a name';
const COUNTRY_NAME = '2.5.4.6';

function* attributesOf(name: Asn1 | undefined): Iterable<readonly [type: string, value: Uint8Array]> {
  for (const relative of sequence(name, WHAT)) {
    for (const attribute of set(relative, WHAT)) {
      const [type, value] = sequence(attribute, WHAT);
      if (value !== undefined) yield [oid(type, WHAT), contentOf(value)];
    }
  }
}

/**
 * The country of a name: two or three letters in upper case; empty if it names none.
 *
 * @throws {@link ProtocolError} `document_malformed`.
 */
export function countryOf(name: Asn1 | undefined): string {
  for (const [type, value] of attributesOf(name)) {
    if (type !== COUNTRY_NAME) continue;
    const text = String.fromCharCode(...value.subarray(0, 4)).toUpperCase();
    return /^[A-Z]{2,3}$/.test(text) ? text : '';
  }
  return '';
}

/**
 * A name for comparing: each attribute as `OID=value`, in lower case, spaces at the ends left out.
 *
 * @param name - DER.
 * @throws {@link ProtocolError} `document_malformed`.
 */
export function comparableName(name: Uint8Array): string {
  const decoder = new TextDecoder();
  const parts = [...attributesOf(parseAsn1(name, WHAT))].map(([type, value]) => {
    const text = decoder.decode(value).trim().replaceAll(/\s+/g, ' ').toLowerCase();
    return `${type}=${JSON.stringify(text)}`;
  });
  return parts.join(',');
}
