// SPDX-License-Identifier: GPL-3.0-or-later
/** The folder of what is trusted: what gets in, what newer lists replace, and when the kept result counts. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trust as command } from '../../scripts/trust.ts';
import {
  type CertificatePlan,
  type CertifiedKey,
  createCertificate,
  createChipKey,
  signData,
} from '../../src/demo/chip_certificates.ts';
import { int, seq, setOf } from '../../src/demo/der.ts';
import { openMasterList } from '../../src/documents/master_list.ts';
import { kindOfFile, type Trust } from '../../src/documents/trust.ts';
import { decodeVerified, encodeVerified, verifiedKey } from '../../src/documents/verified.ts';
import { importTrust, MAX_INPUTS, openTrustStore } from '../../src/server/trust_store.ts';
import { makeCrl, type RevokedEntry, serialOf } from '../documents/crls.ts';
import { SIGNED_AT } from '../documents/samples.ts';
import { readShared, sharedPath } from '../shared.ts';

const DAY = 86_400_000;
const NOW = SIGNED_AT + 10 * DAY;
const PERIOD = [SIGNED_AT - 100 * DAY, SIGNED_AT + 3000 * DAY] as const;

function certify(
  role: CertificatePlan['role'],
  issuer?: CertifiedKey,
  change: Partial<CertificatePlan> = {},
): CertifiedKey {
  const key = change.key ?? createChipKey('ecdsa-p256');
  const plan = { country: 'UT', commonName: 'Test', role, validity: PERIOD, keyUsage: PERIOD, ...change, key };
  return createCertificate(plan, issuer);
}

const root = certify('csca');
const listSigner = certify('master_list_signer', root, { validity: [SIGNED_AT - DAY, SIGNED_AT + 400 * DAY] });
const foreign = ['AA', 'BB', 'CC'].map((country) =>
  certify('csca', undefined, { country, commonName: `CSCA ${country}` }),
);
const [a, b, c] = foreign as [CertifiedKey, CertifiedKey, CertifiedKey];

function listOf(certificates: readonly CertifiedKey[], at = SIGNED_AT, signer = listSigner): Uint8Array {
  const content = seq(int(0), setOf(...certificates.map(({ certificate }) => certificate)));
  return signData({ contentType: '2.23.136.1.1.2', content, signer, at });
}
function crlBy(
  issuer: CertifiedKey,
  entries: readonly RevokedEntry[],
  thisUpdate = NOW - DAY,
  format: 'DER' | 'PEM' = 'DER',
) {
  return makeCrl(issuer, { entries, thisUpdate, nextUpdate: thisUpdate + 30 * DAY, format });
}
const file = (bytes: Uint8Array) => ({ name: 'file', bytes });
const revoke = (certified: CertifiedKey, at = NOW - DAY): RevokedEntry => ({ serial: serialOf(certified), at });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bauta-trust-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Imports, and says which countries are trusted or why not. */
async function take(files: readonly Uint8Array[], roots: readonly CertifiedKey[] = [], at = NOW): Promise<string> {
  try {
    return countriesOf(
      await importTrust(
        folder,
        files.map(file),
        roots.map(({ certificate }) => file(certificate)),
        at,
      ),
    );
  } catch (error) {
    return (error as { code: string }).code;
  }
}
const countriesOf = ({ anchors }: Trust): string =>
  anchors
    .map(({ country }) => country)
    .sort()
    .join(' ');
const reopen = async (at = NOW): Promise<string> => countriesOf((await openTrustStore(folder, at)).trust);

