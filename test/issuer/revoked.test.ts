// SPDX-License-Identifier: GPL-3.0-or-later
/** What an issuer that knows of revocations answers; how it knows is tested in test/documents and test/server. */
import { expect, it } from 'vitest';
import { readCertificate } from '../../src/documents/certificate.ts';
import { serialKey } from '../../src/documents/crl.ts';
import { comparableName } from '../../src/documents/names.ts';
import type { RevocationList, Revocations } from '../../src/documents/revocation.ts';
import { authority, NOW, passport, World } from './world.ts';

const DAY = 86_400_000;

function listOf(serials: readonly Uint8Array[], nextUpdate = NOW + DAY): RevocationList {
  const { publicKey, issuer } = readCertificate(authority.csca);
  return {
    country: 'CN',
    issuer: comparableName(issuer),
    publicKey,
    thisUpdate: NOW - DAY,
    nextUpdate,
    revoked: new Map(serials.map((serial) => [serialKey(serial), NOW - DAY])),
    fingerprint: '0'.repeat(64),
  };
}
const { serial } = readCertificate(authority.documentSigner);

it.each([
  ['without a list, where that is taken', { lists: [] }, 200, undefined],
  ['without a list, where that is refused', { lists: [], missing: 'refuse' }, 422, 'revocation_unknown'],
  ['with a list that does not name its signer', { lists: [listOf([])], missing: 'refuse' }, 200, undefined],
  ['with a list past its day', { lists: [listOf([], NOW - 1)], stale: 'refuse' }, 422, 'revocation_stale'],
  ['of a revoked signer', { lists: [listOf([serial])] }, 422, 'certificate_revoked'],
] as const)('a passport %s', async (_, known, status, code) => {
  const revocations: Revocations = { missing: 'accept', stale: 'accept', ...known };
  const world = await new World().open(':memory:', { revocations });
  const answer = await world.document(await world.enrolment(), passport());
  expect([answer.status, answer.body['code']]).toEqual([status, code]);
});
