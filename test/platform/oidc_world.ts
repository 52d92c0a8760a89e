// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A platform with a bridge on a socket, a wallet that answers with real proofs, browsers that keep
 * cookies, and an application that knows OpenID Connect and nothing else.
 *
 * @module
 */
import * as openid from 'openid-client';
import { migrate } from '../../src/storage/migrate.ts';
import { oidcMigrations, type OidcSchema } from '../../src/storage/oidc.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { packAttributes } from '../../src/protocol/attributes.ts';
import { dateInZone } from '../../src/protocol/dates.ts';
import { toField } from '../../src/protocol/field.ts';
import { credentialLeaf, holderCommitment, NO_EXTENSION } from '../../src/commitment/credential.ts';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { childPosition, pathRoot } from '../../src/commitment/tree.ts';
import { packRevealed } from '../../src/protocol/policy.ts';
import type { Presentation } from '../../src/protocol/presentation.ts';
import { askOf, decodeRequestObject, requestInputs, type RequestObject } from '../../src/protocol/request.ts';
import { createPlatformClient } from '../../src/platform/client/client.ts';
import { type Bridge, createBridge, type BridgeDeps } from '../../src/platform/oidc/bridge.ts';
import type { OidcClient } from '../../src/platform/oidc/clients.ts';
import { listen } from '../../src/server/listen.ts';
import { createProver, type Prover } from '../../src/wallet/prover.ts';
import { readArtifact } from '../proving/sample.ts';
import { type Holder, makeHolder, manifest, nullifierUnder, secureRandom, SIZE, TIME_ZONE } from './fixtures.ts';
import { API_KEY, checkpointOf, startVerifier, type Verifier } from './harness.ts';

export const SECRET = new Uint8Array(32).fill(7);
export const CLIENT_SECRET = 'a secret of the shop that is long enough';
const RP = 'http://localhost:9';

/** Applications of the platform. */
export const CLIENTS: readonly OidcClient[] = [
  {
    client_id: 'shop',
    client_secret: CLIENT_SECRET,
    name: 'Shop',
    redirect_uris: [`${RP}/callback`],
    post_logout_redirect_uris: [`${RP}/bye`],
  },
  { client_id: 'app', name: 'Public app', redirect_uris: [`${RP}/app`] },
];

/** Two people side by side in one tree. */
export async function makeHolders(): Promise<readonly [Holder, Holder]> {
  const hash = await buildWasmPoseidon();
  const one = await makeHolder();
  const two = await makeHolder({}, 987_654_321n);
  const leafOf = ({ seed, blinding, attributes }: Holder) =>
    credentialLeaf(hash, holderCommitment(hash, seed, blinding), packAttributes(attributes));
  const beside = one.leafIndex ^ 1;
  const lowest = one.path[0]?.map((child, i) => (i === childPosition(beside, 0) ? leafOf(two) : child)) ?? [];
  let node = hash(lowest);
  const above = one.path.slice(1).map((children, i) => {
    const changed = children.map((child, at) => (at === childPosition(one.leafIndex, i + 1) ? node : child));
    node = hash(changed);
    return changed;
  });
  const path = [lowest, ...above];
  const root = pathRoot(hash, leafOf(one), one.leafIndex, path);
  return [
    { ...one, path, root },
    { ...two, leafIndex: beside, path, root },
  ];
}

export interface BridgeWorld {
  readonly origin: string;
  readonly bridge: Bridge;
  readonly verifier: Verifier;
  close(): Promise<void>;
}

