// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Whether a certificate was revoked, and whether anybody can know. A list speaks of certificates that bear its
 * issuer's name, or that the key which signed it has signed: authorities change keys under one name, and a list
 * of the new key covers what the old one made (ICAO 9303-12 section 7.1.4).
 *
 * Few states publish lists where everybody finds them, so that an operator decides what no list, or one that is
 * past its day, shall mean: `accept`, and the operator is warned, or `refuse`. docs/operations.md.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { sameBytes } from './asn1.ts';
import type { Certificate } from './certificate.ts';
import { serialKey } from './crl.ts';
import { comparableName } from './names.ts';

/** A list that was checked. */
export interface RevocationList {
  /** Two letters. */
  readonly country: string;
  /** As `names.ts` compares it. */
  readonly issuer: string;
  /** SubjectPublicKeyInfo in DER of the key that signed it. */
  readonly publicKey: Uint8Array;
  readonly thisUpdate: number;
  readonly nextUpdate?: number | undefined;
  /** Date of revocation in Unix milliseconds by serial number, `serialKey` of `crl.ts`. */
  readonly revoked: ReadonlyMap<string, number>;
  /** SHA-256 of the file, lower-case hex. */
  readonly fingerprint: string;
}

/** What happens to a document of whose signer nothing current is known. */
export type UnknownPolicy = 'accept' | 'refuse';

/** All that is known about revocations, and what to do about the rest. */
export interface Revocations {
  readonly lists: readonly RevocationList[];
  /** Where there is no list of the authority. */
  readonly missing: UnknownPolicy;
  /** Where its list is past its day. */
  readonly stale: UnknownPolicy;
}

/** How much is known about a certificate that is not revoked. */
export type RevocationStatus = 'current' | 'stale' | 'missing';

/** A list that names no next one is past its day after this: 9303-12 demands one every 90 days. */
export const MAX_LIST_AGE = 90 * 86_400_000;

/** When a list is past its day, Unix milliseconds. */
export function staleAt({ thisUpdate, nextUpdate }: Pick<RevocationList, 'thisUpdate' | 'nextUpdate'>): number {
  return nextUpdate ?? thisUpdate + MAX_LIST_AGE;
}

/** Whether a list speaks of a certificate that a key has signed. */
function covers(
  list: RevocationList,
  certificate: Pick<Certificate, 'issuer'>,
  by: { readonly country: string; readonly publicKey: Uint8Array },
): boolean {
  if (list.country !== by.country) return false;
  return sameBytes(list.publicKey, by.publicKey) || list.issuer === comparableName(certificate.issuer);
}

/** Since when a certificate is revoked, Unix milliseconds, by any list that speaks of it. */
export function revokedSince(
  certificate: Pick<Certificate, 'issuer' | 'serial'>,
  by: { readonly country: string; readonly publicKey: Uint8Array },
  lists: readonly RevocationList[],
): number | undefined {
  const key = serialKey(certificate.serial);
  const dates = lists.filter((list) => covers(list, certificate, by)).flatMap(({ revoked }) => revoked.get(key) ?? []);
  return dates.length === 0 ? undefined : Math.min(...dates);
}

/**
 * Refuses a certificate that was revoked before, whatever it signed earlier: whoever has its key can date
 * back.
 *
 * @param by - The anchor whose key signed it.
 * @param at - Unix milliseconds, now.
 * @throws {@link ProtocolError} `certificate_revoked`; by policy `revocation_unknown`, `revocation_stale`.
 */
export function checkRevocation(
  certificate: Certificate,
  by: { readonly country: string; readonly publicKey: Uint8Array },
  { lists, missing, stale }: Revocations,
  at: number,
): RevocationStatus {
  const since = revokedSince(certificate, by, lists);
  if (since !== undefined && since <= at) {
    throw new ProtocolError('certificate_revoked', "the issuing state has revoked the signer's certificate");
  }
  const speaking = lists.filter((list) => covers(list, certificate, by));
  if (speaking.some((list) => staleAt(list) >= at)) return 'current';
  const status = speaking.length === 0 ? 'missing' : 'stale';
  if ((status === 'missing' ? missing : stale) === 'accept') return status;
  throw status === 'missing'
    ? new ProtocolError('revocation_unknown', 'there is no revocation list of the authority that made the signer')
    : new ProtocolError(
        'revocation_stale',
        'the revocation list of the issuing state is past its day; fetch a new one',
      );
}
