// SPDX-License-Identifier: Apache-2.0
// A shop that knows OpenID Connect and nothing of Bauta: any client library logs in at a platform's bridge.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { html } from 'hono/html';
import * as openid from 'openid-client';

const { ORIGIN, PORT, ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;
const local = new URL(ISSUER).hostname === 'localhost';
const config = await openid.discovery(
  new URL(ISSUER),
  CLIENT_ID,
  { client_secret: CLIENT_SECRET },
  openid.ClientSecretBasic(CLIENT_SECRET),
  // Plain http on this machine only.
  local ? { execute: [openid.allowInsecureRequests] } : {},
);
const button = await readFile(fileURLToPath(import.meta.resolve('bauta-platform/platform/button')));
const cookie = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' };
const sessions = new Map(); // Of one process; yours are in a database.
const logins = new Map();
const page = (body) =>
  html`<!doctype html>
    <html lang="en">
      <title>Shop</title>
      <script type="module" src="/bauta-login.js"></script>
      ${body}
    </html>`;

const app = new Hono();
app.use(csrf({ origin: ORIGIN }));
app.get('/bauta-login.js', (c) => c.body(button, 200, { 'Content-Type': 'text/javascript' }));
app.get('/', (c) => {
  const claims = sessions.get(getCookie(c, '__Host-session'));
  return c.html(
    claims === undefined
      ? page(
          html`<bauta-login
            ><form method="post" action="/login"><button>Log in</button></form></bauta-login
          >`,
        )
      : page(html`<p>Welcome, ${claims.sub.slice(0, 8)}. Adult: ${String(claims.age_over_18 ?? 'not asked')}.</p>`),
  );
});
app.post('/login', async (c) => {
  const [verifier, state, nonce] = [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
  logins.set(state, { verifier, nonce });
  setCookie(c, '__Host-login', state, cookie);
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: `${ORIGIN}/callback`,
    scope: 'openid',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    claims: JSON.stringify({ id_token: { age_over_18: { essential: true } } }),
    state,
    nonce,
  });
  return c.redirect(url.href, 303);
});
app.get('/callback', async (c) => {
  const state = getCookie(c, '__Host-login');
  deleteCookie(c, '__Host-login', cookie);
  const { verifier, nonce } = logins.get(state) ?? {};
  logins.delete(state);
  const current = new URL(c.req.url);
  const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state };
  const tokens = await openid.authorizationCodeGrant(config, new URL(`${ORIGIN}/callback${current.search}`), checks);
  const session = crypto.randomUUID();
  sessions.set(session, tokens.claims());
  setCookie(c, '__Host-session', session, cookie);
  return c.redirect('/', 303);
});
app.onError((error, c) => c.html(page(html`<p>That did not work (${error.code}). <a href="/">Try again</a></p>`), 400));

serve({ fetch: app.fetch, hostname: 'localhost', port: Number(PORT) }, () => console.log(`listening on ${ORIGIN}`));
