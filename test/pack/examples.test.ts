// SPDX-License-Identifier: GPL-3.0-or-later
/** The examples, as a reader would use them: installed from the package for platforms, started, logged in to. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { answerLink, Browser, declineLink, endWallets, openBridge } from '../platform/oidc_world.ts';
import { type Holder, makeHolder } from '../platform/fixtures.ts';
import { API_KEY } from '../platform/harness.ts';
import { packed } from './packed.ts';
import { type Process, spawnVerifier, startRegister } from '../server/verifier_world.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const CLIENT_SECRET = 'a secret of the shop that is long enough';

let folder: string;
let holder: Holder;
let register: Awaited<ReturnType<typeof startRegister>>;
let tarball: string;
const sites: ChildProcess[] = [];
const verifiers: Process[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bauta-examples-'));
  tarball = await packed();
  holder = await makeHolder();
  register = await startRegister(holder.root);
});
afterAll(async () => {
  for (const { child, exited } of verifiers) {
    child.kill('SIGKILL');
    await exited;
  }
  for (const site of sites) site.kill('SIGKILL');
  register.close();
  await endWallets();
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Installs an example into a folder of its own, with the package as it was just made, and starts it. */
async function startExample(name: string, port: number, env: Record<string, string>): Promise<string> {
  const home = join(folder, name);
  cpSync(join(ROOT, 'docs/examples', name), home, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  const text = readFileSync(join(home, 'package.json'), 'utf8');
  expect(text).toContain('file:../../../build/bauta-platform-');
  writeFileSync(join(home, 'package.json'), text.replace(/file:[^"]+/, `file:${tarball}`));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: home });
  const origin = `http://localhost:${String(port)}`;
  expect((JSON.parse(text) as { scripts: object }).scripts).toEqual({ start: 'node site.js' });
  // Not through npm, whose child would outlive it.
  const child = spawn(process.execPath, ['site.js'], {
    cwd: home,
    env: { PATH: process.env['PATH'], ORIGIN: origin, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  sites.push(child);
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line === `listening on ${origin}`) resolve();
    });
    child.once('exit', () => {
      reject(new Error(`the example ${name} ended`));
    });
  });
  return origin;
}

/** A verifier for a site on a port. */
async function startVerifierFor(port: number): Promise<Process> {
  const origin = `http://localhost:${String(port)}`;
  const verifier = await spawnVerifier(folder, {
    origin,
    database: ':memory:',
    register: register.config,
    webhook: { url: `${origin}/hooks/bauta`, secrets: [SECRET] },
  });
  verifiers.push(verifier);
  return verifier;
}

const textOf = async (browser: Browser, url: string): Promise<string> => (await browser.go(url)).text();

it('are one screen long each', () => {
  for (const name of ['hono', 'form-webhook', 'oidc']) {
    const lines = readFileSync(join(ROOT, 'docs/examples', name, 'site.js'), 'utf8').split('\n').length;
    expect(lines, name).toBeLessThanOrEqual(90);
  }
});

it('hono: a site lets an adult in, who comes back under the same pseudonym', async () => {
  const port = await freePort();
  const verifier = await startVerifierFor(port);
  const origin = await startExample('hono', port, { VERIFIER: verifier.origin, BAUTA_API_KEY: API_KEY });
  const welcome: string[] = [];
  for (const browser of [new Browser(), new Browser()]) {
    expect(await textOf(browser, origin)).toContain('<bauta-login purpose="age"');
    const { url: wallet } = await browser.follow(`${origin}/login`, { form: {} });
    const { answer } = await browser.bringHome(await answerLink(holder, wallet));
    welcome.push(/Welcome, (\S{8})\. You are an adult/.exec((await answer?.text()) ?? '')?.[1] ?? '');
  }
  expect(welcome[0]).toHaveLength(8);
  expect(welcome[0]).toBe(welcome[1]);
  const script = await fetch(`${origin}/bauta-login.js`);
  expect(await script.text()).toContain('bauta-return');
  // What another browser brings is not a login.
  const stranger = new Browser();
  const { url: link } = await new Browser().follow(`${origin}/login`, { form: {} });
  const refused = await stranger.bringHome(await answerLink(holder, link));
  expect(await refused.answer?.text()).toContain('That did not work');
  const forged = await new Browser().go(`${origin}/login`, { form: {}, origin: 'https://evil.example' });
  expect(forged.status).not.toBe(303);
});

it('form-webhook: a petition is signed once by each person, and learns of answers by webhook', async () => {
  const port = await freePort();
  const verifier = await startVerifierFor(port);
  const origin = await startExample('form-webhook', port, {
    VERIFIER: verifier.origin,
    BAUTA_API_KEY: API_KEY,
    BAUTA_WEBHOOK_SECRET: SECRET,
  });
  const browser = new Browser();
  const begin = async (): Promise<string> =>
    (await browser.follow(`${origin}/sign`, { form: { reason: 'The detour takes an hour.' } })).url;
  const back = await answerLink(holder, await begin());
  await vi.waitFor(
    async () => {
      expect(await textOf(browser, origin)).toContain('0 people signed; 1 are on their way back');
    },
    { timeout: 10_000 },
  );
  await browser.bringHome(back);
  expect(await textOf(browser, origin)).toContain('1 people signed; 0 are on their way back');
  const second = await browser.bringHome(await answerLink(holder, await begin()));
  expect(await second.answer?.text()).toContain('Not signed: action_already_done');
  const declined = await browser.bringHome(await declineLink(await begin()));
  expect(await declined.answer?.text()).toContain('Not signed: access_denied');
  const forged = await fetch(`${origin}/hooks/bauta`, { method: 'POST', body: '{}' });
  expect(await forged.text()).toContain('webhook_invalid');
});

it('oidc: a client that knows nothing of Bauta logs in at a bridge', async () => {
  const port = await freePort();
  const origin = `http://localhost:${String(port)}`;
  const bridge = await openBridge({
    root: holder.root,
    clients: [{ client_id: 'shop', client_secret: CLIENT_SECRET, name: 'Shop', redirect_uris: [`${origin}/callback`] }],
  });
  await startExample('oidc', port, { ISSUER: bridge.bridge.issuer, CLIENT_ID: 'shop', CLIENT_SECRET });
  const [shop, forum] = [new Browser(), new Browser()];
  const begun = await shop.go(`${origin}/login`, { form: {} });
  const authorize = begun.headers.get('location') ?? '';
  expect(authorize.startsWith(bridge.origin)).toBe(true);
  const { url: wallet } = await forum.follow(authorize);
  const home = await forum.bringHome(await answerLink(holder, wallet));
  expect(home.url.startsWith(`${origin}/callback?code=`)).toBe(true);
  const { answer } = await shop.follow(home.url);
  expect(await answer?.text()).toMatch(/Welcome, \S{8}\. Adult: true/);
  // The code is good once, and for the browser that began.
  const again = await new Browser().go(home.url);
  expect(again.status).toBe(400);
  await bridge.close();
});
