// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Everything that an operator trusts, verified from what was imported:
 *
 *     root certificate   trusted because the operator says so
 *     master list        signed by a signer of its root: the newest of each root counts, all of it
 *     link certificate   signed by a key that is already trusted, of the same country
 *     revocation list    signed by a trusted key of its country: the newest of each key counts
 *
 * A certificate that a list revokes is no anchor, and a master list whose signer is revoked gives none. What
 * fails is left out and told. Verifying takes seconds, so that the result can be kept; `verified.ts`.
 * docs/protocol.md section 8, "Documents".
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { type Anchor, anchorOf, type AnchorSet, findIssuer, mergeAnchors } from './anchors.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { checkCrl, type Crl, readCrl } from './crl.ts';
import { type MasterList, openMasterList } from './master_list.ts';
import { type RevocationList, revokedSince } from './revocation.ts';
import { readFile, readTlvs } from './tlv.ts';

/** What a file is. */
export type TrustKind = 'root' | 'master_list' | 'link' | 'crl';

/** A file, as it was imported. */
export interface TrustInput {
  readonly kind: TrustKind;
  readonly bytes: Uint8Array;
  /** SHA-256 of the file, lower-case hex. */
  readonly fingerprint: string;
  /** Of a master list: the fingerprint of its root. */
  readonly root?: string;
}

/** An accepted master list. */
export interface TrustedList {
  readonly fingerprint: string;
  readonly root: string;
  readonly country: string;
  readonly signedAt?: number | undefined;
  /** Until when its signer and its root are valid. */
  readonly validUntil: number;
  readonly certificates: number;
  readonly skipped: number;
  readonly revoked: number;
}

/** A file that was left out, and why. */
export interface TrustFault {
  readonly fingerprint: string;
  readonly kind: TrustKind;
  readonly code: string;
  readonly message: string;
}

/** What is trusted. */
export interface Trust {
  readonly anchors: AnchorSet;
  readonly revocations: readonly RevocationList[];
  readonly masterLists: readonly TrustedList[];
  readonly faults: readonly TrustFault[];
  /** When this was verified, and until when it may be used without verifying again; Unix milliseconds. */
  readonly verifiedAt: number;
  readonly validUntil: number;
}

const CMS_CONTENT_TYPE = 0x06;
const VERSION = [0xa0, 0x02];
const TIMES = [0x17, 0x18];