describe('an import', () => {
  it('takes master lists, and keeps what it found for the next start', async () => {
    expect(await take([listOf([a, b])], [root])).toBe('AA BB UT');
    const { trust, cached } = await openTrustStore(folder, NOW);
    expect(cached).toBe(true);
    const opened = openMasterList(listOf([a, b]), root.certificate, NOW);
    expect(trust.anchors).toEqual(expect.arrayContaining([...opened.anchors]));
    expect(trust.masterLists).toMatchObject([{ country: 'UT', certificates: 2, signedAt: SIGNED_AT }]);
  });

  it('finds the root of each list, also one imported before', async () => {
    const second = certify('csca', undefined, { country: 'DD' });
    const signer = certify('master_list_signer', second, { country: 'DD' });
    expect(await take([], [second])).toBe('DD');
    expect(await take([listOf([c], SIGNED_AT, signer), listOf([a])], [root])).toBe('AA CC DD UT');
  });

  it('refuses what nobody trusted has signed, and then changes nothing', async () => {
    expect(await take([listOf([a])])).toBe('master_list_untrusted');
    expect(await take([listOf([a])], [certify('csca')])).toBe('master_list_untrusted');
    expect(await readdir(folder)).toEqual([]);
    expect(await take([listOf([a])], [root])).toBe('AA UT');
    const before = await readFile(join(folder, 'store.json'), 'utf8');
    const link = certify('csca', certify('csca', undefined, { country: 'BB' }), { country: 'BB' });
    expect(await take([link.certificate])).toBe('csca_unknown');
    expect(await take([crlBy(b, [])])).toBe('crl_untrusted');
    expect(await take([Uint8Array.of(1, 2, 3)])).toBe('trust_file_unknown');
    expect(await take([], [certify('document_signer', root)])).toBe('root_unusable');
    // One bad file of two.
    expect(await take([crlBy(a, []), crlBy(b, [])])).toBe('crl_untrusted');
    expect(await readFile(join(folder, 'store.json'), 'utf8')).toBe(before);
    expect(await reopen()).toBe('AA UT');
  });

  it('runs alone: of two at once one is refused, and nothing of the other is lost', async () => {
    await take([], [root]);
    const both = await Promise.all([take([listOf([a])]), take([], [b])]);
    expect(both.filter((outcome) => outcome === 'trust_store_busy')).toHaveLength(1);
    const done = both.find((outcome) => outcome !== 'trust_store_busy');
    expect(await reopen()).toBe(done);
    // One that was refused, for whatever reason, stands in nobody's way.
    expect(await take([Uint8Array.of(1, 2, 3)])).toBe('trust_file_unknown');
    expect(await take([listOf([a])], [b])).toBe('AA BB UT');
  });

  it('that was cut short holds up the next, which says what to do', async () => {
    await take([], [root]);
    const left = join(folder, 'importing');
    await writeFile(left, '');
    await expect(importTrust(folder, [], [file(b.certificate)], NOW)).rejects.toThrow(`delete ${left}`);
    expect(await reopen()).toBe('UT');
    await rm(left);
    expect(await take([], [b])).toBe('BB UT');
  });

  it('takes as many files as a store may have, and not one more', async () => {
    await mkdir(join(folder, 'inputs'));
    const inputs = await Promise.all(
      Array.from({ length: MAX_INPUTS - 1 }, async (_, i) => {
        const bytes = Buffer.from(`no list ${String(i)}`);
        const fingerprint = createHash('sha256').update(bytes).digest('hex');
        await writeFile(join(folder, 'inputs', fingerprint), bytes);
        return { kind: 'crl', fingerprint };
      }),
    );
    await writeFile(join(folder, 'store.json'), JSON.stringify({ version: 1, inputs }));
    expect(await take([], [root])).toBe('UT');
    expect(await take([], [b])).toBe('trust_store_full');
    const one = { kind: 'crl', fingerprint: 'ab'.repeat(32) };
    const listed = Array.from({ length: MAX_INPUTS + 1 }, () => one);
    await writeFile(join(folder, 'store.json'), JSON.stringify({ version: 1, inputs: listed }));
    await expect(openTrustStore(folder, NOW)).rejects.toThrow('is not a manifest');
    await writeFile(join(folder, 'store.json'), JSON.stringify({ version: 1, inputs: listed.slice(1) }));
    await expect(openTrustStore(folder, NOW)).rejects.toThrow('is missing');
  });

  it('takes PEM as well', async () => {
    const pem = (name: string, bytes: Uint8Array) =>
      Buffer.from(`-----BEGIN ${name}-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${name}-----\n`);
    const certificates = [{ name: 'root', bytes: new Uint8Array(pem('CERTIFICATE', root.certificate)) }];
    const trust = await importTrust(folder, [file(crlBy(root, [], NOW, 'PEM'))], certificates, NOW);
    expect([countriesOf(trust), trust.revocations.length]).toEqual(['UT', 1]);
  });

  it('tells the kinds of files apart', () => {
    expect(kindOfFile(listOf([a]))).toBe('master_list');
    expect(kindOfFile(a.certificate)).toBe('certificate');
    expect(kindOfFile(crlBy(a, []))).toBe('crl');
    expect(kindOfFile(makeCrl(a, { entries: [], thisUpdate: NOW, nextUpdate: NOW + DAY, extensions: '' }))).toBe('crl');
    for (const bytes of [new Uint8Array(), Uint8Array.of(0x30, 0), Uint8Array.of(0x30, 0x82)]) {
      expect(kindOfFile(bytes)).toBeUndefined();
    }
  });
});

