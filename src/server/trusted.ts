// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Whom the issuer of a stack trusts: the authority of a demonstration, and the trust store of the configuration.
 * What an operator should know of the store (files that fail, lists that end, states without revocations) goes to
 * the log at start.
 *
 * @module
 */
import { type AnchorSet, mergeAnchors } from '../documents/anchors.ts';
import { type Revocations, staleAt } from '../documents/revocation.ts';
import type { Trust } from '../documents/trust.ts';
import type { Logger } from '../http/logs.ts';
import type { TrustConfig } from './config_trust.ts';
import { openTrustStore } from './trust_store.ts';

/** What the issuer is given. */
export interface Trusted {
  readonly anchors: AnchorSet;
  readonly revocations: Revocations;
}

/** Days ahead of which the end of a list is told. */
export const WARN_DAYS = 30;

const DAY = 86_400_000;
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** What an operator should do something about. */
export function trustWarnings({ anchors, revocations, masterLists, faults }: Trust, at: number): readonly string[] {
  const soon = at + WARN_DAYS * DAY;
  const known = new Set(revocations.map(({ country }) => country));
  const without = [...new Set(anchors.map(({ country }) => country))].filter((country) => !known.has(country)).sort();
  return [
    ...faults.map(({ kind, code, fingerprint }) => `${kind} ${fingerprint} is left out: ${code}`),
    ...masterLists
      .filter(({ validUntil }) => validUntil < soon)
      .map(
        ({ country, validUntil }) => `the master list of ${country} ends on ${dayOf(validUntil)}: import a newer one`,
      ),
    ...revocations
      .filter((list) => staleAt(list) < at)
      .map(
        (list) =>
          `the revocation list of ${list.country} is past its day since ${dayOf(staleAt(list))}: import a newer one`,
      ),
    ...(without.length === 0 ? [] : [`no revocation list is known of: ${without.join(' ')}`]),
  ];
}

/**
 * Opens what the configuration names.
 *
 * @param own - Country signing keys that are trusted besides: those of a demonstration.
 * @param at - Unix milliseconds, now.
 * @throws {@link ProtocolError} `trust_store_missing`, `trust_store_damaged`.
 */
export async function openTrusted(
  { store, missing, stale }: TrustConfig,
  own: AnchorSet,
  at: number,
  logger: Pick<Logger, 'info' | 'warn'>,
): Promise<Trusted> {
  if (store === undefined) return { anchors: own, revocations: { lists: [], missing, stale } };
  const { trust, cached } = await openTrustStore(store, at);
  logger.info({ trusted: trust.anchors.length, revocation_lists: trust.revocations.length, cached });
  for (const warning of trustWarnings(trust, at)) logger.warn({ trust: warning });
  return { anchors: mergeAnchors(own, trust.anchors), revocations: { lists: trust.revocations, missing, stale } };
}
