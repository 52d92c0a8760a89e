// SPDX-License-Identifier: GPL-3.0-or-later
/** Real security objects and master lists of `../shared/data/icao`, none of them written by this project. */
import { describe, expect, it } from 'vitest';
import { type AnchorSet, decodeAnchors, encodeAnchors, mergeAnchors } from '../../src/documents/anchors.ts';
import { openMasterList } from '../../src/documents/master_list.ts';
import { readHolder } from '../../src/documents/person.ts';
import { readCom, readDg1 } from '../../src/documents/lds.ts';
import { readMrz } from '../../src/documents/mrz.ts';
import { type PassiveResult, verifyPassive } from '../../src/documents/passive.ts';
import { readDg2 } from '../../src/documents/portrait.ts';
import { toDate } from '../../src/protocol/dates.ts';
import { readShared, sharedPath } from '../shared.ts';
import { flip, partsOf } from './samples.ts';

const absent = sharedPath('icao/sod') === undefined;
/** Every certificate of the set is valid then, and both lists have been signed. */
const AT = Date.UTC(2026, 10, 22);

const STATES = [
  ['AT', 'ECDSA brainpoolP256r1 SHA-256'],
  ['CN', 'RSA PKCS1 SHA-256'],
  ['DE', 'ECDSA brainpoolP384r1 SHA-384'],
  ['FR', 'RSA PKCS1 SHA-256'],
  ['NZ', 'RSA PKCS1 SHA-256'],
  ['SG', 'RSA-PSS SHA-256'],
] as const;

const opened = new Map<string, AnchorSet>();
function anchorsOf(publisher: 'DE' | 'NL'): AnchorSet {
  const found = opened.get(publisher);
  if (found !== undefined) return found;
  const list = readShared(`icao/masterlist-${publisher}.ml`);
  const { anchors } = openMasterList(list, readShared(`icao/masterlist-${publisher}-root.cer`), AT);
  opened.set(publisher, anchors);
  return anchors;
}

function verdict(sod: Uint8Array, anchors: AnchorSet, at = AT): PassiveResult {
  return verifyPassive({ sod, dataGroups: new Map(), anchors, at });
}

describe.skipIf(absent)('real security objects', () => {
  for (const publisher of ['DE', 'NL'] as const) {
    it.each(STATES)(`accepts %s under the master list of ${publisher}`, (state, signatureAlgorithm) => {
      const result = verdict(readShared(`icao/sod/${state}.der`), anchorsOf(publisher));
      expect(result).toMatchObject({ ok: true, country: state, signatureAlgorithm });
    });
  }

  it.each(STATES)('refuses %s with one bit flipped in any signed part', (state) => {
    const sod = readShared(`icao/sod/${state}.der`);
    for (const [name, [offset, length]] of Object.entries(partsOf(sod))) {
      for (let step = 0; step < 24; step++) {
        const position = offset + Math.floor(((step + 0.5) * length) / 24);
        const result = verdict(flip(sod, position, step % 8), anchorsOf('DE'));
        expect(result.ok, `${state}: ${name}, byte ${String(position)}`).toBe(false);
      }
    }
  });

  it.each(STATES)('knows no country signing key for %s without its state', (state) => {
    const others = anchorsOf('DE').filter(({ country }) => country !== state);
    expect(verdict(readShared(`icao/sod/${state}.der`), others)).toMatchObject({ reason: 'csca_unknown' });
  });

  it.each(STATES)('refuses %s long after its certificates and before them', (state) => {
    const sod = readShared(`icao/sod/${state}.der`);
    expect(verdict(sod, anchorsOf('DE'), Date.UTC(2045, 0))).toMatchObject({ reason: 'certificate_expired' });
    expect(verdict(sod, anchorsOf('DE'), Date.UTC(2010, 0))).toMatchObject({ reason: 'certificate_not_yet_valid' });
  });
});

describe.skipIf(absent)('real master lists', () => {
  it('hold hundreds of anchors, of link certificates and self-signed ones under the same names', () => {
    expect(anchorsOf('DE').length).toBe(580);
    expect(anchorsOf('NL').length).toBe(411);
    const keys = new Set(anchorsOf('DE').map(({ publicKey }) => Buffer.from(publicKey).toString('hex')));
    expect(keys.size).toBeLessThan(anchorsOf('DE').length);
  });

  it('merge, and survive being kept as JSON', () => {
    const merged = mergeAnchors(anchorsOf('DE'), anchorsOf('NL'));
    const kept = decodeAnchors(encodeAnchors(merged));
    expect(kept).toEqual(merged);
    expect(verdict(readShared('icao/sod/NZ.der'), kept)).toMatchObject({ ok: true });
  });

  it('are refused under another state’s root, changed, or after their signer', () => {
    const list = readShared('icao/masterlist-DE.ml');
    const root = readShared('icao/masterlist-DE-root.cer');
    const open =
      (bytes: Uint8Array, by: Uint8Array, at = AT) =>
      () =>
        openMasterList(bytes, by, at);
    expect(open(list, readShared('icao/masterlist-NL-root.cer'))).toThrow(
      expect.objectContaining({ code: 'master_list_untrusted' }),
    );
    expect(open(flip(list, 450_000), root)).toThrow(expect.objectContaining({ code: 'document_tampered' }));
    expect(open(flip(list, list.length - 3), root)).toThrow(expect.objectContaining({ code: 'signature_invalid' }));
    expect(open(list, root, Date.UTC(2029, 0))).toThrow(expect.objectContaining({ code: 'certificate_expired' }));
    expect(open(list, root, Date.UTC(2024, 9, 10))).toThrow(
      expect.objectContaining({ code: 'certificate_not_yet_valid' }),
    );
  });
});

describe.skipIf(absent)('the BSI specimen', () => {
  it('has a data page of issuer D, born 1996 and expired in 2013', () => {
    const dg1 = readShared('icao/specimen/EF_DG1.bin');
    const zone = readMrz(readDg1(dg1));
    expect(zone).toEqual({
      format: 'TD3',
      documentCode: 'P',
      issuingState: 'D',
      nationality: 'D',
      birth: '960812',
      expiry: '131031',
      optionalData: '',
    });
    expect(readHolder(dg1, toDate(20131031))).toMatchObject({ issuingState: 'DEU', birth: 19960812, expiry: 20131031 });
    expect(() => readHolder(dg1, toDate(20131101))).toThrow(expect.objectContaining({ code: 'document_expired' }));
  });

  it('has a JPEG 2000 portrait', () => {
    const { type, bytes } = readDg2(readShared('icao/specimen/EF_DG2.bin'));
    expect(type).toBe('image/jp2');
    expect(bytes.length).toBeGreaterThan(14_000);
    expect([...bytes.subarray(-2)]).toEqual([0xff, 0xd9]);
  });

  it('announces its files', () => {
    expect(readCom(readShared('icao/specimen/EF_COM.bin'))).toEqual({ ldsVersion: '0107', dataGroups: [1, 2, 3, 14] });
  });

  it('is refused for SHA-1', () => {
    expect(verdict(readShared('icao/specimen/EF_SOD.bin'), [])).toMatchObject({ reason: 'algorithm_unsupported' });
  });
});
