// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The configuration that a wallet's host serves, for programs that play a wallet.
 *
 * @module
 */
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import type { GuardConfig, IssuerConfig, RegisterConfig } from '../wallet/environment.ts';

const url = z.url().transform((text) => text.replace(/\/+$/, ''));
const key = z.string().transform((text) => fromBase64Url(text));
const schema = z.object({
  issuer: z.object({ url, key }),
  register: z.object({
    url,
    mirrors: z.array(url).default([]),
    name: z.string(),
    key,
    timeZone: z.string(),
    epochSeconds: z.number().positive(),
    turn: z.enum(['schedule', 'on_demand']),
    witnesses: z.array(z.object({ name: z.string(), key }).transform((it) => ({ name: it.name, publicKey: it.key }))),
    threshold: z.number().int().positive(),
  }),
  guards: z.array(z.object({ url, key })).default([]),
  demo: z.boolean(),
  platforms: z.array(z.object({ url })).default([]),
});

/** What a program that plays a wallet is told. */
export interface PlayedConfig {
  readonly issuer: IssuerConfig;
  readonly register: RegisterConfig;
  readonly guards: readonly GuardConfig[];
  readonly demo: boolean;
  readonly platforms: readonly { readonly url: string }[];
}

/**
 * Reads the configuration.
 *
 * @param origin - Of the wallet's host.
 * @throws {@link ProtocolError} `network_failed`, `config_invalid`.
 */
export async function readWalletConfig(origin: string, fetch: typeof globalThis.fetch): Promise<PlayedConfig> {
  let value: unknown;
  try {
    value = await (await fetch(`${origin}/config.json`)).json();
  } catch (cause) {
    throw new ProtocolError('network_failed', `no wallet answers at ${origin}`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new ProtocolError('config_invalid', `${origin}/config.json does not have the form of a wallet's`, {
      cause: parsed.error,
    });
  }
  return parsed.data;
}
