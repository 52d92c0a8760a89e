// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Configuration of a platform's verifier: one JSON file, and the environment for what changes from machine to
 * machine or must be in no file. All of it is checked before anything starts. docs/operations.md has every member.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { checkWitnessPolicy } from '../log/cosignature.ts';
import { LONGEST_API_KEY } from '../platform/app.ts';
import { DEFAULT_LIMITS } from '../platform/limits.ts';
import { MOST_CLIENTS, oidcClientSchema } from '../platform/oidc/clients.ts';
import { checkWebhookUrl } from '../platform/webhook_delivery.ts';
import { signerOf } from '../platform/webhook_sender.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, isAllowedUrl, isOrigin } from '../protocol/scope.ts';

/** Fewest characters of an API key. */
export const LEAST_API_KEY = 20;

const port = z.number('must be a port: 0 to 65535').int().min(0).max(65_535);
const address = z.strictObject({ host: z.string().min(1), port });
const rate = z.strictObject({ count: z.number().int().min(1), seconds: z.number().int().min(1).max(86_400) });
const isKey = (text: string): boolean => {
  try {
    return fromBase64Url(text).length === 32;
  } catch {
    return false;
  }
};
const publicKey = z
  .string()
  .refine(isKey, 'must be an Ed25519 public key: 43 characters of base64url, as in the wallet’s config.json');
const isWebhookSecret = (text: string): boolean => {
  try {
    signerOf(text);
    return true;
  } catch {
    return false;
  }
};
/** Whether each name and each key is there once: a key under two names would count twice. */
const areDistinct = (witnesses: readonly { readonly name: string; readonly key: string }[]): boolean => {
  try {
    checkWitnessPolicy({
      keys: witnesses.map(({ name, key }) => ({ name, publicKey: fromBase64Url(key) })),
      threshold: 0,
    });
    return true;
  } catch {
    return false;
  }
};
const apiKey = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters')
  .min(LEAST_API_KEY, `must have at least ${String(LEAST_API_KEY)} characters: openssl rand -base64 33`)
  .max(LONGEST_API_KEY, `must have at most ${String(LONGEST_API_KEY)} characters: openssl rand -base64 33`);
const webUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && isAllowedUrl(new URL(text)),
    'must be an https address, or http on localhost',
  );
const timeZone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}, 'must be an IANA time zone such as Asia/Shanghai');

