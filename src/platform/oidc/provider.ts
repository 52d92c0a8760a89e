// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The bridge's OpenID provider: code flow with PKCE and nothing else. It keeps no state outside the
 * database, so another one can take its place between any two requests.
 * docs/protocol.md section 6.
 *
 * @module
 */
import type { EventEmitter } from 'node:events';
import Provider, { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { languageFor } from './texts.ts';
import { type OidcDatabase, provedOf } from '../../storage/oidc.ts';
import { sqlAdapter } from './adapter.ts';
import { clientMetadata, type OidcClient } from './clients.ts';
import type { BridgeKeys } from './keys.ts';
import { errorDocument, loggedOutDocument, logoutDocument } from './pages.ts';
import { ACR_VALUES, AGE_CLAIM, bridgePolicy } from './policy.ts';

/** Seconds for which someone stays logged in at the bridge after the wallet answered, used or not. */
export const SESSION_SECONDS = 8 * 3600;
/** Seconds that an ID token is valid. */
export const ID_TOKEN_SECONDS = 3600;
/** Seconds that a code is valid: from the redirect to the client's call. */
export const CODE_SECONDS = 60;
/** Seconds that an access token is valid; it opens the userinfo endpoint and nothing else. */
export const ACCESS_TOKEN_SECONDS = 600;
/** Seconds for an interaction: a first visitor enrols in between, and a request to the wallet lives 900. */
export const INTERACTION_SECONDS = 3600;

/** Path of the bridge below the platform's origin; also where its interactions are. */
export const BRIDGE_PATH = '/oidc';

/** What a provider is made of. */
export interface ProviderParts {
  /** The platform's origin. */
  readonly origin: string;
  /** Tells the cookies of several platforms on one machine apart, where ports share them. */
  readonly name: string;
  readonly clients: readonly OidcClient[];
  readonly keys: BridgeKeys;
  readonly database: OidcDatabase;
  readonly clock: () => number;
  /** The pseudonym at an earlier origin of this platform that a holder has proved to be theirs. */
  readonly previousSub: (sub: string) => Promise<string | undefined>;
  readonly onError: (error: unknown) => void;
}

/** Names and attributes of the bridge's cookies. */
export function cookieSettings(origin: string, name: string) {
  const secure = origin.startsWith('https:');
  const common = { httpOnly: true, sameSite: 'lax', secure, signed: true } as const;
  // The session's path is the whole origin, as __Host- demands: no other host of the domain can then set it.
  const [host, own] = secure ? ['__Host-', '__Secure-'] : ['', ''];
  return {
    names: {
      session: `${host}bauta-oidc-${name}`,
      interaction: `${own}bauta-oidc-${name}-interaction`,
      resume: `${own}bauta-oidc-${name}-resume`,
    },
    long: { ...common, path: '/' },
    short: common,
    /** Of the browser that began a verification. */
    wallet: `${own}bauta-oidc-${name}-wallet`,
    secure,
  } as const;
}

/**
 * Makes a provider.
 *
 * @param parts - See {@link ProviderParts}.
 * @throws ProtocolError `oidc_config_invalid`.
 */
export function makeProvider(parts: ProviderParts): Provider {
  const { origin, keys, database, clock } = parts;
  const proved = (sub: string): Promise<readonly string[]> => provedOf(database, sub, clock());
  const { names, long, short } = cookieSettings(origin, parts.name);
  const configuration: Configuration = {
    adapter: sqlAdapter(database, clock),
    clients: clientMetadata(parts.clients),
    clientDefaults: { require_auth_time: true, id_token_signed_response_alg: 'RS256' },
    jwks: { keys: keys.signing },
    cookies: { names, long, short, keys: [...keys.cookies] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    allowOmittingSingleRegisteredRedirectUri: false,
    scopes: ['openid', AGE_CLAIM],
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time', 'previous_sub'],
      acr: null,
      amr: null,
      auth_time: null,
      iss: null,
      sid: null,
      [AGE_CLAIM]: [AGE_CLAIM],
    },
    // Clients that read nothing but the ID token get the claims that they asked for.
    conformIdTokenClaims: false,
    acrValues: ACR_VALUES,
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx, form) => {
          ctx.body = await logoutDocument(languageOf(ctx), form);
        },
        postLogoutSuccessSource: async (ctx) => {
          ctx.body = await loggedOutDocument(languageOf(ctx));
        },
      },
      userinfo: { enabled: true },
    },
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      Grant: SESSION_SECONDS,
      IdToken: ID_TOKEN_SECONDS,
      Interaction: INTERACTION_SECONDS,
      // The provider asks at each use: what is left since the login, or use would keep a session for ever.
      Session: (_, { loginTs }) => secondsLeft(loginTs, clock()),
    },
    interactions: {
      policy: bridgePolicy(proved, clock),
      url: (_, { uid }) => `${origin}${BRIDGE_PATH}/interaction/${uid}`,
    },
    loadExistingGrant: grantAll,
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: async () => {
        const previous = await parts.previousSub(sub);
        return {
          sub,
          ...((await proved(sub)).includes(AGE_CLAIM) ? { [AGE_CLAIM]: true } : {}),
          ...(previous === undefined ? {} : { previous_sub: previous }),
        };
      },
    }),
    renderError: async (ctx, { error }, cause) => {
      ctx.type = 'html';
      const text = cause instanceof errors.SessionNotFound ? 'interaction_unknown' : 'request_refused';
      ctx.body = await errorDocument(languageOf(ctx), error, text);
    },
  };
  const provider = new Provider(`${origin}${BRIDGE_PATH}`, configuration);
  // Scheme and host are what the mount writes: the configured origin, whatever the caller says.
  provider.proxy = true;
  provider.on('server_error', (_, error) => {
    parts.onError(error);
  });
  // Without a listener koa prints stacks. Of what is no fault of the bridge, it says so itself.
  (provider as EventEmitter).on('error', (error: { readonly expose?: unknown }) => {
    if (error.expose !== true) parts.onError(error);
  });
  provider.use(async (ctx, next) => {
    ctx.set(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'self'; script-src 'self'; frame-ancestors 'none'",
    );
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Referrer-Policy', 'no-referrer');
    await next();
  });
  return provider;
}

/** Seconds that a session has left, at least the one that the provider demands. */
function secondsLeft(loginTs: number | undefined, now: number): number {
  if (loginTs === undefined) return SESSION_SECONDS;
  return Math.min(SESSION_SECONDS, Math.max(1, loginTs + SESSION_SECONDS - Math.floor(now / 1000)));
}

/** A client of the platform gets what it asks for: what is disclosed at all was agreed to in the wallet. */
async function grantAll({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider } = oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const known = session.grantIdFor(client.clientId);
  const grant =
    (known === undefined ? undefined : await provider.Grant.find(known)) ??
    new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
  grant.addOIDCClaims([...oidc.requestParamClaims]);
  await grant.save();
  return grant;
}

function languageOf(ctx: KoaContextWithOIDC): 'en' | 'zh' {
  const asked = typeof ctx.oidc.params?.['ui_locales'] === 'string' ? ctx.oidc.params['ui_locales'] : '';
  return languageFor(asked, ctx.get('accept-language'));
}
