// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How many codes are sent: a message costs money, and annoys whoever did not ask for it. Counted in memory,
 * for one window, under keyed tags of number and person, and by network. docs/operations.md.
 *
 * @module
 */
import { rateCounter, type RateCounter, type RateLimit } from '../http/rate_limits.ts';

/** Limits of codes. */
export interface PhoneLimits {
  /** To one number, whoever asks. Beyond it nothing is sent, and nobody is told. */
  readonly perNumber: RateLimit;
  /** Asked for by one person, in whatever sessions. */
  readonly perPerson: RateLimit;
  /** Asked for from one network. Many people can share one behind a carrier's translator. */
  readonly perAddress: RateLimit;
}

/** Limits unless a deployment sets others. */
export const PHONE_LIMITS: PhoneLimits = {
  perNumber: { count: 5, seconds: 86_400 },
  perPerson: { count: 10, seconds: 86_400 },
  perAddress: { count: 60, seconds: 3600 },
};

/** Makes the counters. */
export function phoneCounters(limits: PhoneLimits): Readonly<Record<'number' | 'person' | 'address', RateCounter>> {
  return {
    number: rateCounter(limits.perNumber),
    person: rateCounter(limits.perPerson),
    address: rateCounter(limits.perAddress),
  };
}
