// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Configuration of the authorities' services that an issuer asks: one that decodes cards, one that knows
 * people by their documents. docs/operations.md lists the variables.
 *
 * @module
 */
import { z } from 'zod';
import type { AuthorityService } from '../issuer/authority.ts';
import type { Coverage } from '../issuer/registry.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url } from '../protocol/scope.ts';

/** Services that the issuer asks. */
export interface AuthoritiesConfig {
  readonly decoder?: AuthorityService;
  readonly registry?: AuthorityService & { readonly coverage: Coverage };
}

const url = z
  .url({ protocol: /^https?$/ })
  .refine((text) => text.startsWith('https:') || /^http:\/\/localhost[:/]/.test(`${text}/`), 'must be https')
  .transform((text) => text.replace(/\/+$/, ''));
const keys = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}(,[A-Za-z0-9_-]{43})*$/, 'must be Ed25519 public keys in base64url, separated by commas')
  .transform((text) => text.split(',').map(fromBase64Url));
const coverage = z
  .string()
  .transform((text) => text.split(',').map((part) => part.split('/')))
  .pipe(
    z.array(
      z
        .tuple([z.enum(Object.keys(DOCUMENT_KINDS) as DocumentKind[]), z.string().regex(/^[A-Z]{3}$/)])
        .transform(([kind, state]) => ({ kind, state })),
    ),
  );

function read<Schema extends z.ZodType>(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(env[name]);
  if (!parsed.success) {
    const message = env[name] === undefined ? 'is missing' : (parsed.error.issues[0]?.message ?? 'is invalid');
    throw new ProtocolError('config_invalid', `${name}: ${message}`, { cause: parsed.error });
  }
  return parsed.data;
}

function service(env: Readonly<Record<string, string | undefined>>, name: string): AuthorityService | undefined {
  if (env[`${name}_URL`] === undefined) return undefined;
  return {
    url: read(env, `${name}_URL`, url),
    keys: read(env, `${name}_KEYS`, keys),
    apiKey: read(env, `${name}_TOKEN`, z.string().min(1).optional()),
  };
}

/**
 * Reads the variables `BAUTA_DECODER_…` and `BAUTA_REGISTRY_…`; a service is there if its URL is.
 *
 * @param env - `process.env`.
 * @throws {@link ProtocolError} `config_invalid`, naming the variable and what it must be.
 */
export function readAuthorities(env: Readonly<Record<string, string | undefined>>): AuthoritiesConfig {
  const decoder = service(env, 'BAUTA_DECODER');
  const registry = service(env, 'BAUTA_REGISTRY');
  return {
    ...(decoder && { decoder }),
    ...(registry && { registry: { ...registry, coverage: read(env, 'BAUTA_REGISTRY_COVERS', coverage) } }),
  };
}