describe('link certificates', () => {
  const next = certify('csca', a, { country: 'AA', commonName: 'CSCA AA' });
  const third = certify('csca', next, { country: 'AA', commonName: 'CSCA AA' });

  it('make the next key of a country known, in whatever order they come', async () => {
    expect(await take([third.certificate, next.certificate, listOf([a])], [root])).toBe('AA AA AA UT');
    expect(await reopen()).toBe('AA AA AA UT');
  });

  it('do not cross borders, and need every step', async () => {
    const abroad = certify('csca', a, { country: 'BB' });
    expect(await take([listOf([a])], [root])).toBe('AA UT');
    expect(await take([abroad.certificate])).toBe('csca_unknown');
    expect(await take([third.certificate])).toBe('csca_unknown');
  });

  it('are of authorities only', async () => {
    expect(await take([certify('document_signer', root).certificate], [root])).toBe('root_unusable');
  });
});

describe('newer lists', () => {
  it('take the place of older ones: who is withdrawn is no longer trusted', async () => {
    expect(await take([listOf([a, b])], [root])).toBe('AA BB UT');
    expect(await take([listOf([a, c], SIGNED_AT + DAY)])).toBe('AA CC UT');
    expect(await take([listOf([a, b])])).toBe('trust_outdated');
    expect(await reopen()).toBe('AA CC UT');
    // Root, manifest and one list are left.
    expect((await readdir(join(folder, 'inputs'))).length).toBe(2);
  });

  it('of revocations too: an older one cannot be put back', async () => {
    await take([listOf([a, b])], [root]);
    const old = crlBy(a, [], NOW - 3 * DAY);
    expect(await take([old])).toBe('AA BB UT');
    expect(await take([crlBy(a, [revoke(a)])])).toBe('BB UT');
    expect(await take([old])).toMatch(/^(trust_outdated|crl_untrusted)$/);
    expect(await reopen()).toBe('BB UT');
  });
});

describe('revocations', () => {
  it('take a country signing certificate out of the list, from their date on', async () => {
    await take([listOf([a, b])], [root]);
    expect(await take([crlBy(b, [revoke(b, NOW + DAY)])])).toBe('AA BB UT');
    expect([await reopen(NOW + DAY - 1000), await reopen(NOW + DAY)]).toEqual(['AA BB UT', 'AA UT']);
    expect(await take([crlBy(a, [revoke(a)])])).toBe('BB UT');
    const { trust } = await openTrustStore(folder, NOW);
    expect(trust.masterLists).toMatchObject([{ certificates: 1, revoked: 1 }]);
  });

  it('of the signer of a list take the whole list out', async () => {
    await take([listOf([a, b])], [root]);
    expect(await take([crlBy(root, [revoke(listSigner)])])).toBe('UT');
    const { trust } = await openTrustStore(folder, NOW);
    expect(trust.faults).toMatchObject([{ kind: 'master_list', code: 'certificate_revoked' }]);
  });

  it('of a link take it out', async () => {
    const next = certify('csca', a, { country: 'AA', commonName: 'CSCA AA' });
    await take([listOf([a]), next.certificate], [root]);
    expect(await take([crlBy(a, [revoke(next)])])).toBe('AA UT');
  });
});

