// SPDX-License-Identifier: GPL-3.0-or-later
/** From the configuration to what an issuer refuses. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CertificatePlan,
  type CertifiedKey,
  createCertificate,
  createChipKey,
} from '../../src/demo/chip_certificates.ts';
import { writeDg1, writeDg2 } from '../../src/demo/chip_files.ts';
import { writeSod } from '../../src/demo/chip.ts';
import { type PassportFiles, readPassport } from '../../src/documents/person.ts';
import { readTrust } from '../../src/server/config_trust.ts';
import { importTrust } from '../../src/server/trust_store.ts';
import { openTrusted, WARN_DAYS } from '../../src/server/trusted.ts';
import { makeCrl, serialOf } from '../documents/crls.ts';
import { authorityOf, jpeg, PERSON, SIGNED_AT, TODAY } from '../documents/samples.ts';

const DAY = 86_400_000;
const NOW = SIGNED_AT + DAY;
const PERIOD = [SIGNED_AT - 100 * DAY, SIGNED_AT + 1000 * DAY] as const;

function certify(role: CertificatePlan['role'], issuer?: CertifiedKey): CertifiedKey {
  const plan = {
    country: 'UT',
    commonName: 'Test',
    role,
    validity: PERIOD,
    keyUsage: PERIOD,
    key: createChipKey('ecdsa-p256'),
  };
  return createCertificate(plan, issuer);
}
const csca = certify('csca');
const signer = certify('document_signer', csca);

async function passport(): Promise<PassportFiles> {
  const [dg1, dg2] = [writeDg1(PERSON), writeDg2(await jpeg())];
  const groups = new Map([
    [1, dg1],
    [2, dg2],
  ]);
  return { sod: writeSod(signer, groups, SIGNED_AT), dg1, dg2 };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bauta-trusted-'));
});
afterEach(() => rm(folder, { recursive: true }));

const file = (bytes: Uint8Array) => ({ name: 'file', bytes });
const crl = (serials: readonly Uint8Array[]) =>
  makeCrl(csca, {
    entries: serials.map((serial) => ({ serial, at: SIGNED_AT })),
    thisUpdate: SIGNED_AT,
    nextUpdate: SIGNED_AT + 20 * DAY,
  });

/** What a passport meets at an issuer so configured. */
async function outcome(env: Readonly<Record<string, string>>, at = NOW): Promise<{ code: string; warnings: string }> {
  const warnings: unknown[] = [];
  const logger = { info: () => undefined, warn: (line: object) => warnings.push(line) };
  const trusted = await openTrusted(readTrust(env), [], at, logger as never);
  let code = 'accepted';
  try {
    readPassport(await passport(), { ...trusted, at, today: TODAY });
  } catch (error) {
    ({ code } = error as { code: string });
  }
  return { code, warnings: JSON.stringify(warnings) };
}

describe('an issuer', () => {
  it('without a store trusts what a demonstration brings, and nobody else', async () => {
    expect((await outcome({})).code).toBe('csca_unknown');
    const { anchors } = authorityOf('ecdsa-p256');
    const logger = { info: () => undefined, warn: () => undefined };
    expect((await openTrusted(readTrust({}), anchors, NOW, logger as never)).anchors).toBe(anchors);
  });

  it('takes passports by its store, and refuses those of revoked signers', async () => {
    const env = { BAUTA_TRUST_STORE: folder };
    await importTrust(folder, [], [file(csca.certificate)], NOW);
    expect(await outcome(env)).toEqual({
      code: 'accepted',
      warnings: expect.stringContaining('no revocation list is known of: UT') as string,
    });
    expect((await outcome({ ...env, BAUTA_REVOCATIONS_MISSING: 'refuse' })).code).toBe('revocation_unknown');
    await importTrust(folder, [file(crl([]))], [], NOW);
    expect(await outcome({ ...env, BAUTA_REVOCATIONS_MISSING: 'refuse' })).toEqual({
      code: 'accepted',
      warnings: '[]',
    });
    await importTrust(folder, [file(crl([serialOf(signer)]))], [], NOW);
    expect((await outcome(env)).code).toBe('certificate_revoked');
  });

  it('refuses by lists past their day unless told otherwise, and says so', async () => {
    const env = { BAUTA_TRUST_STORE: folder };
    await importTrust(folder, [file(crl([]))], [file(csca.certificate)], NOW);
    const late = SIGNED_AT + 20 * DAY + 1;
    expect(await outcome(env, late)).toEqual({
      code: 'revocation_stale',
      warnings: expect.stringContaining('past its day') as string,
    });
    expect((await outcome({ ...env, BAUTA_REVOCATIONS_STALE: 'accept' }, late)).code).toBe('accepted');
  });

  it('is warned before a master list ends', async () => {
    const authority = authorityOf('ecdsa-p256');
    await importTrust(folder, [file(authority.masterList())], [file(authority.csca)], NOW);
    const end = SIGNED_AT + 2 * 365.25 * DAY;
    const warnings = async (at: number) => (await outcome({ BAUTA_TRUST_STORE: folder }, at)).warnings;
    expect(await warnings(end - (WARN_DAYS + 1) * DAY)).not.toContain('master list');
    expect(await warnings(end - (WARN_DAYS - 1) * DAY)).toContain('the master list of UT ends on');
    expect(await warnings(end + DAY)).toContain('is left out: certificate_expired');
  });

  it.each([
    [{ BAUTA_TRUST_STORE: '' }, 'BAUTA_TRUST_STORE'],
    [{ BAUTA_REVOCATIONS_MISSING: 'warn' }, 'BAUTA_REVOCATIONS_MISSING'],
    [{ BAUTA_REVOCATIONS_STALE: 'no' }, 'BAUTA_REVOCATIONS_STALE'],
  ])('is not started with %j', (env, name) => {
    expect(() => readTrust(env)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(name) as string }),
    );
  });

  it('is not started on a store that is not there', async () => {
    await expect(outcome({ BAUTA_TRUST_STORE: join(folder, 'nowhere') })).rejects.toMatchObject({
      code: 'trust_store_missing',
    });
  });
});
