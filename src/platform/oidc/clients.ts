// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The applications that a bridge serves: those of one platform, by its configuration. There is no
 * registration from outside, since a bridge for others' applications would link its customers.
 * docs/protocol.md section 6.
 *
 * @module
 */
import type { ClientMetadata } from 'oidc-provider';
import { z } from 'zod';
import { ProtocolError } from '../../protocol/errors.ts';
import { isAllowedUrl } from '../../protocol/scope.ts';

/** Shortest secret of a client, characters. */
export const SHORTEST_CLIENT_SECRET = 32;
/** Most clients of a bridge. */
export const MOST_CLIENTS = 100;

const page = z
  .string()
  .max(2048)
  .refine((text) => URL.canParse(text) && isAllowedUrl(new URL(text)) && !text.includes('#'), {
    message: 'must be an https page, or http on localhost, without a fragment',
  });

/** One application. */
export const oidcClientSchema = z.strictObject({
  client_id: z
    .string()
    .regex(/^[A-Za-z0-9._~-]{1,64}$/)
    .meta({ description: 'Its name towards the bridge.' }),
  /** Without a secret the client is public: what it holds is its redirect addresses and PKCE. */
  client_secret: z.string().min(SHORTEST_CLIENT_SECRET).max(256).optional(),
  /** How it sends its secret. */
  token_endpoint_auth_method: z.enum(['client_secret_basic', 'client_secret_post']).default('client_secret_basic'),
  name: z.string().min(1).max(100),
  redirect_uris: z.array(page).min(1).max(20),
  post_logout_redirect_uris: z.array(page).max(20).default([]),
});
/** See {@link oidcClientSchema}. */
export type OidcClient = z.input<typeof oidcClientSchema>;

const clientsSchema = z
  .array(oidcClientSchema)
  .max(MOST_CLIENTS)
  .refine((clients) => new Set(clients.map(({ client_id }) => client_id)).size === clients.length, {
    message: 'two clients have one client_id',
  });

/**
 * Reads the clients of a configuration into the provider's form.
 *
 * @param clients - See {@link oidcClientSchema}.
 * @throws {@link ProtocolError} `oidc_config_invalid`, naming the member.
 */
export function clientMetadata(clients: readonly OidcClient[]): ClientMetadata[] {
  const parsed = clientsSchema.safeParse(clients);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ProtocolError(
      'oidc_config_invalid',
      `the bridge’s clients: ${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`,
    );
  }
  return parsed.data.map(({ client_id, client_secret, name, redirect_uris, post_logout_redirect_uris, ...rest }) => ({
    client_id,
    client_name: name,
    redirect_uris,
    post_logout_redirect_uris,
    ...(client_secret === undefined
      ? { token_endpoint_auth_method: 'none' as const }
      : { client_secret, token_endpoint_auth_method: rest.token_endpoint_auth_method }),
    // As `native`, any port of this machine would do for a registered one.
    application_type: 'web' as const,
  }));
}