/** Starts a platform: its verifier and its bridge on one port. */
export async function openBridge(
  options: {
    readonly url?: string;
    readonly port?: number;
    readonly root?: Holder['root'];
  } & Partial<BridgeDeps> = {},
): Promise<BridgeWorld> {
  const { url = ':memory:', port = 0, root, ...deps } = options;
  const database = await openDatabase<OidcSchema>(url === ':memory:' ? url : `${url}.oidc`);
  await migrate(database, oidcMigrations);
  let made: { bridge: Bridge; verifier: Verifier } | undefined;
  const listening = await listen(
    async (origin) => {
      const now = Date.now();
      const verifier = await startVerifier({ url, origin, clock: () => Date.now(), random: secureRandom });
      const activeFrom = Math.floor(now / 1000) - 3600;
      verifier.checkpoints = root === undefined ? [] : [checkpointOf(root, { activeFrom })];
      const bridge = await createBridge({
        origin,
        name: 'forum',
        clients: CLIENTS,
        client: createPlatformClient({ url: origin, apiKey: API_KEY, fetch: (input, init) => fetch(input, init) }),
        database,
        secret: SECRET,
        clock: () => Date.now(),
        random: secureRandom,
        ...deps,
      });
      bridge.app.route('/', verifier.app);
      made = { bridge, verifier };
      return bridge;
    },
    port,
    'bridge',
  );
  if (made === undefined) throw new Error('the bridge was not made');
  const { bridge, verifier } = made;
  return {
    origin: listening.origin,
    bridge,
    verifier,
    close: async () => {
      await listening.close();
      await verifier.close();
      await database.close();
    },
  };
}

let prover: Prover | undefined;
const armed = new Map<string, Promise<number>>();

/** Ends the prover; for `afterAll`. */
export async function endWallets(): Promise<void> {
  armed.clear();
  await prover?.close();
  prover = undefined;
}

/** Proves as the wallet does: armed once for a platform and policy, fired for each request. */
async function present(holder: Holder, request: RequestObject): Promise<Presentation> {
  prover ??= createProver({ read: readArtifact, random: secureRandom });
  const made = prover;
  const inputs = requestInputs(request);
  const ask = askOf(request.dcql_query);
  const nullifier = await nullifierUnder(holder, request);
  const { root } = holder;
  const statement = { ...inputs, root, nullifier: toField(BigInt(nullifier)), revealed: packRevealed({}, ask) };
  const key = [inputs.scope, inputs.policy, root, holder.seed].join('/');
  const handle =
    armed.get(key) ??
    made.arm({
      circuit: 'show',
      inputs: {
        ...inputs,
        root,
        seed: holder.seed,
        blinding: holder.blinding,
        attributes: packAttributes(holder.attributes),
        extension: NO_EXTENSION,
        leafIndex: holder.leafIndex,
        path: holder.path,
        index: toField(0n),
      },
    });
  armed.set(key, handle);
  const { proof } = await made.fire(await handle, statement);
  return {
    format: 'bauta_zk_v1',
    circuit: 'show',
    version: manifest.version,
    checkpoint: SIZE,
    proof,
    nullifier,
    disclosed: {},
  };
}

/** Reads the request of a link to the wallet. */
export async function readLink(link: string): Promise<RequestObject> {
  const fragment = new URLSearchParams(new URL(link).hash.slice(1));
  const requestUri = fragment.get('request_uri') ?? '';
  const answer = await fetch(requestUri);
  if (!answer.ok) throw new Error(await answer.text());
  const now = Date.now() / 1000;
  return decodeRequestObject(await answer.text(), {
    clientId: fragment.get('client_id') ?? '',
    requestUri,
    now,
    today: dateInZone(now * 1000, TIME_ZONE),
  });
}

/** A holder's wallet: answers a link, and gives the address to go to. */
export async function answerLink(holder: Holder, link: string): Promise<string> {
  const request = await readLink(link);
  return post(request, { vp_token: JSON.stringify({ bauta: [await present(holder, request)] }) });
}

/** The holder declines. */
export async function declineLink(link: string): Promise<string> {
  return post(await readLink(link), { error: 'access_denied' });
}

async function post(request: RequestObject, form: Record<string, string>): Promise<string> {
  const answer = await fetch(request.response_uri, {
    method: 'POST',
    body: new URLSearchParams({ ...form, state: request.state }),
  });
  const body = (await answer.json()) as { redirect_uri?: string; detail?: string };
  if (body.redirect_uri === undefined) throw new Error(body.detail ?? 'no way back');
  return body.redirect_uri;
}

