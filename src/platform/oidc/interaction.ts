// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Between the client's request and the bridge's answer: one verification at the platform's own verifier,
 * the same as any page of the platform would ask for.
 *
 * ```text
 * GET  /oidc/interaction/UID         -> POST /v1/verifications; on to the wallet
 * GET  /oidc/interaction/UID/return  <- the wallet, with #response_code=…; a script posts it
 * POST /oidc/interaction/UID/return  -> GET /v1/verifications/ID; the provider goes on
 * POST /oidc/interaction/UID/cancel  -> access_denied to the client
 * ```
 *
 * Two cookies hold it to the browser that began: the provider's, and one with the verification's token.
 * docs/protocol.md section 6.
 *
 * @module
 */
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import type Provider from 'oidc-provider';
import { errors, type InteractionResults } from 'oidc-provider';
import { ProtocolError } from '../../protocol/errors.ts';
import { MAX_REQUEST_SECONDS } from '../../protocol/request.ts';
import { nullifierOf } from '../../protocol/scope.ts';
import { noteProved, type OidcDatabase } from '../../storage/oidc.ts';
import type { PlatformClient } from '../client/client.ts';
import type { Result } from '../client/messages.ts';
import { problemDocument, returnDocument } from './pages.ts';
import { ACR_VALUES, AGE_CLAIM, type Wanted, wantedBy, wantsPossession } from './policy.ts';
import { BRIDGE_PATH, cookieSettings, SESSION_SECONDS } from './provider.ts';
import { type BridgeTexts, languageFor } from './texts.ts';

/** How a holder proved: possession of a key (RFC 8176). */
const AMR = ['pop'];
/** Largest form, bytes. */
const LARGEST_FORM = 4096;

/** What the interaction needs. */
export interface InteractionParts {
  readonly origin: string;
  readonly name: string;
  /** The provider of now. */
  readonly provider: () => Promise<Provider>;
  readonly client: PlatformClient;
  readonly database: OidcDatabase;
  readonly clock: () => number;
}

