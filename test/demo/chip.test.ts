// SPDX-License-Identifier: GPL-3.0-or-later
/** What the passport simulator makes, judged by somebody else's tool: OpenSSL on the command line. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChipFiles, createPassportAuthority, type PassportAuthority } from '../../src/demo/chip.ts';
import { writeMrz } from '../../src/demo/chip_files.ts';
import { readFile } from '../../src/documents/tlv.ts';
import { ALGORITHMS, jpeg, PERSON, SIGNED_AT } from '../documents/samples.ts';

let openssl = '';
try {
  openssl = execFileSync('openssl', ['version'], { encoding: 'utf8' });
} catch {
  if (process.env['CI'] === 'true') throw new Error('install openssl: the simulator is checked by it');
}

describe.skipIf(openssl === '').each(ALGORITHMS)('OpenSSL on a passport of %s', (algorithm) => {
  const folder = mkdtempSync(join(tmpdir(), 'bauta-chip-'));
  const at = String(SIGNED_AT / 1000);
  let authority: PassportAuthority;
  let files: ChipFiles;

  const run = (...args: readonly string[]): string =>
    execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  const toPem = (der: Uint8Array, name: string): void => {
    writeFileSync(join(folder, `${name}.der`), der);
    run('x509', '-inform', 'DER', '-in', `${name}.der`, '-out', `${name}.pem`);
  };

  beforeAll(async () => {
    authority = createPassportAuthority({ country: 'UT', algorithm, at: SIGNED_AT });
    files = authority.issue(PERSON, await jpeg());
    toPem(authority.csca, 'csca');
    toPem(authority.documentSigner, 'signer');
    writeFileSync(join(folder, 'sod.p7'), readFile(files.sod, 0x77, 'EF.SOD'));
    writeFileSync(join(folder, 'list.p7'), authority.masterList());
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('verifies the chain of the document signer, strictly', () => {
    const args = ['verify', '-x509_strict', '-attime', at, '-CAfile', 'csca.pem', 'signer.pem'];
    expect(run(...args)).toBe('signer.pem: OK\n');
  });

  it.each(['sod.p7', 'list.p7'])('verifies the signed data %s', (name) => {
    const verify = ['cms', '-verify', '-inform', 'DER', '-in', name, '-attime', at, '-purpose', 'any'];
    expect(() => run(...verify, '-CAfile', 'csca.pem', '-out', 'content')).not.toThrow();
    const content = run('asn1parse', '-inform', 'DER', '-in', 'content');
    expect(content).toMatch(name === 'sod.p7' ? /:sha256/ : /Simulated csca, not a real authority/);
  });

  it('refuses the signed data with a bit changed', () => {
    const broken = readFileSync(join(folder, 'sod.p7'));
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    writeFileSync(join(folder, 'broken.p7'), broken);
    const args = ['cms', '-verify', '-inform', 'DER', '-in', 'broken.p7', '-attime', at, '-purpose', 'any'];
    expect(() => run(...args, '-CAfile', 'csca.pem', '-out', 'content')).toThrow();
  });
});

describe('the simulator', () => {
  it('refuses people whom a data page cannot hold, and pictures that are none', async () => {
    const code = 'sample_person_invalid';
    for (const change of [
      { surname: '王' },
      { documentNumber: 'E123456789' },
      { personalNumber: '123456789012345' },
      { issuingState: 'utopia' },
    ]) {
      expect(() => writeMrz({ ...PERSON, ...change })).toThrow(expect.objectContaining({ code }));
    }
    const authority = createPassportAuthority({ country: 'UT', algorithm: 'ecdsa-p256', at: SIGNED_AT });
    expect(() => authority.issue(PERSON, Uint8Array.of(1, 2, 3))).toThrow(
      expect.objectContaining({ code: 'sample_portrait_invalid' }),
    );
    expect((await jpeg()).length).toBeGreaterThan(100);
  });
});
