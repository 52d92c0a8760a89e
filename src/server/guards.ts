// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The PIN guards of a development stack: two, each with a key and a database of its own. Real ones are
 * run by different operators, each by `npm run guard`.
 *
 * @module
 */
import { join } from 'node:path';
import { type AddressLimits, createGuard } from '../guard/app.ts';
import type { GuardSchema } from '../storage/guard.ts';
import { GUARD_PROGRAMS, type GuardProgram } from './config.ts';
import { loadGuardKey } from './guard_keys.ts';
import { connectionAddress } from './listen.ts';
import { bind, type House, open, random } from './programs.ts';
import type { WalletConfig } from './wallet_host.ts';

/** What they are called. */
const NAMES: Readonly<Record<GuardProgram, { readonly en: string; readonly zh: string }>> = {
  guard1: { en: 'First sample guard', zh: '示例守护方一' },
  guard2: { en: 'Second sample guard', zh: '示例守护方二' },
};

/** In a development stack everyone has the same address. */
const LIMITS: AddressLimits = {
  registrations: { count: 10_000, seconds: 3600 },
  guesses: { count: 10_000, seconds: 3600 },
  calls: { count: 100_000, seconds: 3600 },
};

/** Guards that run. */
export interface StartedGuards {
  /** What the wallet is told of them. */
  readonly configs: WalletConfig['guards'];
  /** Deletes what is spent; call it often. */
  readonly tend: () => Promise<void>;
}

/** Starts the guards. */
export async function startGuards(house: House): Promise<StartedGuards> {
  const { config, clock, logger } = house;
  const configs: WalletConfig['guards'][number][] = [];
  const tends: (() => Promise<void>)[] = [];
  for (const program of GUARD_PROGRAMS) {
    const keys = await loadGuardKey(
      config.dataFolder === undefined ? undefined : join(config.dataFolder, `${program}.key`),
    );
    const database = await open<GuardSchema>(house, config.databases[program]);
    const { origin, made } = await bind(house, program, () =>
      createGuard({
        keys,
        database,
        clock,
        random,
        logger: logger(program),
        address: connectionAddress,
        limits: LIMITS,
      }),
    );
    configs.push({ url: origin, name: NAMES[program], key: keys.publicKey });
    tends.push(made.tend);
  }
  return {
    configs,
    tend: async () => {
      await Promise.all(tends.map((tend) => tend()));
    },
  };
}