const schema = z.strictObject({
  origin: z
    .string()
    .refine(isOrigin, 'must be the platform’s own origin, such as https://forum.example, without a path or a slash'),
  base_path: z
    .string()
    .regex(/^(\/[A-Za-z0-9_-]+)*$/, 'must be empty, or a path such as /bauta without a slash at the end')
    .default(''),
  listen: address.default({ host: 'localhost', port: 4200 }),
  operations: address.default({ host: 'localhost', port: 4201 }),
  wallet_url: webUrl.refine((text) => !text.includes('#'), 'must be the wallet’s page for requests, without a #'),
  database: z
    .string()
    .regex(/^(file:.+|:memory:|postgres(ql)?:\/\/.+)$/, 'must be file:PATH or postgres://…')
    .default('file:verifier.db'),
  api_keys: z.array(apiKey).min(1, 'must hold a key for the platform’s backend: make one with openssl rand -base64 33'),
  register: z
    .strictObject({
      /** One address, or several that are asked in this order: the register's own, and mirrors. */
      url: z
        .union([webUrl.transform((text) => [text]), z.array(webUrl).min(1).max(8)])
        .transform((addresses) => addresses.map((text) => text.replace(/\/+$/, ''))),
      name: z.string().min(1),
      key: publicKey,
      time_zone: timeZone.default('Asia/Shanghai'),
      epoch_seconds: z.number().int().min(1).max(604_800).default(21_600),
      turn: z.enum(['schedule', 'on_demand']).default('schedule'),
      witnesses: z
        .array(z.strictObject({ name: z.string().min(1), key: publicKey }))
        .min(1)
        .refine(areDistinct, 'must have different names and different keys'),
      threshold: z.number().int().min(1),
    })
    .refine(({ witnesses, threshold }) => threshold * 2 > witnesses.length && threshold <= witnesses.length, {
      path: ['threshold'],
      message: 'must be more than half of the witnesses, and no more than all',
    }),
  verifying_threads: z
    .number()
    .int()
    .min(0)
    .max(64)
    // One core is left for the thread that answers.
    .default(() => Math.max(1, availableParallelism() - 1)),
  webhook: z
    .strictObject({
      url: z.string(),
      secrets: z
        .array(
          z
            .string()
            .refine(isWebhookSecret, 'must be whsec_ and the base64 of 24 to 64 bytes: openssl rand -base64 32'),
        )
        .min(1, 'must hold a secret: whsec_ and the output of openssl rand -base64 32'),
    })
    .optional(),
  /** Without it there is no bridge. */
  oidc: z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9-]{1,40}$/, 'must be a short name of letters, digits and hyphens, for cookies')
        .default('platform'),
      secret: z
        .string()
        .refine(isKey, 'must be 32 secret bytes in base64url: openssl rand -base64 32 | tr +/ -_ | tr -d ='),
      clients: z.array(oidcClientSchema).min(1, 'must hold the platform’s applications').max(MOST_CLIENTS),
    })
    .optional(),
  /** The origin that the platform had; its verifier must still run there. */
  moved_from: z
    .strictObject({
      origin: z.string().refine(isOrigin, 'must be an origin, such as https://old.example'),
      url: webUrl.transform((text) => text.replace(/\/+$/, '')).optional(),
      api_key: z.string().min(LEAST_API_KEY, 'must be a key of the verifier at the old origin'),
    })
    .optional(),
  limits: z.strictObject({ per_key: rate.nullable().optional(), per_address: rate.nullable().optional() }).default({}),
  trusted_proxies: z.number().int().min(0).max(8).default(0),
  shutdown: z
    .strictObject({
      delay_seconds: z.number().min(0).max(120).default(5),
      grace_seconds: z.number().min(0).max(300).default(30),
    })
    .prefault({}),
});

/** See the module's description. */
export type VerifierConfig = Omit<z.output<typeof schema>, 'limits'> & {
  readonly production: boolean;
  readonly limits: {
    readonly perKey: { readonly count: number; readonly seconds: number } | undefined;
    readonly perAddress: { readonly count: number; readonly seconds: number } | undefined;
  };
};

/** Variables that take the place of members of the file, and how their text is read. */
const VARIABLES: readonly (readonly [string, readonly string[], (text: string) => unknown])[] = [
  ['DATABASE', ['database'], String],
  ['API_KEYS', ['api_keys'], (text) => text.split(',').map((key) => key.trim())],
  ['HOST', ['listen', 'host'], String],
  ['PORT', ['listen', 'port'], Number],
  ['OPERATIONS_HOST', ['operations', 'host'], String],
  ['OPERATIONS_PORT', ['operations', 'port'], Number],
  ['THREADS', ['verifying_threads'], Number],
  ['OIDC_SECRET', ['oidc', 'secret'], String],
  ['MOVED_FROM_API_KEY', ['moved_from', 'api_key'], String],
  ['WEBHOOK_SECRETS', ['webhook', 'secrets'], (text) => text.split(',').map((key) => key.trim())],
];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the configuration.
 *
 * @param file - Path of the JSON file.
 * @param env - `process.env`: `BAUTA_VERIFIER_…`, and `NODE_ENV`.
 * @throws {@link ProtocolError} `config_invalid`, naming every member that is wrong and what it must be, and never what
 * it is.
 */
