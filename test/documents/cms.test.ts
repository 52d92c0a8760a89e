// SPDX-License-Identifier: GPL-3.0-or-later
/** Signed data, certificates and keys that are wrong in one way each. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type CertifiedKey, type ChipKey, createCertificate, createChipKey } from '../../src/demo/chip_certificates.ts';
import { writeSod } from '../../src/demo/chip.ts';
import { der, int, join, octet, oid, seq, setOf, timeOf } from '../../src/demo/der.ts';
import { readPublicKey, verifySignature } from '../../src/documents/algorithms.ts';
import { anchorOf } from '../../src/documents/anchors.ts';
import { readCertificate } from '../../src/documents/certificate.ts';
import type { PassiveResult } from '../../src/documents/passive.ts';
import { SIGNED_AT, verifyChip } from './samples.ts';

const DAY = 86_400_000;
const PERIOD = [SIGNED_AT - DAY, SIGNED_AT + DAY] as const;
const PLAN = { country: 'UT', commonName: 'Test', validity: PERIOD, keyUsage: PERIOD } as const;
const csca = createCertificate({ ...PLAN, role: 'csca', key: createChipKey('ecdsa-p256') });
const anchors = [anchorOf(readCertificate(csca.certificate))];

function signerWith(key: ChipKey): CertifiedKey {
  return createCertificate({ ...PLAN, role: 'document_signer', key }, csca);
}

function verdictOn(sod: Uint8Array): PassiveResult {
  return verifyChip({ sod }, anchors);
}

const SHA256 = seq(oid('2.16.840.1.101.3.4.2.1'));
const LDS = '2.23.136.1.1.1';
const CONTENT = seq(int(0), SHA256, seq(seq(int(1), octet(new Uint8Array(32)))));
const hashOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const attribute = (type: string, ...values: readonly Uint8Array[]): Uint8Array => seq(oid(type), setOf(...values));
const ofContent = (type: string): Uint8Array => attribute('1.2.840.113549.1.9.3', oid(type));
const ofDigest = (content: Uint8Array): Uint8Array => attribute('1.2.840.113549.1.9.4', octet(hashOf(content)));

describe('signed data', () => {
  const signer = signerWith(createChipKey('ecdsa-p256'));

  function info(attributes: readonly Uint8Array[] | undefined): Uint8Array {
    const set = attributes === undefined ? CONTENT : setOf(...attributes);
    const signature = new Uint8Array(sign('sha256', set, signer.key.privateKey));
    return seq(
      int(1),
      seq(signer.issuerName, signer.serial),
      SHA256,
      ...(attributes === undefined ? [] : [join([Uint8Array.of(0xa0), set.subarray(1)])]),
      seq(oid('1.2.840.10045.4.3.2')),
      octet(signature),
    );
  }

  function sodOf(infos: readonly Uint8Array[], certificates: readonly Uint8Array[] = [signer.certificate]): Uint8Array {
    const content = seq(oid(LDS), der(0xa0, octet(CONTENT)));
    const data = seq(int(3), setOf(SHA256), content, der(0xa0, ...certificates), setOf(...infos));
    return der(0x77, seq(oid('1.2.840.113549.1.7.2'), der(0xa0, data)));
  }

  const good = [ofContent(LDS), ofDigest(CONTENT)];

  it('is accepted when it is right, with one attribute more or without a signing time', () => {
    expect(verdictOn(sodOf([info(good)]))).toMatchObject({ ok: true });
    expect(verdictOn(sodOf([info([...good, attribute('1.2.3', int(1))])]))).toMatchObject({ ok: true });
  });

  it('finds its signer among several certificates, whatever their order', () => {
    const other = signerWith(createChipKey('ecdsa-p256')).certificate;
    expect(verdictOn(sodOf([info(good)], [other, signer.certificate]))).toMatchObject({ ok: true });
  });

  it.each([
    ['without signed attributes', [info(undefined)], 'document_malformed'],
    ['by two signers', [info(good), info([...good, attribute('1.2.3', int(1))])], 'document_malformed'],
    ['by nobody', [], 'document_malformed'],
    ['that names another content', [info([ofContent('2.23.136.1.1.2'), ofDigest(CONTENT)])], 'document_malformed'],
    ['that names no content', [info([ofDigest(CONTENT)])], 'document_malformed'],
    ['that names no digest', [info([ofContent(LDS)])], 'document_malformed'],
    ['with two digests', [info([...good, ofDigest(Uint8Array.of(1))])], 'document_malformed'],
    [
      'with a digest of two values',
      [info([ofContent(LDS), attribute('1.2.840.113549.1.9.4', octet(hashOf(CONTENT)), octet(new Uint8Array(32)))])],
      'document_malformed',
    ],
    ['with the digest of another content', [info([ofContent(LDS), ofDigest(Uint8Array.of(1))])], 'document_tampered'],
    [
      'from the future',
      [info([...good, attribute('1.2.840.113549.1.9.5', timeOf(SIGNED_AT + 2 * DAY))])],
      'signing_time_invalid',
    ],
  ])('is refused %s', (_, infos, reason) => {
    expect(verdictOn(sodOf(infos))).toMatchObject({ ok: false, reason });
  });

  it('is refused when its certificate does not come along', () => {
    const other = signerWith(createChipKey('ecdsa-p256')).certificate;
    expect(verdictOn(sodOf([info(good)], [other]))).toMatchObject({ ok: false, reason: 'signature_invalid' });
  });
});

describe('keys', () => {
  const dataGroups = new Map([[1, new Uint8Array()]]);
  const spkiOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ format: 'der', type: 'spki' }));
  const sodBy = (key: ChipKey): Uint8Array => writeSod(signerWith(key), dataGroups, SIGNED_AT);

  it('of RSA below 2048 bits are refused', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const key: ChipKey = { algorithm: 'rsa-pkcs1', privateKey, publicKey: spkiOf(publicKey) };
    expect(verdictOn(sodBy(key))).toMatchObject({ reason: 'algorithm_unsupported' });
  });

  it('on other curves are refused', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const key: ChipKey = { algorithm: 'ecdsa-p256', privateKey, publicKey: spkiOf(publicKey) };
    expect(verdictOn(sodBy(key))).toMatchObject({ reason: 'algorithm_unsupported' });
  });

  const explicit = generateKeyPairSync('ec', { namedCurve: 'prime256v1', paramEncoding: 'explicit' });
  const { privateKey } = explicit;
  const spki = spkiOf(explicit.publicKey);

  it('with the explicit parameters of a known curve are accepted', () => {
    const key: ChipKey = { algorithm: 'ecdsa-p256', privateKey, publicKey: spki };
    expect(verdictOn(sodBy(key))).toMatchObject({ ok: true, signatureAlgorithm: 'ECDSA P-256 SHA-256' });
  });

  it('with explicit parameters of another generator are refused: with G = Q anyone knows the private key', () => {
    const generator = Buffer.from('046b17d1f2e12c4247f8bce6e563a440f2', 'hex');
    const forged = Uint8Array.from(spki);
    forged.set(spki.subarray(-65), Buffer.from(spki).indexOf(generator));
    const key: ChipKey = { algorithm: 'ecdsa-p256', privateKey, publicKey: forged };
    expect(verdictOn(sodBy(key))).toMatchObject({ reason: 'algorithm_unsupported' });
  });

  it('that are no keys are refused', () => {
    const key: ChipKey = { algorithm: 'ecdsa-p256', privateKey, publicKey: seq(seq(oid('1.2.3'))) };
    expect(verdictOn(sodBy(key))).toMatchObject({ reason: 'document_malformed' });
  });

  it.each(['rsa-pkcs1', 'ecdsa-p256'] as const)('must be of the kind that the algorithm names: %s', (algorithm) => {
    const { privateKey, publicKey } = createChipKey(algorithm);
    const signature = new Uint8Array(sign('sha256', CONTENT, privateKey));
    const scheme = algorithm === 'ecdsa-p256' ? 'ecdsa' : 'rsa-pkcs1';
    const other = algorithm === 'ecdsa-p256' ? 'rsa-pkcs1' : 'ecdsa';
    const check = (by: 'ecdsa' | 'rsa-pkcs1'): boolean =>
      verifySignature({ scheme: by, hash: 'sha256' }, readPublicKey(publicKey), CONTENT, signature);
    expect([check(scheme), check(other)]).toEqual([true, false]);
  });
});

describe('certificates', () => {
  it('name one signature algorithm, not two', () => {
    const changed = Uint8Array.from(csca.certificate);
    changed[Buffer.from(changed).lastIndexOf(oid('1.2.840.10045.4.3.2')) + 9] = 3; // ecdsa-with-SHA384
    expect(() => readCertificate(changed)).toThrow(expect.objectContaining({ code: 'document_malformed' }));
  });

  it('with an unknown critical extension are refused', () => {
    const unknown = Uint8Array.from(csca.certificate);
    const position = Buffer.from(unknown).indexOf(oid('2.5.29.19'));
    unknown[position + 4] = 30; // nameConstraints in the place of basicConstraints
    expect(() => readCertificate(unknown)).toThrow(expect.objectContaining({ code: 'certificate_unsupported' }));
  });

  it('of an authority are never those of a signer, whatever their key usage', () => {
    const both = Uint8Array.from(csca.certificate);
    const position = Buffer.from(both).indexOf(Buffer.from('03020106', 'hex'));
    both[position + 3] = 0x86; // digitalSignature beside keyCertSign and cRLSign
    expect(readCertificate(both)).toMatchObject({ isAuthority: true, isSigner: false });
  });

  it('say what they are for', () => {
    const read = (certified: CertifiedKey) => readCertificate(certified.certificate);
    const key = createChipKey('ecdsa-p256');
    expect(read(csca)).toMatchObject({ isAuthority: true, isSigner: false, purposes: [], country: 'UT' });
    expect(read(signerWith(key))).toMatchObject({ isAuthority: false, isSigner: true, documentTypes: ['P'] });
    expect(read(createCertificate({ ...PLAN, role: 'master_list_signer', key }, csca))).toMatchObject({
      isSigner: true,
      purposes: ['2.23.136.1.1.3'],
    });
  });
});
