// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How many codes are sent: a message costs money, and annoys whoever did not ask for it. Counted in memory,
 * for one window, under keyed tags of number and person, and by network. docs/operations.md.
 *
 * @module
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** So many codes in so many seconds. */
interface Limit {
  readonly count: number;
  readonly seconds: number;
}

/** Limits of codes. */
export interface PhoneLimits {
  /** To one number, whoever asks. Beyond it nothing is sent, and nobody is told. */
  readonly perNumber: Limit;
  /** Asked for by one person, in whatever sessions. */
  readonly perPerson: Limit;
  /** Asked for from one network. Many people can share one behind a carrier's translator. */
  readonly perAddress: Limit;
}

/** Limits unless a deployment sets others. */
export const PHONE_LIMITS: PhoneLimits = {
  perNumber: { count: 5, seconds: 86_400 },
  perPerson: { count: 10, seconds: 86_400 },
  perAddress: { count: 60, seconds: 3600 },
};

/** Counts a code: 0 if it is within the limit, or else the seconds until the next is. */
type Counter = (name: string) => Promise<number>;

/** Makes the counters. */
export function phoneCounters(limits: PhoneLimits): Readonly<Record<'number' | 'person' | 'address', Counter>> {
  return {
    number: counterOf(limits.perNumber),
    person: counterOf(limits.perPerson),
    address: counterOf(limits.perAddress),
  };
}

function counterOf({ count, seconds }: Limit): Counter {
  const limiter = new RateLimiterMemory({ points: count, duration: seconds });
  return async (name) => {
    try {
      await limiter.consume(name);
      return 0;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    }
  };
}