describe('the kept result', () => {
  beforeEach(async () => {
    await take([listOf([a, b]), crlBy(a, [revoke(c)])], [root]);
  });
  const verified = (): string => join(folder, 'verified');
  const cached = async (at = NOW): Promise<boolean> => (await openTrustStore(folder, at)).cached;

  it('means the same as verifying again', async () => {
    const kept = await openTrustStore(folder, NOW);
    await rm(verified());
    const fresh = await openTrustStore(folder, NOW);
    expect([kept.cached, fresh.cached]).toEqual([true, false]);
    expect(kept.trust).toEqual(fresh.trust);
    expect(await cached()).toBe(true);
  });

  it('does not count when it was touched, cut, or is of other inputs or other code', async () => {
    const text = await readFile(verified(), 'utf8');
    for (const other of [
      '',
      text.slice(0, -1),
      text.replace('"AA"', '"ZZ"'),
      text.replace(/^./, '0'),
      'x'.repeat(200),
    ]) {
      await writeFile(verified(), other === text ? text.replace(/^./, '1') : other);
      expect(await cached()).toBe(false);
      expect(await reopen()).toBe('AA BB UT');
      expect(await readFile(verified(), 'utf8')).toBe(text);
    }
    const input = { kind: 'root', fingerprint: 'f' } as const;
    const inputs = [input];
    expect(verifiedKey(inputs, 'one')).not.toBe(verifiedKey(inputs, 'two'));
    expect(verifiedKey(inputs, 'one')).not.toBe(verifiedKey([{ ...input, kind: 'link' }], 'one'));
    const key = text.slice(0, 64);
    expect(decodeVerified(text, key, NOW)).toBeDefined();
    expect(decodeVerified(text, verifiedKey(inputs, 'one'), NOW)).toBeUndefined();
    const { trust } = await openTrustStore(folder, NOW);
    expect(decodeVerified(encodeVerified(trust, key), key, NOW)).toEqual(trust);
  });

  it('is never read for inputs that were changed: those are not opened at all', async () => {
    const [name = ''] = await readdir(join(folder, 'inputs'));
    const path = join(folder, 'inputs', name);
    const bytes = await readFile(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(path, bytes);
    await expect(openTrustStore(folder, NOW)).rejects.toMatchObject({ code: 'trust_store_damaged' });
    await rm(path);
    await expect(openTrustStore(folder, NOW)).rejects.toMatchObject({ code: 'trust_store_damaged' });
  });

  it('counts for fewer inputs as for others: an entry taken from the manifest is no longer trusted', async () => {
    const manifest = join(folder, 'store.json');
    const { inputs } = JSON.parse(await readFile(manifest, 'utf8')) as { inputs: { kind: string }[] };
    await writeFile(
      manifest,
      JSON.stringify({ version: 1, inputs: inputs.filter(({ kind }) => kind !== 'master_list') }),
    );
    expect(await reopen()).toBe('UT');
  });

  it('ends with the validity of the list’s signer, and the list with it', async () => {
    const end = SIGNED_AT + 400 * DAY;
    expect(await cached(end)).toBe(true);
    const { trust, cached: isCached } = await openTrustStore(folder, end + 1000);
    expect([isCached, countriesOf(trust)]).toEqual([false, 'UT']);
    expect(trust.faults).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: 'master_list', code: 'certificate_expired' })]),
    );
    // A clock that was set back a day or less changes nothing; one further back does.
    expect(await cached(end + 1000 - DAY)).toBe(true);
    expect(await cached(NOW)).toBe(false);
  });

  it.each([
    ['the root that ends before its signer', false],
    ['the key that signed a link', true],
  ])('ends with the validity of %s', async (_, isLink) => {
    await rm(folder, { recursive: true });
    const end = SIGNED_AT + 50 * DAY;
    const brief = certify('csca', undefined, { validity: [SIGNED_AT - DAY, end] });
    const linked = certify('csca', brief).certificate;
    const listed = listOf([a], SIGNED_AT, certify('master_list_signer', brief));
    await take([isLink ? linked : listed], [brief]);
    expect((await openTrustStore(folder, NOW)).trust.validUntil).toBe(end);
  });

  it.each([
    '',
    '{}',
    '{"version":2,"inputs":[]}',
    '{"version":1,"inputs":[{"kind":"root","fingerprint":"../../etc/passwd"}]}',
  ])('a manifest %j is refused', async (text) => {
    await writeFile(join(folder, 'store.json'), text);
    await expect(openTrustStore(folder, NOW)).rejects.toMatchObject({ code: 'trust_store_damaged' });
  });

  it('there is none where nothing was imported', async () => {
    await expect(openTrustStore(join(folder, 'nowhere'), NOW)).rejects.toMatchObject({ code: 'trust_store_missing' });
  });
});

