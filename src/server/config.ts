// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Configuration from the environment: read here, validated at start, and nowhere else.
 * docs/operations.md lists every variable.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { MAX_SESSIONS } from '../issuer/session.ts';
import { MAX_DELAY } from '../log/events.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { DEFAULT_RULES } from '../register/config.ts';
import { type AuthoritiesConfig, readAuthorities } from './config_authorities.ts';
import { readSms, type SmsConfig } from './config_sms.ts';
import { readTrust, type TrustConfig } from './config_trust.ts';

/** Programs of the stack, each on an origin of its own. */
export type Program =
  'wallet' | 'issuer' | 'register' | WitnessProgram | GuardProgram | 'authority' | 'inbox' | PlatformProgram;

/** The witnesses of a development stack; real ones are run by others, each by `npm run witness`. */
export const WITNESS_PROGRAMS = ['witness1', 'witness2', 'witness3'] as const;

/** A witness. */
export type WitnessProgram = (typeof WITNESS_PROGRAMS)[number];

/** The PIN guards of a development stack; real ones are run by others, each by `npm run guard`. */
export const GUARD_PROGRAMS = ['guard1', 'guard2'] as const;

/** A PIN guard. */
export type GuardProgram = (typeof GUARD_PROGRAMS)[number];

/** The sample platforms of a development stack. */
export const PLATFORM_PROGRAMS = ['photo', 'market', 'poll'] as const;

/** A sample platform. */
export type PlatformProgram = (typeof PLATFORM_PROGRAMS)[number];

/** Programs that keep a database. */
type Keeper = Exclude<Program, 'wallet' | 'authority' | 'inbox'>;

/** Where a development stack runs. */
export interface Config {
  readonly production: boolean;
  readonly ports: Readonly<Record<Program, number>>;
  /** Database URL by program. */
  readonly databases: Readonly<Record<Keeper, string>>;
  /** Folder of keys and SQLite files, or undefined for keys that live as long as the process. */
  readonly dataFolder: string | undefined;
  /** IANA name of the register's civil time zone. */
  readonly timeZone: string;
  /** Length of an epoch. */
  readonly epochSeconds: number;
  /** Approvals that a revocation needs, of three approvers. */
  readonly revocationApprovals: number;
  /** Seconds for which an announced revocation can be appealed and reversed. */
  readonly revocationDelay: number;
  /** Base URLs of the register's static mirrors, which wallets try first. */
  readonly mirrors: readonly string[];
  /** Threads in which each platform verifies proofs; with 0 it verifies where it answers. */
  readonly verifyingThreads: number;
  /** Threads in which the register hashes its tree; with 0 it hashes where it answers. */
  readonly hashingThreads: number;
  /** The authorities' services; undefined for none, or for the simulators of a demonstration. */
  readonly authorities: AuthoritiesConfig;
  /** Where codes to phones go; undefined for the page of a development stack. */
  readonly sms: SmsConfig | undefined;
  /** Whether a face must be shown in motion; `off` takes a single picture, and is refused in production. */
  readonly liveness: 'required' | 'off';
  /** Enrolments that one network may begin in half an hour. */
  readonly enrolmentsPerNetwork: number;
  /** Proxies in front of the issuer, each appending to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** Whose passports the issuer takes besides those of a demonstration. */
  readonly trust: TrustConfig;
}

const PORTS: Readonly<Record<Program, number>> = {
  wallet: 4100,
  issuer: 4101,
  register: 4102,
  witness1: 4103,
  witness2: 4104,
  witness3: 4105,
  guard1: 4106,
  guard2: 4107,
  authority: 4108,
  inbox: 4109,
  photo: 4110,
  market: 4111,
  poll: 4112,
};

/** Seconds that a revocation is announced in a development stack. */
const DEMO_DELAY = 60;

const port = z.coerce.number().int().min(0).max(65_535);
const timeZone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}, 'is not an IANA time zone');

