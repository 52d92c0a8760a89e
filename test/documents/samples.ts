// SPDX-License-Identifier: GPL-3.0-or-later
/** Simulated passports for the tests of documents. */
import sharp from 'sharp';
import type { ChipAlgorithm } from '../../src/demo/chip_certificates.ts';
import { type ChipFiles, createPassportAuthority, type PassportAuthority } from '../../src/demo/chip.ts';
import type { ChipPerson } from '../../src/demo/chip_files.ts';
import type { AnchorSet } from '../../src/documents/anchors.ts';
import { type PassiveResult, verifyPassive } from '../../src/documents/passive.ts';
import { readSod } from '../../src/documents/sod.ts';
import { toDate } from '../../src/protocol/dates.ts';

/** The moment at which simulated documents are signed. */
export const SIGNED_AT = Date.UTC(2026, 10, 22);
/** The same moment as a date. */
export const TODAY = toDate(20261122);
export const ALGORITHMS: readonly ChipAlgorithm[] = ['rsa-pkcs1', 'rsa-pss', 'ecdsa-p256', 'ecdsa-brainpool'];

export const PERSON: ChipPerson = {
  surname: 'Núñez',
  given: 'María José',
  sex: 'F',
  birth: toDate(19900229 - 1),
  nationality: 'CHN',
  documentNumber: 'E12345678',
  personalNumber: '110101X900228',
  expiry: toDate(20330630),
  issuingState: 'UTO',
};

const made = new Map<ChipAlgorithm, PassportAuthority>();

/** An authority per algorithm, made once for each test file. */
export function authorityOf(algorithm: ChipAlgorithm): PassportAuthority {
  const authority = made.get(algorithm) ?? createPassportAuthority({ country: 'UT', algorithm, at: SIGNED_AT });
  made.set(algorithm, authority);
  return authority;
}

/** A grey picture of 24 x 32 pixels. */
export async function jpeg(): Promise<Uint8Array> {
  const create = { width: 24, height: 32, channels: 3, background: '#888' } as const;
  return new Uint8Array(await sharp({ create }).jpeg().toBuffer());
}

/** A copy with one bit flipped. */
export function flip(bytes: Uint8Array, offset: number, bit = 0): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[offset] = (copy[offset] ?? 0) ^ (1 << bit);
  return copy;
}

/** Where a part stands inside a file. */
function offsetOf(file: Uint8Array, part: Uint8Array): number {
  const offset = Buffer.from(file).indexOf(part);
  if (offset < 0) throw new Error('the part does not stand in the file');
  return offset;
}

/** The parts of a security object in each of which a flipped bit must be noticed, by their offset and length. */
export function partsOf(sod: Uint8Array): Readonly<Record<string, readonly [offset: number, length: number]>> {
  const { content, signer } = readSod(sod).signedData;
  const [certificate] = signer.candidates;
  if (certificate === undefined) throw new Error('no certificate');
  const at = (part: Uint8Array): readonly [number, number] => [offsetOf(sod, part), part.length];
  const [attributesOffset, attributesLength] = at(signer.attributes.subarray(1));
  return {
    'the security object': at(content),
    'the signed attributes': [attributesOffset, attributesLength],
    'the signature': at(signer.signature),
    "the signer's certificate": at(certificate.raw),
    "the signer's public key": at(certificate.publicKey),
    "the signature of the signer's certificate": at(certificate.signature),
  };
}

/** Verifies a simulated chip at the time of its signature. */
export function verifyChip(
  files: Pick<ChipFiles, 'sod'> & Partial<ChipFiles>,
  anchors: AnchorSet,
  at = SIGNED_AT,
): PassiveResult {
  const dataGroups = new Map<number, Uint8Array>();
  if (files.dg1 !== undefined) dataGroups.set(1, files.dg1);
  if (files.dg2 !== undefined) dataGroups.set(2, files.dg2);
  return verifyPassive({ sod: files.sod, dataGroups, anchors, at });
}