/** What the first fields of a DER file say that it is; undefined for anything else. */
export function kindOfFile(bytes: Uint8Array): 'certificate' | 'master_list' | 'crl' | undefined {
  try {
    const what = 'the file';
    const [first] = readTlvs(readFile(bytes, 0x30, what), what);
    if (first?.tag === CMS_CONTENT_TYPE) return 'master_list';
    if (first?.tag !== 0x30) return undefined;
    const fields = [...readTlvs(first.value, what)];
    if (VERSION.includes(fields[0]?.tag ?? 0)) fields.shift();
    // An algorithm and a name, then one time where a certificate has a period; a certificate's serial before them.
    return TIMES.includes(fields[2]?.tag ?? 0) ? 'crl' : 'certificate';
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Collects what is accepted, and tells what is not. */
class Verification {
  readonly faults: TrustFault[] = [];
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  attempt<T>({ kind, fingerprint }: TrustInput, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.faults.push({ kind, fingerprint, code: error.code, message: error.message });
      return undefined;
    }
  }

  rootOf(input: TrustInput): Certificate | undefined {
    return this.attempt(input, () => {
      const certificate = readCertificate(input.bytes);
      if (!certificate.isAuthority || certificate.country === '') {
        throw new ProtocolError('root_unusable', 'the root is not a country signing certificate');
      }
      return certificate;
    });
  }

  listOf(input: TrustInput, roots: ReadonlyMap<string, Certificate>): OpenedList | undefined {
    return this.attempt(input, () => {
      const root = roots.get(input.root ?? '');
      if (root === undefined)
        throw new ProtocolError('master_list_untrusted', 'the root of the master list is missing');
      return { input, root, list: openMasterList(input.bytes, root.raw, this.#at) };
    });
  }

  /** Accepts link certificates in any order: each may be what makes another one known. */
  linksOf(inputs: readonly TrustInput[], anchors: AnchorSet): readonly LinkedKey[] {
    const accepted: LinkedKey[] = [];
    let waiting = inputs;
    for (;;) {
      const known = [...anchors, ...accepted.map(({ certificate }) => anchorOf(certificate))];
      const round = new Verification(this.#at);
      const found = waiting.flatMap((input) => round.attempt(input, () => linked(input, known, this.#at)) ?? []);
      if (found.length === 0) {
        this.faults.push(...round.faults);
        return accepted;
      }
      accepted.push(...found);
      waiting = waiting.filter(
        (input) => !found.some(({ certificate }) => certificate.fingerprint === input.fingerprint),
      );
    }
  }

  revocationsOf(inputs: readonly TrustInput[], anchors: AnchorSet): readonly RevocationList[] {
    const lists = inputs.flatMap((input) => {
      const checked = this.attempt(input, () => {
        const crl = readCrl(input.bytes);
        return asList(crl, checkCrl(crl, anchors, this.#at));
      });
      return checked ?? [];
    });
    return newest(lists, revocationKey, ({ thisUpdate }) => thisUpdate);
  }
}

interface OpenedList {
  readonly input: TrustInput;
  readonly root: Certificate;
  readonly list: MasterList;
}

interface LinkedKey {
  readonly certificate: Certificate;
  readonly by: Anchor;
}

function linked(input: TrustInput, anchors: AnchorSet, at: number): LinkedKey {
  const certificate = readCertificate(input.bytes);
  const by = findIssuer(certificate, anchors, at);
  if (!certificate.isAuthority) {
    throw new ProtocolError('root_unusable', 'the certificate is not one of a country signing authority');
  }
  return { certificate, by };
}

function asList(crl: Crl, { country, publicKey }: Anchor): RevocationList {
  const { issuer, thisUpdate, nextUpdate, revoked, fingerprint } = crl;
  return {
    country,
    issuer,
    publicKey,
    thisUpdate,
    ...(nextUpdate !== undefined && { nextUpdate }),
    revoked,
    fingerprint,
  };
}

/** Whose list it is. */
function revocationKey({ country, publicKey }: RevocationList): string {
  return `${country} ${Buffer.from(publicKey).toString('base64')}`;
}

function newest<T>(all: readonly T[], keyOf: (item: T) => string, timeOf: (item: T) => number): readonly T[] {
  const kept = new Map<string, T>();
  for (const item of all) {
    const other = kept.get(keyOf(item));
    if (other === undefined || timeOf(item) >= timeOf(other)) kept.set(keyOf(item), item);
  }
  return [...kept.values()];
}

/** The first date still ahead on which a list revokes something: what is trusted may be another thing then. */
function nextRevocation(lists: readonly RevocationList[], at: number): number {
  let next = Number.MAX_SAFE_INTEGER;
  for (const { revoked } of lists) for (const date of revoked.values()) if (date > at && date < next) next = date;
  return next;
}

/**
 * Verifies everything that was imported.
 *
 * @param at - Unix milliseconds, now.
 * @returns What is trusted; what is not is among the faults.
 */
export function verifyTrust(inputs: readonly TrustInput[], at: number): Trust {
  const verification = new Verification(at);
  const of = (kind: TrustKind): readonly TrustInput[] => inputs.filter((input) => input.kind === kind);
  const roots = of('root').flatMap((input) => verification.rootOf(input) ?? []);
  const byFingerprint = new Map(roots.map((root) => [root.fingerprint, root]));
  const opened = newest(
    of('master_list').flatMap((input) => verification.listOf(input, byFingerprint) ?? []),
    ({ root }) => Buffer.from(root.publicKey).toString('base64'),
    ({ list }) => list.signedAt ?? 0,
  );
  const listed = mergeAnchors(roots.map(anchorOf), ...opened.map(({ list }) => list.anchors));
  const links = verification.linksOf(of('link'), listed);
  const known = mergeAnchors(
    listed,
    links.map(({ certificate }) => anchorOf(certificate)),
  );
  const revocations = verification.revocationsOf(of('crl'), known);

  const isRevoked = (certificate: Certificate, publicKey: Uint8Array): boolean => {
    const since = revokedSince(certificate, { country: certificate.country, publicKey }, revocations);
    return since !== undefined && since <= at;
  };
  const masterLists: TrustedList[] = [];
  const anchors: Anchor[][] = [];
  for (const { input, root, list } of opened) {
    const usable = verification.attempt(input, () => {
      if (!isRevoked(list.signer, root.publicKey)) return true;
      throw new ProtocolError('certificate_revoked', "the master list signer's certificate has been revoked");
    });
    if (usable === undefined) continue;
    const good = list.certificates.filter((certificate) => !isRevoked(certificate, new Uint8Array()));
    anchors.push(good.map(anchorOf));
    masterLists.push({
      fingerprint: input.fingerprint,
      root: root.fingerprint,
      country: list.country,
      ...(list.signedAt !== undefined && { signedAt: list.signedAt }),
      validUntil: Math.min(list.signer.validity.to, root.validity.to),
      certificates: good.length,
      skipped: list.skipped,
      revoked: list.certificates.length - good.length,
    });
  }
  const chained = links.filter(({ certificate, by }) => !isRevoked(certificate, by.publicKey));
  return {
    anchors: mergeAnchors(
      roots.filter((root) => !isRevoked(root, root.publicKey)).map(anchorOf),
      ...anchors,
      chained.map(({ certificate }) => anchorOf(certificate)),
    ),
    revocations,
    masterLists,
    faults: verification.faults,
    verifiedAt: at,
    validUntil: Math.min(
      Number.MAX_SAFE_INTEGER,
      ...masterLists.map(({ validUntil }) => validUntil),
      ...links.map(({ by }) => by.validity.to),
      nextRevocation(revocations, at) - 1,
    ),
  };
}
