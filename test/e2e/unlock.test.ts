// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ephemeralConfig } from '../../src/server/config.ts';
import { type Stack, startStack } from '../../src/server/stack.ts';
import { chromiumPath, launch, type Watch, watch } from './browser.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

describe.skipIf(missing)('unlocking in a browser', () => {
  let stack: Stack;
  let browser: Browser;
  let script: string;
  let folder: string;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bauta-unlock-'));
    const entry = fileURLToPath(new URL('unlock_page.ts', import.meta.url));
    await build({
      configFile: false,
      logLevel: 'error',
      build: { outDir: folder, lib: { entry, formats: ['es'], fileName: () => 'core.js' }, target: 'es2022' },
    });
    script = await readFile(join(folder, 'core.js'), 'utf8');
    stack = await startStack({
      config: ephemeralConfig(),
      anchors: [],
      compareFaces: () => Promise.reject(new Error('not used here')),
    });
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    await stack.close();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });

  // As text, or the test's own loader would take the import for its own.
  const load = (page: Page): Promise<unknown> => page.evaluate("import('/core.js').then(() => undefined)");

  /** A page of the wallet's host under its own policy, that loads the test's script from its origin. */
  async function visit(): Promise<{ page: Page; seen: Watch }> {
    const context = await browser.newContext();
    contexts.push(context);
    const seen = await watch(context);
    const page = await context.newPage();
    const { wallet } = stack.urls;
    await page.route(`${wallet}/core.js`, (route) => route.fulfill({ body: script, contentType: 'text/javascript' }));
    const loaded = await page.goto(`${wallet}/config.json`);
    expect(loaded?.headers()['content-security-policy']).toContain("script-src 'self' 'wasm-unsafe-eval'");
    await load(page);
    return { page, seen };
  }

  async function authenticator(page: Page, options: { hasPrf: boolean; isUserVerified?: boolean }): Promise<void> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable');
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        ...options,
      },
    });
  }

  it('a passkey gives the same secret each time, which opens lock and backup; another gives another', async () => {
    const { page, seen } = await visit();
    await authenticator(page, { hasPrf: true });
    const result = await page.evaluate(async () => {
      const core = window.bautaCore;
      const hex = (bytes?: Uint8Array): string => Array.from(bytes ?? [], (byte) => byte.toString(16)).join(',');
      const made = await core.createPasskey('Bauta');
      const asked = await core.askPasskey(made.id);
      if (made.prf === undefined || asked.prf === undefined) return undefined;
      const { lock } = await core.createLock({ kind: 'passkey', prf: made.prf }, core.random);
      const key = await core.openLock(lock, { kind: 'passkey', prf: asked.prf });
      const seed = core.toField(12345n);
      const backup = await core.sealBackup(seed, { kind: 'passkey', prf: made.prf }, core.random);
      const opened = await core.openBackup(backup, { kind: 'passkey', prf: asked.prf });
      const other = await core.createPasskey('Bauta, another');
      const refused = await core
        .openLock(lock, { kind: 'passkey', prf: other.prf ?? new Uint8Array(32) })
        .catch((error: unknown) => (error as { code?: string }).code);
      return {
        same: hex(made.prf) === hex(asked.prf),
        different: hex(made.prf) !== hex(other.prf),
        length: made.prf.length,
        extractable: key.extractable,
        opened: opened === seed,
        refused,
      };
    });
    expect(result).toEqual({
      same: true,
      different: true,
      length: 32,
      extractable: false,
      opened: true,
      refused: 'unlock_refused',
    });
    expect(seen.faults).toEqual([]);
  });

  it('a passkey without a secret says so, and one whose holder is not verified is not used', async () => {
    const { page } = await visit();
    await authenticator(page, { hasPrf: false });
    expect(await page.evaluate(async () => (await window.bautaCore.createPasskey('Bauta')).prf)).toBeUndefined();
    const { page: another } = await visit();
    await authenticator(another, { hasPrf: true, isUserVerified: false });
    const code = await another.evaluate(() =>
      window.bautaCore.createPasskey('Bauta').catch((error: unknown) => (error as { code?: string }).code),
    );
    expect(code).toBe('passkey_unavailable');
  });

  it('a PIN opens with the device key that IndexedDB keeps, over a reload, and asks nobody', async () => {
    const { page, seen } = await visit();
    await page.evaluate(async () => {
      const core = window.bautaCore;
      const deviceKey = await core.createDeviceKey();
      const { lock } = await core.createLock({ kind: 'pin', pin: '20471936', deviceKey }, core.random);
      await new Promise<void>((resolve, reject) => {
        const request = indexedDB.open('unlock-test', 1);
        request.onupgradeneeded = () => request.result.createObjectStore('kept');
        request.onsuccess = () => {
          const tx = request.result.transaction('kept', 'readwrite');
          tx.objectStore('kept').put({ deviceKey, lock }, 'pin');
          tx.oncomplete = () => resolve();
          tx.onerror = () => reject(new Error('not kept'));
        };
      });
    });
    await page.reload();
    await load(page);
    seen.requests.splice(0);
    const opened = await page.evaluate(async () => {
      const core = window.bautaCore;
      const { deviceKey, lock } = await new Promise<{ deviceKey: CryptoKey; lock: Uint8Array }>((resolve) => {
        const request = indexedDB.open('unlock-test', 1);
        request.onsuccess = () => {
          const got = request.result.transaction('kept').objectStore('kept').get('pin');
          got.onsuccess = () => resolve(got.result as { deviceKey: CryptoKey; lock: Uint8Array });
        };
      });
      const key = await core.openLock(lock, { kind: 'pin', pin: '20471936', deviceKey });
      const wrong = await core
        .openLock(lock, { kind: 'pin', pin: '20471937', deviceKey })
        .catch((error: unknown) => (error as { code?: string }).code);
      const exported = await crypto.subtle.exportKey('raw', deviceKey).catch(() => 'refused');
      return { extractable: key.extractable, wrong, exported };
    });
    expect(opened).toEqual({ extractable: false, wrong: 'unlock_refused', exported: 'refused' });
    expect(seen.requests).toEqual([]);
    expect(seen.faults).toEqual([]);
  });

  it("the stack's two guards bring a seed back, under the wallet's policy", async () => {
    const { page, seen } = await visit();
    const result = await page.evaluate(async () => {
      const core = window.bautaCore;
      const { guards } = await core.loadConfig();
      const deps = { fetch: core.fetch, clock: core.clock, random: core.random };
      const seed = core.toField(98765n);
      const keyring = await core.enrolAtGuards(deps, guards, '20471936');
      const backup = await core.sealBackup(seed, { kind: 'guards', ...keyring }, core.random);
      const wrong = await core.openAtGuards(deps, guards, core.readBackup(backup).records, '20471937');
      const right = await core.openAtGuards(deps, guards, core.readBackup(backup).records, '20471936');
      if (right.outcome !== 'opened') return right.outcome;
      const opened = await core.openBackup(backup, { kind: 'guards', ...right.keyring });
      return { guards: guards.length, wrong: wrong.outcome, opened: opened === seed };
    });
    expect(result).toEqual({ guards: 2, wrong: 'wrong_pin', opened: true });
    expect(seen.faults).toEqual([]);
  });
});
