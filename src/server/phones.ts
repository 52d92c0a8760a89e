// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How the issuer of a stack sends codes to phones: through a message centre, or else, in development, to a
 * page on which everybody reads them.
 *
 * @module
 */
import { createInbox } from '../demo/inbox.ts';
import type { PhoneDeps } from '../issuer/phone.ts';
import type { PhoneLimits } from '../issuer/phone_limits.ts';
import { createSmppSender } from '../issuer/smpp.ts';
import { bind, type House } from './programs.ts';

/** In a development stack everyone has the same address, and often the same phone. */
const DEVELOPMENT_LIMITS: PhoneLimits = {
  perNumber: { count: 1000, seconds: 3600 },
  perPerson: { count: 1000, seconds: 3600 },
  perAddress: { count: 10_000, seconds: 3600 },
};
/** People that may confirm one number in a development stack. */
const DEVELOPMENT_PEOPLE = 1000;

/** Phones of a stack. */
export interface StartedPhones {
  readonly phone: PhoneDeps;
  /** Where messages can be read; undefined if they go to telephones. */
  readonly inboxUrl: string | undefined;
}

/**
 * Starts what sends codes.
 *
 * @throws {@link ProtocolError} `inbox_refused` in production without a message centre, `sms_config_invalid`,
 * `port_taken`.
 */
export async function startPhones(house: House): Promise<StartedPhones> {
  const { config, keys, clock, closers, logger } = house;
  if (config.sms !== undefined) {
    const sms = createSmppSender({ ...config.sms, logger: logger('issuer') });
    closers.push(sms.close);
    return { phone: { key: keys.phone, sms }, inboxUrl: undefined };
  }
  const { origin, made } = await bind(house, 'inbox', () =>
    Promise.resolve(createInbox({ production: config.production, clock })),
  );
  const limits = { limits: DEVELOPMENT_LIMITS, people: DEVELOPMENT_PEOPLE };
  return { phone: { key: keys.phone, sms: made.sender, ...limits }, inboxUrl: origin };
}
