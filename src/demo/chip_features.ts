// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Part of the passport simulator: what a chip can do beyond holding files, its secret keys, and the
 * files that tell of it: DG11, DG14, DG15, EF.CardAccess and the contents of EF.CardSecurity (ICAO
 * 9303-10 sections 4.7.11, 4.7.14 and 4.7.15, 9303-11 section 9.2).
 *
 * @module
 */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { SimulatedCipher } from './chip_simulator_cipher.ts';
import { drawScalar, multiplyPoint, SIMULATED_CURVES, simulatedCurve, writePoint } from './chip_simulator_curve.ts';
import { bitString, der, int, join, oid, seq, setOf, text } from './der.ts';

/** A hash function of active authentication. */
export type SigningHash = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** How a chip lets itself be opened by PACE. */
export interface PaceFeature {
  readonly mapping: 'GM' | 'CAM';
  /** Chip authentication mapping is defined for AES only. */
  readonly cipher: SimulatedCipher;
  /** Name in OpenSSL. */
  readonly curve: string;
}

/** What a simulated chip can do; nothing of it unless named. */
export interface ChipFeatures {
  readonly activeAuthentication?:
    | { readonly kind: 'rsa'; readonly bits: number; readonly hash: SigningHash }
    | { readonly kind: 'ecdsa'; readonly curve: string; readonly hash: SigningHash };
  readonly chipAuthentication?: { readonly cipher: SimulatedCipher; readonly curve: string };
  /** BAC alone where empty. */
  readonly pace?: readonly PaceFeature[];
  /** Written into DG11. */
  readonly personalDetails?: { readonly name: string; readonly personalNumber: string };
}

/** A static key. */
export interface StaticKey {
  readonly curve: string;
  readonly scalar: bigint;
  readonly cipher: SimulatedCipher;
}

/** What never leaves the chip. */
export interface ChipSecrets {
  readonly signing?: { readonly key: KeyObject; readonly hash: SigningHash };
  readonly agreement?: StaticKey;
  /** Static keys of chip authentication mapping, one a curve. */
  readonly mapping: readonly StaticKey[];
}

/** Files that follow from the features. */
export interface FeatureFiles {
  readonly dg11?: Uint8Array;
  readonly dg14?: Uint8Array;
  readonly dg15?: Uint8Array;
  readonly cardAccess?: Uint8Array;
  /** Contents of EF.CardSecurity, to be signed. */
  readonly cardSecurityInfos?: Uint8Array;
}

const BSI = '0.4.0.127.0.7';
const CIPHER_NUMBER: Readonly<Record<SimulatedCipher, number>> = {
  '3des': 1,
  'aes-128': 2,
  'aes-192': 3,
  'aes-256': 4,
};
const ECDSA_PLAIN: Readonly<Record<SigningHash, number>> = { sha1: 1, sha224: 2, sha256: 3, sha384: 4, sha512: 5 };

/** OID of a PACE protocol. */
export function paceOid({ mapping, cipher }: PaceFeature): string {
  return `${BSI}.2.2.4.${mapping === 'GM' ? '2' : '6'}.${String(CIPHER_NUMBER[cipher])}`;
}

/** OID of a protocol of chip authentication over a curve. */
export function chipAuthenticationOid(cipher: SimulatedCipher): string {
  return `${BSI}.2.2.3.2.${String(CIPHER_NUMBER[cipher])}`;
}

function staticKey(curve: string, cipher: SimulatedCipher, random: (length: number) => Uint8Array): StaticKey {
  return { curve, cipher, scalar: drawScalar(simulatedCurve(curve), random) };
}

/** SubjectPublicKeyInfo with the curve's parameters written out, as ICAO demands, or by their number. */
function publicKeyInfo({ curve: name, scalar }: StaticKey, keyId: number, byNumber: boolean): Uint8Array {
  const curve = simulatedCurve(name);
  const template = generateKeyPairSync('ec', { namedCurve: name, paramEncoding: 'explicit' }).publicKey;
  const spki = new Uint8Array(template.export({ format: 'der', type: 'spki' }));
  const point = bitString(writePoint(curve, multiplyPoint(curve, curve.generator, scalar)));
  // The template ends with the BIT STRING of its own point, of the same length; its header has two or three bytes.
  const header = spki[1] === 0x81 ? 3 : spki[1] === 0x82 ? 4 : 2;
  const explicit = spki.subarray(header, spki.length - point.length);
  const algorithm = byNumber ? seq(oid(`${BSI}.1.2`), int(SIMULATED_CURVES[name] ?? 0)) : explicit;
  return seq(oid(`${BSI}.2.2.1.2`), seq(algorithm, point), int(keyId));
}

