// SPDX-License-Identifier: Apache-2.0
// A petition that each person signs once: a plain form, and a webhook that says when a wallet has answered.
import { serve } from '@hono/node-server';
import { createPlatformClient, verifyWebhook } from 'bauta-platform/platform/client';
import { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { html } from 'hono/html';
import { proxy } from 'hono/proxy';

const { ORIGIN, PORT, VERIFIER, BAUTA_API_KEY, BAUTA_WEBHOOK_SECRET } = process.env;
const bauta = createPlatformClient({ url: VERIFIER, apiKey: BAUTA_API_KEY, fetch });
const cookie = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' };
const action = { name: 'petition for a footbridge', opens: 20261101 };
// Of one process; yours are in a database. An entry by the verification that its signing began.
const entries = new Map();
const handled = new Set();
const page = (body) =>
  html`<!doctype html>
    <html lang="en">
      <title>Petition</title>
      <script type="module" src="/bauta-login.js"></script>
      ${body}
    </html>`;

const app = new Hono();
for (const path of ['/oid4vp/*', '/bauta-login.js']) {
  app.all(path, (c) => proxy(`${VERIFIER}${new URL(c.req.url).pathname}`, c.req));
}
// Before anything that wants a browser: a webhook comes from the verifier, and its signature says so.
app.post('/hooks/bauta', async (c) => {
  const { id, event } = verifyWebhook(BAUTA_WEBHOOK_SECRET, c.req.raw.headers, await c.req.text());
  const entry = entries.get(event.data.id);
  if (!handled.has(id) && entry?.state === 'begun') entry.state = 'answered';
  handled.add(id); // The same webhook may come again, under the same id.
  return c.body(null, 204);
});
app.use(csrf({ origin: ORIGIN }));

app.get('/', (c) => {
  const count = (state) => [...entries.values()].filter((entry) => entry.state === state).length;
  return c.html(
    page(
      html`<p>${count('signed')} people signed; ${count('answered')} are on their way back from their wallets.</p>
        <form method="post" action="/sign">
          <label>Why? <input name="reason" maxlength="200" required /></label> <button>Sign once, namelessly</button>
        </form>`,
    ),
  );
});
app.post('/sign', async (c) => {
  const { reason } = await c.req.parseBody();
  const begun = await bauta.create({ ask: {}, action, redirect_uri: `${ORIGIN}/return` });
  entries.set(begun.id, { reason, state: 'begun' });
  setCookie(c, '__Host-signing', `${begun.id}.${begun.browser_token}`, cookie);
  return c.redirect(begun.request_url, 303);
});
app.get('/return', (c) =>
  c.html(
    page(
      html`<bauta-return
        ><form method="post"><input type="hidden" name="response_code" /></form
      ></bauta-return>`,
    ),
  ),
);
app.post('/return', async (c) => {
  const [id, browserToken] = (getCookie(c, '__Host-signing') ?? '.').split('.');
  deleteCookie(c, '__Host-signing', cookie);
  const { response_code: responseCode } = await c.req.parseBody();
  const { status, error } = await bauta.result(id, { browserToken, responseCode });
  if (status !== 'verified')
    return c.html(page(html`<p>Not signed: ${error?.code ?? status}. <a href="/">Back</a></p>`), 409);
  Object.assign(entries.get(id), { state: 'signed' });
  return c.redirect('/', 303);
});
app.onError((error, c) => c.html(page(html`<p>That did not work (${error.code}). <a href="/">Back</a></p>`), 400));

serve({ fetch: app.fetch, hostname: 'localhost', port: Number(PORT) }, () => console.log(`listening on ${ORIGIN}`));
