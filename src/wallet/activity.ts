// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the holder did, for the holder's eyes: answered and declined requests, and the platforms that know
 * a pseudonym. It says where someone logs in, so it goes into the vault and nowhere else.
 *
 * @module
 */
import { z } from 'zod';
import { type Ask, type Disclosed, disclosedSchema, parseAsk } from '../protocol/policy.ts';

/** Entries that are kept; older ones are dropped. */
export const MAX_ENTRIES = 200;
/** Platforms that are kept; those not used for longest are dropped. */
export const MAX_PLATFORMS = 500;

/** One request and what became of it. */
export interface ActivityEntry {
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly origin: string;
  readonly outcome: 'shared' | 'declined';
  readonly ask: Ask;
  /** What was shown beyond yes or no. */
  readonly disclosed: Disclosed;
  /** The pseudonym that was shown, if any. */
  readonly sub?: string | undefined;
  /** Whether the answer went to another device. */
  readonly crossDevice?: boolean | undefined;
}

/** A platform that has been shown something. */
export interface ConnectedPlatform {
  readonly origin: string;
  /** The holder's pseudonym there; missing where the platform recognises nobody. */
  readonly sub?: string | undefined;
  readonly first: number;
  readonly last: number;
  readonly times: number;
}

/** See the module's description. */
export interface Activity {
  /** Newest first. */
  readonly entries: readonly ActivityEntry[];
  /** Last used first. */
  readonly platforms: readonly ConnectedPlatform[];
}

/** Nothing yet. */
export const NO_ACTIVITY: Activity = { entries: [], platforms: [] };

/** Adds an entry. */
export function recordActivity({ entries, platforms }: Activity, entry: ActivityEntry): Activity {
  const added = [entry, ...entries].slice(0, MAX_ENTRIES);
  if (entry.outcome === 'declined') return { entries: added, platforms };
  const known = platforms.find(({ origin }) => origin === entry.origin);
  const sub = entry.sub ?? known?.sub;
  const platform: ConnectedPlatform = {
    origin: entry.origin,
    first: known?.first ?? entry.at,
    last: entry.at,
    times: (known?.times ?? 0) + 1,
    ...(sub === undefined ? {} : { sub }),
  };
  const others = platforms.filter(({ origin }) => origin !== entry.origin);
  return { entries: added, platforms: [platform, ...others].slice(0, MAX_PLATFORMS) };
}

const time = z.number().int().nonnegative();
const sub = z.string().length(43).optional();
const ask = z.unknown().transform((value) => parseAsk(value));
const stored = z.strictObject({
  entries: z
    .array(
      z.strictObject({
        at: time,
        origin: z.string(),
        outcome: z.enum(['shared', 'declined']),
        ask,
        disclosed: disclosedSchema,
        sub,
        crossDevice: z.boolean().optional(),
      }),
    )
    .max(MAX_ENTRIES),
  platforms: z
    .array(z.strictObject({ origin: z.string(), sub, first: time, last: time, times: z.number().int().positive() }))
    .max(MAX_PLATFORMS),
});

/** Stored form; JSON text for the vault. */
export function encodeActivity(activity: Activity): string {
  return JSON.stringify(activity);
}

/** Reads the stored form; what this version cannot read is left out as a whole. */
export function decodeActivity(text: string): Activity {
  try {
    return stored.parse(JSON.parse(text));
  } catch {
    return NO_ACTIVITY;
  }
}