function paceInfos(pace: readonly PaceFeature[]): readonly Uint8Array[] {
  return pace.map((feature) => seq(oid(paceOid(feature)), int(2), int(SIMULATED_CURVES[feature.curve] ?? 0)));
}

function writeDg14(features: ChipFeatures, agreement: StaticKey | undefined): Uint8Array | undefined {
  const { activeAuthentication: signing, pace = [] } = features;
  const infos = [
    ...paceInfos(pace),
    ...(agreement === undefined
      ? []
      : [publicKeyInfo(agreement, 1, false), seq(oid(chipAuthenticationOid(agreement.cipher)), int(1), int(1))]),
    ...(signing?.kind === 'ecdsa'
      ? [seq(oid('2.23.136.1.1.5'), int(1), oid(`${BSI}.1.1.4.1.${String(ECDSA_PLAIN[signing.hash])}`))]
      : []),
  ];
  return infos.length === 0 ? undefined : der(0x6e, setOf(...infos));
}

/** DG11 with a name and a personal number. */
function writeDg11({ name, personalNumber }: NonNullable<ChipFeatures['personalDetails']>): Uint8Array {
  const tags = Uint8Array.of(0x5f, 0x0e, 0x5f, 0x10);
  return der(0x6b, der(0x5c, tags), text(0x5f0e, name), text(0x5f10, personalNumber));
}

function signingKey(feature: NonNullable<ChipFeatures['activeAuthentication']>): {
  readonly signing: NonNullable<ChipSecrets['signing']>;
  readonly dg15: Uint8Array;
} {
  const { publicKey, privateKey } =
    feature.kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: feature.bits })
      : generateKeyPairSync('ec', { namedCurve: feature.curve, paramEncoding: 'explicit' });
  const dg15 = der(0x6f, new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })));
  return { signing: { key: privateKey, hash: feature.hash }, dg15 };
}

/** Makes a chip's secrets and the files that tell of them. */
export function createFeatures(
  features: ChipFeatures,
  random: (length: number) => Uint8Array = (length) => new Uint8Array(randomBytes(length)),
): { readonly secrets: ChipSecrets; readonly files: FeatureFiles } {
  const { activeAuthentication, chipAuthentication, pace = [], personalDetails } = features;
  const signing = activeAuthentication && signingKey(activeAuthentication);
  const agreement = chipAuthentication && staticKey(chipAuthentication.curve, chipAuthentication.cipher, random);
  const mapping = pace
    .filter((feature) => feature.mapping === 'CAM')
    .map(({ curve, cipher }) => staticKey(curve, cipher, random));
  const dg14 = writeDg14(features, agreement);
  return {
    secrets: {
      mapping,
      ...(signing !== undefined && { signing: signing.signing }),
      ...(agreement !== undefined && { agreement }),
    },
    files: {
      ...(personalDetails !== undefined && { dg11: writeDg11(personalDetails) }),
      ...(dg14 !== undefined && { dg14 }),
      ...(signing !== undefined && { dg15: signing.dg15 }),
      ...(pace.length > 0 && { cardAccess: setOf(...paceInfos(pace)) }),
      ...(mapping.length > 0 && {
        cardSecurityInfos: setOf(
          ...paceInfos(pace),
          ...mapping.map((key, index) => publicKeyInfo(key, index + 1, true)),
        ),
      }),
    },
  };
}

/** What the chip signs under active authentication: ISO/IEC 9796-2 scheme 1 before the private key. */
export function recoverableMessage(bits: number, hash: SigningHash, own: Uint8Array, digest: Uint8Array): Uint8Array {
  const numbers: Readonly<Record<SigningHash, number>> = {
    sha1: 0,
    sha224: 0x38,
    sha256: 0x34,
    sha384: 0x36,
    sha512: 0x35,
  };
  const trailer = hash === 'sha1' ? Uint8Array.of(0xbc) : Uint8Array.of(numbers[hash], 0xcc);
  const message = join([Uint8Array.of(0x6a), own, digest, trailer]);
  if (message.length * 8 !== bits) throw new Error('the message does not fill the modulus');
  return message;
}
