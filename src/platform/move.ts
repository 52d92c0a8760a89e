// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Bringing accounts along when a platform has moved to another origin. The verifier at the old origin must
 * still run, since only it can ask for the old pseudonyms; this page, at the new origin, asks both.
 *
 * ```text
 * GET  /move         says what it is for
 * POST /move         -> POST /v1/verifications at both origins, with one nonce; on to the wallet with both
 * GET  /move/return  <- the wallet, with both response codes; a script posts them
 * POST /move/return  -> GET /v1/verifications/ID at both; the two pseudonyms are kept as one person's
 * ```
 *
 * Both results need the token of this browser, so nobody can be made to finish somebody else's move.
 * docs/protocol.md section 6, docs/threat-model.md.
 *
 * @module
 */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { pageHeaders, securityHeaders } from '../http/headers.ts';
import type { Logger } from '../http/logs.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Move } from '../protocol/move.ts';
import { MAX_REQUEST_SECONDS } from '../protocol/request.ts';
import { isOrigin } from '../protocol/scope.ts';
import { insertMove, linkMoved, type OriginDatabase, takeMove } from '../storage/origin.ts';
import type { PlatformClient } from './client/client.ts';
import { moveDocument, returnDocument } from './oidc/pages.ts';
import { languageFor } from './oidc/texts.ts';
import { type Random, randomToken, secretHash } from './secrets.ts';

/** Where the page is, below the new origin. */
export const MOVE_PATH = '/move';
/** Largest form, bytes. */
const LARGEST_FORM = 4096;

/** What the page needs. */
export interface MoveDeps {
  /** This origin, the new one. */
  readonly origin: string;
  /** Name of the platform in cookies. */
  readonly name: string;
  /** Of the verifier at this origin. */
  readonly client: PlatformClient;
  /** The origin that the platform had, and its verifier, which still runs there. */
  readonly old: { readonly origin: string; readonly client: PlatformClient };
  /** Pinned with `pinOrigin`. */
  readonly database: OriginDatabase;
  readonly clock: () => number;
  readonly random: Random;
  /** Told by code when one of the two verifiers gave no answer of use. */
  readonly logger?: Logger;
}

/** Status of each of the page's faces. */
const STATUS = { offered: 200, done: 200, failed: 400, unreachable: 502 } as const;

/**
 * Makes the page; to be mounted at the root of the new origin, with the bridge's files.
 *
 * @param deps - See {@link MoveDeps}.
 * @throws {@link ProtocolError} `configuration_invalid`.
 */
export function createMovePage(deps: MoveDeps): Hono {
  const { origin, old, clock, random, database } = deps;
  if (![origin, old.origin].every(isOrigin) || origin === old.origin || !/^[a-z0-9-]{1,40}$/.test(deps.name)) {
    throw new ProtocolError('configuration_invalid', 'a move is from one origin to another one');
  }
  const cookie = `__Host-bauta-${deps.name}-move`;
  const guarded = { httpOnly: true, secure: true, path: '/', sameSite: 'Lax' } as const;
  const ends = { from: old.origin, to: origin };
  const page = (
    c: Context,
    state: keyof typeof STATUS,
    status: ContentfulStatusCode = STATUS[state],
  ): Response | Promise<Response> => {
    const document = moveDocument(languageFor('', c.req.header('accept-language') ?? ''), ends, state);
    return c.html(document, status);
  };
  const refused = (error: unknown): ProtocolError => {
    if (!(error instanceof ProtocolError)) throw error;
    deps.logger?.warn({ move: error.code });
    return error;
  };
  /** A request of each verifier, or undefined if one of them makes none. */
  const begin = async (move: Move) => {
    const ask = { ask: {}, move, ttl_seconds: MAX_REQUEST_SECONDS } as const;
    try {
      return await Promise.all([
        old.client.create(ask),
        deps.client.create({ ...ask, redirect_uri: `${origin}${MOVE_PATH}/return` }),
      ]);
    } catch (error) {
      refused(error);
      return undefined;
    }
  };
  const app = new Hono();
  const ownForm = [csrf({ origin }), bodyLimit({ maxSize: LARGEST_FORM })] as const;
  app.use(`${MOVE_PATH}/*`, pageHeaders(), securityHeaders());
  // Of a form that another site sent, or that is too large.
  app.onError((error, c) => {
    if (!(error instanceof HTTPException)) throw error;
    return page(c, 'failed', error.status);
  });
  app.get(MOVE_PATH, (c) => page(c, 'offered'));

  app.post(MOVE_PATH, ...ownForm, async (c) => {
    const move: Move = { ...ends, nonce: randomToken(random) };
    const begun = await begin(move);
    // Whatever a verifier has against what this page asks, it is not the visitor's doing.
    if (begun === undefined) return page(c, 'unreachable');
    const [before, now] = begun;
    const expiresAt = clock() + MAX_REQUEST_SECONDS * 1000;
    const row = { nonce_hash: secretHash(move.nonce), old_id: before.id, new_id: now.id, expires_at: expiresAt };
    await insertMove(database, row, clock());
    const tokens = [move.nonce, before.browser_token, now.browser_token].join('.');
    setCookie(c, cookie, tokens, { ...guarded, maxAge: MAX_REQUEST_SECONDS });
    return c.redirect(linkOf(now.request_url, before.request_url), 303);
  });

  app.get(`${MOVE_PATH}/return`, (c) =>
    c.html(
      returnDocument(languageFor('', c.req.header('accept-language') ?? ''), ['response_code', 'old_response_code']),
    ),
  );

  app.post(`${MOVE_PATH}/return`, ...ownForm, async (c) => {
    const [nonce = '', oldToken = '', token = ''] = (getCookie(c, cookie) ?? '').split('.');
    const { response_code: code, old_response_code: oldCode } = await c.req.parseBody();
    const row = await takeMove(database, secretHash(nonce), clock());
    deleteCookie(c, cookie, guarded);
    if (row === undefined || typeof code !== 'string' || typeof oldCode !== 'string') return page(c, 'failed');
    try {
      const [oldSub, sub] = await Promise.all([
        subOf(old.client, row.old_id, { browserToken: oldToken, responseCode: oldCode }),
        subOf(deps.client, row.new_id, { browserToken: token, responseCode: code }),
      ]);
      if (oldSub === undefined || sub === undefined) return await page(c, 'failed');
      await linkMoved(database, oldSub, sub);
      return await page(c, 'done');
    } catch (error) {
      return page(c, refused(error).code === 'verifier_unreachable' ? 'unreachable' : 'failed');
    }
  });
  return app;
}

async function subOf(
  client: PlatformClient,
  id: string,
  from: { readonly browserToken: string; readonly responseCode: string },
): Promise<string | undefined> {
  const { status, result } = await client.result(id, from);
  return status === 'verified' && result?.channel === 'same_device' ? result.sub : undefined;
}

/** One link to the wallet with both requests: the new origin's, and the old one's beside it. */
function linkOf(link: string, oldLink: string): string {
  const parameters = new URLSearchParams(new URL(oldLink).hash.slice(1));
  const old = new URLSearchParams([...parameters].map(([name, value]) => [`old_${name}`, value]));
  return `${link}&${old.toString()}`;
}