/** A browser: cookies by path, redirects one at a time. */
export class Browser {
  readonly cookies = new Map<string, { value: string; path: string }>();

  async go(url: string, init: { form?: Record<string, string>; origin?: string } = {}): Promise<Response> {
    const { origin, pathname } = new URL(url);
    const cookie = [...this.cookies]
      .filter(([, { path }]) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie, accept: 'text/html', 'accept-language': 'en', origin: init.origin ?? origin },
      ...(init.form === undefined ? {} : { method: 'POST', body: new URLSearchParams(init.form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const at = pair.indexOf('=');
      const path = attributes.find((text) => text.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line) || /max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, { value, path });
    }
    return answer;
  }

  /** Follows redirects until a page, or until one that leaves the platform. */
  async follow(url: string, init?: { form?: Record<string, string> }): Promise<{ url: string; answer?: Response }> {
    const { origin } = new URL(url);
    let at = url;
    let answer = await this.go(url, init);
    for (;;) {
      const location = answer.headers.get('location');
      if (location === null) return { url: at, answer };
      at = new URL(location, at).href;
      if (new URL(at).origin !== origin) return { url: at };
      answer = await this.go(at);
    }
  }

  /** What the page does to which the wallet returned. */
  async bringHome(back: string): Promise<{ url: string; answer?: Response }> {
    const { origin, pathname, hash } = new URL(back);
    const page = await this.go(`${origin}${pathname}`);
    if (page.status !== 200) return { url: back, answer: page };
    const code = new URLSearchParams(hash.slice(1)).get('response_code') ?? '';
    return this.follow(`${origin}${pathname}`, { form: { response_code: code } });
  }
}

/** An application: one login attempt at the bridge. */
export class Application {
  readonly config: openid.Configuration;
  readonly verifier = openid.randomPKCECodeVerifier();
  readonly state = openid.randomState();
  readonly nonce = openid.randomNonce();
  readonly callback: string;

  private constructor(config: openid.Configuration, callback: string) {
    this.config = config;
    this.callback = callback;
  }

  static async open(issuer: string, secret = CLIENT_SECRET): Promise<Application> {
    const config = await openid.discovery(
      new URL(issuer),
      'shop',
      { client_secret: secret },
      openid.ClientSecretBasic(secret),
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- plain http on localhost, in a test
      { execute: [openid.allowInsecureRequests] },
    );
    return new Application(config, `${RP}/callback`);
  }

  /** Where the application sends the browser. */
  async link(parameters: Record<string, string> = {}): Promise<string> {
    return openid.buildAuthorizationUrl(this.config, {
      redirect_uri: this.callback,
      scope: 'openid',
      code_challenge: await openid.calculatePKCECodeChallenge(this.verifier),
      code_challenge_method: 'S256',
      state: this.state,
      nonce: this.nonce,
      ...parameters,
    }).href;
  }

  /** Takes what the browser brings to the callback. */
  redeem(
    url: string,
    checks: openid.AuthorizationCodeGrantChecks = {},
  ): Promise<Awaited<ReturnType<typeof openid.authorizationCodeGrant>>> {
    return openid.authorizationCodeGrant(this.config, new URL(url), {
      pkceCodeVerifier: this.verifier,
      expectedState: this.state,
      expectedNonce: this.nonce,
      ...checks,
    });
  }
}

/** From the application's link to its callback. */
export async function logIn(browser: Browser, holder: Holder, link: string): Promise<string> {
  const { url, answer } = await browser.follow(link);
  if (answer !== undefined && !url.includes('#')) throw new Error(`stopped at ${url}: ${await answer.text()}`);
  if (url.startsWith(RP)) return url;
  const home = await browser.bringHome(await answerLink(holder, url));
  // A second question may follow: a step-up of the account that is known now.
  return home.url.startsWith(RP) || home.answer !== undefined ? home.url : logIn(browser, holder, home.url);
}