/** Variables by name, without the prefix `BAUTA_`. */
const schema = z.object({
  WALLET_PORT: port.default(PORTS.wallet),
  ISSUER_PORT: port.default(PORTS.issuer),
  REGISTER_PORT: port.default(PORTS.register),
  WITNESS1_PORT: port.default(PORTS.witness1),
  WITNESS2_PORT: port.default(PORTS.witness2),
  WITNESS3_PORT: port.default(PORTS.witness3),
  GUARD1_PORT: port.default(PORTS.guard1),
  GUARD2_PORT: port.default(PORTS.guard2),
  AUTHORITY_PORT: port.default(PORTS.authority),
  INBOX_PORT: port.default(PORTS.inbox),
  PHOTO_PORT: port.default(PORTS.photo),
  MARKET_PORT: port.default(PORTS.market),
  POLL_PORT: port.default(PORTS.poll),
  ISSUER_DATABASE: z.string().optional(),
  REGISTER_DATABASE: z.string().optional(),
  WITNESS1_DATABASE: z.string().optional(),
  WITNESS2_DATABASE: z.string().optional(),
  WITNESS3_DATABASE: z.string().optional(),
  GUARD1_DATABASE: z.string().optional(),
  GUARD2_DATABASE: z.string().optional(),
  PHOTO_DATABASE: z.string().optional(),
  MARKET_DATABASE: z.string().optional(),
  POLL_DATABASE: z.string().optional(),
  DATA: z.string().min(1).default('data'),
  TIME_ZONE: timeZone.default('Asia/Shanghai'),
  LIVENESS: z.enum(['required', 'off']).default('required'),
  // Many phones share an address; a fifth of what the issuer has room for.
  ENROLMENTS_PER_NETWORK: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_SESSIONS)
    .default(MAX_SESSIONS / 5),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(8).default(0),
  EPOCH_SECONDS: z.coerce.number().int().min(1).max(604_800).default(2),
  REVOCATION_APPROVALS: z.coerce.number().int().min(1).max(3).default(DEFAULT_RULES.approvals),
  // Short, so that a demonstration shows the whole course of a revocation; 14 days are meant for real use.
  REVOCATION_DELAY: z.coerce.number().int().min(1).max(MAX_DELAY).default(DEMO_DELAY),
  // A development stack changes a few leaves at a time.
  HASHING_THREADS: z.coerce.number().int().min(0).max(64).default(0),
  MIRRORS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((url) => url !== ''))
    .pipe(z.array(z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))).max(16)),
  // One core is left for the thread that answers.
  VERIFYING_THREADS: z.coerce
    .number()
    .int()
    .min(0)
    .max(64)
    .default(Math.max(1, availableParallelism() - 1)),
});

/**
 * Reads the configuration.
 *
 * @param env - `process.env`.
 * @throws {@link ProtocolError} `config_invalid`, naming the variable and what it must be.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => {
      const value = env[`BAUTA_${name}`];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ProtocolError(
      'config_invalid',
      `BAUTA_${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is invalid'}`,
      { cause: parsed.error },
    );
  }
  const { data } = parsed;
  const file = (program: Keeper): string => `file:${data.DATA}/${program}.db`;
  return {
    production: env['NODE_ENV'] === 'production',
    ports: {
      wallet: data.WALLET_PORT,
      issuer: data.ISSUER_PORT,
      register: data.REGISTER_PORT,
      witness1: data.WITNESS1_PORT,
      witness2: data.WITNESS2_PORT,
      witness3: data.WITNESS3_PORT,
      guard1: data.GUARD1_PORT,
      guard2: data.GUARD2_PORT,
      authority: data.AUTHORITY_PORT,
      inbox: data.INBOX_PORT,
      photo: data.PHOTO_PORT,
      market: data.MARKET_PORT,
      poll: data.POLL_PORT,
    },
    databases: {
      issuer: data.ISSUER_DATABASE ?? file('issuer'),
      register: data.REGISTER_DATABASE ?? file('register'),
      witness1: data.WITNESS1_DATABASE ?? file('witness1'),
      witness2: data.WITNESS2_DATABASE ?? file('witness2'),
      witness3: data.WITNESS3_DATABASE ?? file('witness3'),
      guard1: data.GUARD1_DATABASE ?? file('guard1'),
      guard2: data.GUARD2_DATABASE ?? file('guard2'),
      photo: data.PHOTO_DATABASE ?? file('photo'),
      market: data.MARKET_DATABASE ?? file('market'),
      poll: data.POLL_DATABASE ?? file('poll'),
    },
    dataFolder: data.DATA,
    timeZone: data.TIME_ZONE,
    epochSeconds: data.EPOCH_SECONDS,
    revocationApprovals: data.REVOCATION_APPROVALS,
    revocationDelay: data.REVOCATION_DELAY,
    mirrors: data.MIRRORS,
    verifyingThreads: data.VERIFYING_THREADS,
    hashingThreads: data.HASHING_THREADS,
    authorities: readAuthorities(env),
    sms: readSms(env),
    liveness: data.LIVENESS,
    enrolmentsPerNetwork: data.ENROLMENTS_PER_NETWORK,
    trustedProxies: data.TRUSTED_PROXIES,
    trust: readTrust(env),
  };
}

/** A stack that leaves nothing behind: databases in memory, fresh keys, any free ports. */
export function ephemeralConfig(): Config {
  return {
    production: false,
    ports: {
      wallet: 0,
      issuer: 0,
      register: 0,
      witness1: 0,
      witness2: 0,
      witness3: 0,
      guard1: 0,
      guard2: 0,
      authority: 0,
      inbox: 0,
      photo: 0,
      market: 0,
      poll: 0,
    },
    databases: {
      issuer: ':memory:',
      register: ':memory:',
      witness1: ':memory:',
      witness2: ':memory:',
      witness3: ':memory:',
      guard1: ':memory:',
      guard2: ':memory:',
      photo: ':memory:',
      market: ':memory:',
      poll: ':memory:',
    },
    dataFolder: undefined,
    timeZone: 'Asia/Shanghai',
    epochSeconds: 2,
    revocationApprovals: DEFAULT_RULES.approvals,
    revocationDelay: DEMO_DELAY,
    mirrors: [],
    verifyingThreads: 1,
    hashingThreads: 0,
    authorities: {},
    sms: undefined,
    // Making a capture takes seconds, and most tests are about something else.
    liveness: 'off',
    enrolmentsPerNetwork: MAX_SESSIONS,
    trustedProxies: 0,
    trust: readTrust({}),
  };
}
