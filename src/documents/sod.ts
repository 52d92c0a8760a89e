// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * EF.SOD, the document security object (ICAO 9303-10 section 4.6.2): a CMS SignedData over the hashes
 * of the data groups. Reading is not checking; see `passive.ts`.
 *
 * @module
 */
import { type HashName, readHash } from './algorithms.ts';
import { malformed, octets, parseAsn1, sequence, smallInteger } from './asn1.ts';
import { readSignedData, type SignedData } from './cms.ts';
import { readFile } from './tlv.ts';

/** Largest EF.SOD, in bytes; real ones have 1.6 to 3 kB. */
export const MAX_SOD_BYTES = 65_536;

const SOD_TAG = 0x77;
/** id-icao-mrtd-security-ldsSecurityObject, and id-data, under which China signs. */
const CONTENT_TYPES = ['2.23.136.1.1.1', '1.2.840.113549.1.7.1'];
const HASH_BYTES: Readonly<Record<HashName, number>> = { sha224: 28, sha256: 32, sha384: 48, sha512: 64 };
const DATA_GROUPS = 16;

/** A security object whose parts were read but not yet checked. */
export interface SecurityObject {
  readonly signedData: SignedData;
  readonly hash: HashName;
  /** Hash of each data group by its number, 1 to 16. */
  readonly hashes: ReadonlyMap<number, Uint8Array>;
}

/**
 * Reads EF.SOD.
 *
 * @throws {@link ProtocolError} `document_malformed` | `algorithm_unsupported` | `certificate_unsupported`.
 */
export function readSod(file: Uint8Array): SecurityObject {
  const what = 'EF.SOD';
  if (file.length > MAX_SOD_BYTES) throw malformed(`${what} is too large`);
  const signedData = readSignedData(readFile(file, SOD_TAG, what), what);
  if (!CONTENT_TYPES.includes(signedData.contentType)) throw malformed(`${what} holds no LDS security object`);
  const object = 'the LDS security object';
  const [, algorithm, values] = sequence(parseAsn1(signedData.content, object), object);
  const hash = readHash(algorithm);
  const hashes = new Map<number, Uint8Array>();
  for (const value of sequence(values, object)) {
    const [numberNode, hashNode] = sequence(value, object);
    const number = smallInteger(numberNode, object);
    const bytes = octets(hashNode, object);
    if (number < 1 || number > DATA_GROUPS || hashes.has(number) || bytes.length !== HASH_BYTES[hash]) {
      throw malformed(`${object} lists a data group wrongly`);
    }
    hashes.set(number, bytes);
  }
  return { signedData, hash, hashes };
}
