// SPDX-License-Identifier: Apache-2.0
// A site that lets adults in, and knows nothing of them but a pseudonym. README.md says how to start it.
import { serve } from '@hono/node-server';
import { createPlatformClient } from 'bauta-platform/platform/client';
import { Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { html } from 'hono/html';
import { proxy } from 'hono/proxy';

const { ORIGIN, PORT, VERIFIER, BAUTA_API_KEY } = process.env;
const bauta = createPlatformClient({ url: VERIFIER, apiKey: BAUTA_API_KEY, fetch });
const cookie = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' };
const sessions = new Map(); // Of one process; yours are in a database.
const page = (body) =>
  html`<!doctype html>
    <html lang="en">
      <meta name="viewport" content="width=device-width" />
      <title>Example</title>
      <script type="module" src="/bauta-login.js"></script>
      ${body}
    </html>`;

const app = new Hono();
// The verifier must be on this site's own origin: its paths go to it as they are.
for (const path of ['/oid4vp/*', '/bauta-login.js']) {
  app.all(path, (c) => proxy(`${VERIFIER}${new URL(c.req.url).pathname}`, c.req));
}
app.use(csrf({ origin: ORIGIN }));

app.get('/', (c) => {
  const visitor = sessions.get(getCookie(c, '__Host-session'));
  return c.html(
    visitor === undefined
      ? page(
          html`<bauta-login purpose="age"
            ><form method="post" action="/login"><button>Log in</button></form></bauta-login
          >`,
        )
      : page(html`<p>Welcome, ${visitor.sub.slice(0, 8)}. You are an adult, and that is all we know.</p>`),
  );
});
app.post('/login', async (c) => {
  const begun = await bauta.create({ ask: { age_over: 18 }, redirect_uri: `${ORIGIN}/return` });
  setCookie(c, '__Host-login', `${begun.id}.${begun.browser_token}`, cookie);
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
  const [id, browserToken] = (getCookie(c, '__Host-login') ?? '.').split('.');
  deleteCookie(c, '__Host-login', cookie);
  const { response_code: responseCode } = await c.req.parseBody();
  const { status, result } = await bauta.result(id, { browserToken, responseCode });
  if (status !== 'verified') return c.html(page(html`<p>You are not logged in. <a href="/">Try again</a></p>`), 403);
  const session = crypto.randomUUID();
  sessions.set(session, { sub: result.sub });
  setCookie(c, '__Host-session', session, cookie);
  return c.redirect('/', 303);
});
app.onError((error, c) => c.html(page(html`<p>That did not work (${error.code}). <a href="/">Try again</a></p>`), 400));

serve({ fetch: app.fetch, hostname: 'localhost', port: Number(PORT) }, () => console.log(`listening on ${ORIGIN}`));
