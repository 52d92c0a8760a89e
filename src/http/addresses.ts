// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Network addresses: which ones the internet routes, and which part of one a subscriber has.
 *
 * @module
 */
import ipaddr from 'ipaddr.js';

/** Addresses of clouds that answer with credentials, in a public range: Azure's. */
const METADATA: ReadonlySet<string> = new Set(['168.63.129.16']);
/** Where global unicast addresses of IPv6 lie: RFC 4291. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];
/** Bits that one subscriber has of an IPv6 address. */
const SUBSCRIBER_BITS = 64;

/** Where an address leads to. */
export type Reach = 'public' | 'loopback' | 'internal';

/**
 * Where an address leads to. Everything that is not on the public internet is `internal`: private, link-local,
 * shared, documentation, multicast, translated and mapped ranges, and metadata services of clouds.
 *
 * @param address - IPv4 or IPv6, without brackets.
 */
export function reachOf(address: string): Reach {
  const bare = address.replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return 'internal';
  const parsed = ipaddr.process(bare);
  const range = parsed.range();
  if (range === 'loopback') return 'loopback';
  if (range !== 'unicast' || METADATA.has(parsed.toString())) return 'internal';
  return parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_IPV6) ? 'internal' : 'public';
}

/** The part of an address that one subscriber has: an IPv4 address, or the first 64 bits of an IPv6 one. */
export function networkOf(address: string): string {
  const bare = address.replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return bare;
  const parsed = ipaddr.process(bare);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${String(SUBSCRIBER_BITS)}`).toString();
}