describe('the command', () => {
  async function run(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    const output = { stdout: '', stderr: '' };
    const status = await command(
      args,
      (to, text) => (output[to] += text),
      () => NOW,
    );
    return { status, ...output };
  }
  async function write(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  }

  it('imports and lists', async () => {
    const into = join(folder, 'store');
    const list = await write('list.ml', listOf([a, b]));
    const crl = await write('a.crl', crlBy(a, []));
    const imported = await run(
      'import',
      list,
      crl,
      '--root',
      await write('root.cer', root.certificate),
      '--into',
      into,
      '--json',
    );
    expect(imported).toMatchObject({ status: 0, stderr: '' });
    const listed = await run('list', into, '--json');
    const summary = { anchors: 3, countries: ['AA', 'BB', 'UT'], expired: 0, faults: [], cached: true };
    expect(JSON.parse(listed.stdout)).toMatchObject({
      ...summary,
      master_lists: [{ country: 'UT', certificates: 2 }],
      revocation_lists: [{ country: 'AA', revoked: 0, stale: false }],
    });
    expect((await run('list', into)).stdout).toContain('3 country signing certificates of 3 countries');
  });

  it('says what is wrong', async () => {
    const list = await write('list.ml', listOf([a]));
    expect(await run('import', list, '--into', join(folder, 'store'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('master_list_untrusted') as string,
    });
    for (const args of [
      [],
      ['import', list],
      ['import', '--into', folder],
      ['list'],
      ['list', folder, '--into', folder],
      ['x'],
    ]) {
      expect((await run(...args)).status).toBe(2);
    }
    expect((await run('import', join(folder, 'nothing'), '--into', folder)).status).toBe(2);
    expect(await run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('--root CERT') as string });
  });
});

describe.skipIf(sharedPath('icao/masterlist-NL.ml') === undefined)('a real master list', () => {
  it('opens in milliseconds once it was verified', { timeout: 60_000 }, async () => {
    const [list, own] = ['masterlist-NL.ml', 'masterlist-NL-root.cer'].map((name) => file(readShared(`icao/${name}`)));
    if (list === undefined || own === undefined) throw new Error('absent');
    const verifying = process.cpuUsage();
    const trust = await importTrust(folder, [list], [own], NOW);
    const { user: slow } = process.cpuUsage(verifying);
    expect(trust.anchors.length).toBeGreaterThan(400);
    const opening = process.cpuUsage();
    const again = await openTrustStore(folder, NOW);
    const { user: fast } = process.cpuUsage(opening);
    expect(again).toEqual({ trust, cached: true });
    expect(fast, `${String(fast)} against ${String(slow)} microseconds`).toBeLessThan(slow / 4);
  });
});
