// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the wallet's host pins for its pages, read from `/config.json` on its own origin: the issuer, the
 * register, their keys.
 *
 * @module
 */
import { z } from 'zod';
import { ProtocolError } from '../../protocol/errors.ts';
import { fromBase64Url } from '../../protocol/scope.ts';
import type { GuardConfig, IssuerConfig, RegisterConfig } from '../environment.ts';

const url = z.url().transform((text) => text.replace(/\/+$/, ''));
/** A name in both languages; a plain text stands for both. */
const name = z
  .union([z.string(), z.object({ en: z.string(), zh: z.string() })])
  .transform((given) => (typeof given === 'string' ? { en: given, zh: given } : given));
const key = z.string().transform((text) => fromBase64Url(text));

/** Form of `/config.json`; keys are base64url. */
const schema = z.object({
  issuer: z.object({ url, name, key }),
  register: z.object({
    url,
    /** Static mirrors. */
    mirrors: z.array(url).max(16).default([]),
    name: z.string(),
    key,
    /** IANA name of the register's civil time zone. */
    timeZone: z.string(),
    epochSeconds: z.number().positive(),
    turn: z.enum(['schedule', 'on_demand']),
    witnesses: z
      .array(z.object({ name: z.string(), key }).transform((given) => ({ name: given.name, publicKey: given.key })))
      .min(1)
      .max(64),
    threshold: z.number().int().positive(),
  }),
  /** PIN guards, all of which a backup needs. */
  guards: z.array(z.object({ url, name, key })).max(8).default([]),
  /** Whether sample people and their documents are offered at `/demo/samples`. */
  demo: z.boolean(),
  /** Sites to try the credential at. */
  platforms: z.array(z.object({ url, name })).default([]),
});

/** A name in both languages. */
export type LocalName = z.output<typeof name>;

/** The configuration as the pages use it. */
export interface WalletConfig {
  readonly issuer: IssuerConfig & { readonly name: LocalName };
  readonly register: RegisterConfig;
  readonly guards: readonly (GuardConfig & { readonly name: LocalName })[];
  readonly demo: boolean;
  readonly platforms: readonly { readonly url: string; readonly name: LocalName }[];
}

/**
 * Reads the configuration.
 *
 * @throws {@link ProtocolError} `network_failed`, `config_invalid`.
 */
export async function loadConfig(): Promise<WalletConfig> {
  let value: unknown;
  try {
    const response = await fetch('/config.json', { cache: 'no-store' });
    value = await response.json();
  } catch (cause) {
    throw new ProtocolError('network_failed', "the wallet's server did not answer; try again", { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new ProtocolError('config_invalid', 'config.json does not have the expected form', { cause: parsed.error });
  }
  return parsed.data;
}
