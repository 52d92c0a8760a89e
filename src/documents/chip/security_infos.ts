// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * SecurityInfos (ICAO 9303-11 section 9.2): what EF.CardAccess, EF.CardSecurity and DG14 say that a
 * chip can do. EF.CardAccess is not signed, so its word chooses a protocol and proves nothing.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { type Asn1, bits, integerBytes, oid, parseAsn1, rawOf, sequence, set, smallInteger } from '../asn1.ts';
import { readSignedData } from '../cms.ts';
import { readFile } from '../tlv.ts';
import type { CipherName } from './ciphers.ts';
import { type Curve, CURVES, decodePoint, type Point } from './curves.ts';
import { curveOfSpki } from './keys.ts';

/** Largest file of SecurityInfos, in bytes. */
export const MAX_INFOS_BYTES = 16_384;

const BSI = '0.4.0.127.0.7';
const ECDH_PUBLIC_KEY = `${BSI}.2.2.1.2`;
const CHIP_AUTHENTICATION = `${BSI}.2.2.3.2`;
const PACE = `${BSI}.2.2.4`;
const STANDARDISED_PARAMETERS = `${BSI}.1.2`;
const ACTIVE_AUTHENTICATION = '2.23.136.1.1.5';

const CIPHER_SUFFIXES: readonly (readonly [CipherName, string])[] = [
  ['3des', '3DES-CBC-CBC'],
  ['aes-128', 'AES-CBC-CMAC-128'],
  ['aes-192', 'AES-CBC-CMAC-192'],
  ['aes-256', 'AES-CBC-CMAC-256'],
];

/** One protocol of PACE. */
export interface PaceProtocol {
  readonly oid: string;
  /** `id-PACE-ECDH-GM-AES-CBC-CMAC-128`. */
  readonly name: string;
  readonly mapping: 'GM' | 'CAM';
  readonly cipher: CipherName;
}

/** Protocols that the reader speaks: ECDH, generic and chip authentication mapping. */
export const PACE_PROTOCOLS: readonly PaceProtocol[] = [
  ...CIPHER_SUFFIXES.map(([cipher, suffix], index): PaceProtocol => {
    return { oid: `${PACE}.2.${String(index + 1)}`, name: `id-PACE-ECDH-GM-${suffix}`, mapping: 'GM', cipher };
  }),
  // Chip authentication mapping exists with AES only.
  ...CIPHER_SUFFIXES.slice(1).map(([cipher, suffix], index): PaceProtocol => {
    return { oid: `${PACE}.6.${String(index + 2)}`, name: `id-PACE-ECDH-CAM-${suffix}`, mapping: 'CAM', cipher };
  }),
];

/** A protocol over a curve that a chip offers. */
export interface PaceOffer {
  readonly protocol: PaceProtocol;
  readonly curve: Curve;
}

/** One protocol of chip authentication. */
export interface ChipAuthenticationInfo {
  readonly oid: string;
  readonly cipher: CipherName;
  readonly keyId?: number;
}

/** A static public key of the chip. */
export interface ChipPublicKey {
  readonly curve: Curve;
  readonly point: Point;
  readonly keyId?: number;
}

/** What the infos say, as far as the reader speaks it; the rest is passed over. */
export interface SecurityInfos {
  readonly pace: readonly PaceOffer[];
  readonly chipAuthentication: readonly ChipAuthenticationInfo[];
  readonly publicKeys: readonly ChipPublicKey[];
  /** OID of the signature algorithm of active authentication with ECDSA. */
  readonly activeAuthentication?: string;
}

interface Found {
  pace: PaceOffer[];
  chipAuthentication: ChipAuthenticationInfo[];
  publicKeys: ChipPublicKey[];
  activeAuthentication?: string;
}

function keyIdOf(node: Asn1 | undefined): { readonly keyId?: number } {
  return node === undefined ? {} : { keyId: smallInteger(node, 'a key number') };
}

function readPublicKeyInfo(node: Asn1, keyId: Asn1 | undefined): ChipPublicKey | undefined {
  const what = "the chip's public key";
  const [algorithm, key] = sequence(node, what);
  const [id, parameters] = sequence(algorithm, what);
  const curve =
    oid(id, what) === STANDARDISED_PARAMETERS
      ? CURVES.find((candidate) => candidate.id === smallInteger(parameters, what))
      : curveOfSpki(rawOf(node));
  if (curve === undefined) return undefined;
  return { curve, point: decodePoint(curve, bits(key, what), what), ...keyIdOf(keyId) };
}

function readInfo(info: Asn1, found: Found): void {
  const what = 'a security info';
  const [id, required, optional] = sequence(info, what);
  const name = oid(id, what);
  if (required === undefined) throw new ProtocolError('chip_response_invalid', `${what} is empty`);
  const cipher = CIPHER_SUFFIXES[Number(name.slice(CHIP_AUTHENTICATION.length + 1)) - 1]?.[0];
  if (name === ECDH_PUBLIC_KEY) {
    const key = readPublicKeyInfo(required, optional);
    if (key !== undefined) found.publicKeys.push(key);
  } else if (name.startsWith(`${CHIP_AUTHENTICATION}.`) && cipher !== undefined) {
    found.chipAuthentication.push({ oid: name, cipher, ...keyIdOf(optional) });
  } else if (name === ACTIVE_AUTHENTICATION) {
    found.activeAuthentication = oid(optional, what);
  } else {
    const protocol = PACE_PROTOCOLS.find((candidate) => candidate.oid === name);
    const domain = protocol && optional && smallInteger(optional, what);
    const curve = CURVES.find((candidate) => candidate.id === domain);
    const isVersion2 = protocol !== undefined && Buffer.from(integerBytes(required, what)).equals(Uint8Array.of(2));
    if (isVersion2 && curve !== undefined) found.pace.push({ protocol, curve });
  }
}

function readSet(bytes: Uint8Array, what: string): SecurityInfos {
  if (bytes.length > MAX_INFOS_BYTES) throw new ProtocolError('chip_response_invalid', `${what} is too large`);
  const found: Found = { pace: [], chipAuthentication: [], publicKeys: [] };
  for (const info of set(parseAsn1(bytes, what), what)) readInfo(info, found);
  return found;
}

/** Turns the errors of parsing into one code. */
function guarded<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new ProtocolError('chip_response_invalid', `${what} is malformed`, { cause });
  }
}

/**
 * Reads EF.CardAccess.
 *
 * @throws {@link ProtocolError} `chip_response_invalid`.
 */
export function readCardAccess(file: Uint8Array): SecurityInfos {
  return guarded('EF.CardAccess', () => readSet(file, 'EF.CardAccess'));
}

/**
 * Reads EF.CardSecurity without checking who signed it.
 *
 * @throws {@link ProtocolError} `chip_response_invalid`.
 */
export function readCardSecurity(file: Uint8Array): SecurityInfos {
  return guarded('EF.CardSecurity', () => {
    return readSet(readSignedData(file, 'EF.CardSecurity').content, 'EF.CardSecurity');
  });
}

/**
 * Reads DG14, to be checked against EF.SOD by whoever relies on it.
 *
 * @throws {@link ProtocolError} `chip_response_invalid`.
 */
export function readDg14(file: Uint8Array): SecurityInfos {
  return guarded('DG14', () => readSet(readFile(file, 0x6e, 'DG14'), 'DG14'));
}
