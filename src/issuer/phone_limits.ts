// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How many codes are sent: a message costs money, and annoys whoever did not ask for it. Counted in memory,
 * for one window, under keyed tags of number and person, and by network. docs/operations.md.
 *
 * @module
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateCounter, RateLimit } from '../http/rate_limits.ts';

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

/** Counts codes, and takes back what it counted. */
export interface PhoneCounter {
  readonly count: RateCounter;
  /** Uncounts one under a name that was within the limit. */
  readonly giveBack: (name: string) => Promise<void>;
}

/** Makes the counters. */
export function phoneCounters(limits: PhoneLimits): Readonly<Record<'number' | 'person' | 'address', PhoneCounter>> {
  return {
    number: counter(limits.perNumber),
    person: counter(limits.perPerson),
    address: counter(limits.perAddress),
  };
}

function counter({ count, seconds }: RateLimit): PhoneCounter {
  const limiter = new RateLimiterMemory({ points: count, duration: seconds });
  return {
    count: async (name) => {
      try {
        await limiter.consume(name);
        return 0;
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
      }
    },
    giveBack: async (name) => {
      await limiter.reward(name);
    },
  };
}