export async function readVerifierConfig(file: string, env: Environment): Promise<VerifierConfig> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const missing = (cause as { code?: unknown }).code === 'ENOENT';
    const message = missing ? 'does not exist; docs/operations.md has one to begin with' : 'cannot be read as JSON';
    throw new ProtocolError('config_invalid', `the configuration file ${message}`, { cause });
  }
  return parseVerifierConfig(value, env);
}

/**
 * Checks a configuration.
 *
 * @throws {@link ProtocolError} as {@link readVerifierConfig}.
 */
export function parseVerifierConfig(value: unknown, env: Environment): VerifierConfig {
  const production = env['NODE_ENV'] === 'production';
  const parsed = schema.safeParse(withVariables(value, env));
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'the file'}: ${message}`),
      parsed.error,
    );
  }
  const { limits, ...config } = parsed.data;
  const { webhook } = config;
  if (webhook !== undefined) {
    try {
      checkWebhookUrl(webhook.url, !production);
    } catch (cause) {
      throw invalid(['webhook.url: must be an https address of a public host without credentials'], cause);
    }
  }
  if (production && config.database === ':memory:') {
    throw invalid(['database: must be kept, since it holds consumed actions: file:PATH or postgres://…'], undefined);
  }
  if (isOneSocket(config.listen, config.operations)) {
    throw invalid(['operations: must be another port than that of listen, which the public reaches'], undefined);
  }
  if (production) checkPlaceholders(config);
  if (config.moved_from !== undefined && config.oidc === undefined) {
    throw invalid(['moved_from: needs oidc, which shows the page'], undefined);
  }
  const limitOf = (given: z.output<typeof rate> | null | undefined, usual: z.output<typeof rate>) =>
    given === undefined ? usual : (given ?? undefined);
  return {
    ...config,
    production,
    limits: {
      perKey: limitOf(limits.per_key, DEFAULT_LIMITS.perKey),
      perAddress: limitOf(limits.per_address, DEFAULT_LIMITS.perAddress),
    },
  };
}

/** What docs/deploy/verifier.json has in the place of secrets. */
const PLACEHOLDERS: ReadonlySet<string> = new Set([
  'set-by-BAUTA_VERIFIER_API_KEYS',
  `whsec_${btoa('set by BAUTA_VERIFIER_WEBHOOK_SECRETS')}`,
]);

/** Everybody can read the sample: what stands in it is no secret. */
function checkPlaceholders({ api_keys, webhook }: Pick<z.output<typeof schema>, 'api_keys' | 'webhook'>): void {
  const faults = Object.entries({ api_keys, 'webhook.secrets': webhook?.secrets ?? [] }).flatMap(([member, secrets]) =>
    secrets.some((secret) => PLACEHOLDERS.has(secret)) ? [`${member}: must not be what the sample has: make one`] : [],
  );
  if (faults.length > 0) throw invalid(faults, undefined);
}

type Address = z.output<typeof address>;

function isOneSocket(one: Address, other: Address): boolean {
  const isEvery = ({ host }: Address): boolean => host === '0.0.0.0' || host === '::';
  return one.port !== 0 && one.port === other.port && (one.host === other.host || isEvery(one) || isEvery(other));
}

function invalid(faults: readonly string[], cause: unknown): ProtocolError {
  return new ProtocolError('config_invalid', faults.join('\n'), { cause });
}

function withVariables(value: unknown, env: Environment): unknown {
  const given = VARIABLES.flatMap(([name, path, read]) => {
    const text = env[`BAUTA_VERIFIER_${name}`];
    return text === undefined || text === '' ? [] : [{ path, value: read(text) }];
  });
  return given.reduce((whole, variable) => placed(whole, variable.path, variable.value), value);
}

/** A copy with one member set. */
function placed(whole: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const members = typeof whole === 'object' && whole !== null && !Array.isArray(whole) ? whole : {};
  return { ...members, [name]: placed((members as Record<string, unknown>)[name], rest, value) };
}