type Env = { Bindings: HttpBindings };
type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Makes the interaction's part of the bridge, to be mounted at its path. */
export function interactionApp(parts: InteractionParts): Hono<Env> {
  const { origin, client } = parts;
  const cookies = cookieSettings(origin, parts.name);
  const app = new Hono<Env>();
  const ownForm = [csrf({ origin }), bodyLimit({ maxSize: LARGEST_FORM })] as const;
  const pathOf = (uid: string): string => `${BRIDGE_PATH}/interaction/${uid}`;
  const fail = (c: Context<Env>, code: keyof BridgeTexts['errors'], interaction?: Interaction): Promise<Response> => {
    const known = interaction === undefined ? undefined : pathOf(interaction.uid);
    const status = code === 'verifier_unreachable' ? 502 : 400;
    return Promise.resolve(c.html(problemDocument(languageOf(c, interaction), code, known), status));
  };
  /** The interaction of this browser, if it is the one of the address. */
  const find = async (c: Context<Env>): Promise<Interaction | undefined> => {
    const { incoming, outgoing } = c.env;
    try {
      const interaction = await (await parts.provider()).interactionDetails(incoming, outgoing);
      return interaction.uid === c.req.param('uid') ? interaction : undefined;
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined;
      throw error;
    }
  };
  const finish = async (c: Context<Env>, result: InteractionResults): Promise<Response> => {
    const { incoming, outgoing } = c.env;
    return c.redirect(await (await parts.provider()).interactionResult(incoming, outgoing, result), 303);
  };

  // Of a form that another site sent, or that is too large.
  app.onError((error, c) => {
    if (!(error instanceof HTTPException)) throw error;
    return c.html(problemDocument(languageOf(c, undefined), 'interaction_unknown', undefined), error.status);
  });
  app.get('/:uid', async (c) => {
    const interaction = await find(c);
    if (interaction === undefined) return fail(c, 'interaction_unknown');
    const wanted = wantedBy(interaction.params);
    if (wanted.acrEssential && !wanted.acrs.some((acr) => ACR_VALUES.includes(acr))) {
      return finish(c, {
        error: 'unmet_authentication_requirements',
        error_description: 'the wanted acr does not exist here',
      });
    }
    const expected = expectedSub(interaction, wanted);
    const stepUp = expected !== undefined && wantsPossession(wanted);
    if (expected !== undefined && !isSub(expected)) {
      return finish(c, { error: 'login_required', error_description: 'there is no such account' });
    }
    try {
      const begun = await client.create({
        ask: wanted.age ? { age_over: 18 } : {},
        ...(stepUp ? { purpose: 'step_up', expect_sub: expected } : {}),
        redirect_uri: `${origin}${pathOf(interaction.uid)}/return`,
        ttl_seconds: MAX_REQUEST_SECONDS,
      });
      setCookie(c, cookies.wallet, `${begun.id}.${begun.browser_token}`, {
        httpOnly: true,
        sameSite: 'Lax',
        secure: cookies.secure,
        path: pathOf(interaction.uid),
        maxAge: MAX_REQUEST_SECONDS,
      });
      return c.redirect(begun.request_url, 303);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return fail(c, 'verifier_unreachable', interaction);
    }
  });

  app.get('/:uid/return', async (c) => {
    const interaction = await find(c);
    if (interaction === undefined) return fail(c, 'interaction_unknown');
    return c.html(returnDocument(languageOf(c, interaction), ['response_code']));
  });

  app.post('/:uid/return', ...ownForm, async (c) => {
    const interaction = await find(c);
    const [id, browserToken] = (getCookie(c, cookies.wallet) ?? '').split('.');
    const { response_code: responseCode } = await c.req.parseBody();
    if (interaction === undefined || id === undefined || browserToken === undefined) {
      return fail(c, 'interaction_unknown');
    }
    if (typeof responseCode !== 'string' || responseCode === '') return fail(c, 'response_code_missing', interaction);
    try {
      const { status, result, error } = await client.result(id, { browserToken, responseCode });
      deleteCookie(c, cookies.wallet, { path: pathOf(interaction.uid), secure: cookies.secure });
      if (status === 'verified' && result !== undefined) return await accept(c, interaction, result);
      if (error?.code === 'access_denied') return await finish(c, denied);
      return await fail(c, status === 'expired' ? 'verification_expired' : 'verification_refused', interaction);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return fail(c, CODES[error.code] ?? 'response_code_invalid', interaction);
    }
  });

  app.post('/:uid/cancel', ...ownForm, async (c) => {
    const interaction = await find(c);
    return interaction === undefined ? fail(c, 'interaction_unknown') : finish(c, denied);
  });

  const accept = async (c: Context<Env>, interaction: Interaction, result: Result): Promise<Response> => {
    const wanted = wantedBy(interaction.params);
    const expected = expectedSub(interaction, wanted);
    const { sub, channel, claims, acr, auth_time: ts } = result;
    if (sub === undefined || channel !== 'same_device') return fail(c, 'verification_refused', interaction);
    if (expected !== undefined && expected !== sub && namesAccount(interaction, wanted)) {
      return finish(c, { error: 'login_required', error_description: 'another account answered' });
    }
    const proved = claims[AGE_CLAIM] === true ? [AGE_CLAIM] : [];
    await noteProved(parts.database, sub, proved, parts.clock() + SESSION_SECONDS * 1000);
    return finish(c, { login: { accountId: sub, acr, amr: AMR, ts, remember: true } });
  };
  return app;
}

const denied = { error: 'access_denied', error_description: 'the holder declined' } as const;

const CODES: Readonly<Record<string, keyof BridgeTexts['errors']>> = {
  verifier_unreachable: 'verifier_unreachable',
  verification_expired: 'verification_expired',
  verification_unknown: 'verification_expired',
};

/** Whether the client itself said which account it expects. */
function namesAccount({ params }: Interaction, { sub }: Wanted): boolean {
  return sub !== undefined || typeof params['id_token_hint'] === 'string';
}

/**
 * The account that should answer: the one that the client names, or else the one that is logged in. The
 * provider has verified the hint's signature.
 */
function expectedSub({ params, session }: Interaction, { sub }: Wanted): string | undefined {
  const hint = params['id_token_hint'];
  return sub ?? (typeof hint === 'string' ? subOfToken(hint) : undefined) ?? session?.accountId;
}

function isSub(text: string): boolean {
  try {
    nullifierOf(text);
    return true;
  } catch {
    return false;
  }
}

function subOfToken(token: string): string | undefined {
  try {
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      sub?: unknown;
    };
    return typeof payload.sub === 'string' ? payload.sub : undefined;
  } catch {
    return undefined;
  }
}

function languageOf(c: Context, interaction: Interaction | undefined) {
  const asked = interaction?.params['ui_locales'];
  return languageFor(typeof asked === 'string' ? asked : '', c.req.header('accept-language') ?? '');
}
