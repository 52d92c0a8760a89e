// SPDX-License-Identifier: GPL-3.0-or-later
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DemoStack } from '../../src/server/demo_stack.ts';
import { PAGES } from '../../src/server/pages.ts';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { chromiumPath, textOf, type Watch } from './browser.ts';
import { agree, askFor, type House, logIn, openHouse, openWallet, READY, unlock } from './house.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

/** A part in the middle of the larger key. */
const LATE = '**/artifacts/show.key/4*';

/** Paths of the proving files whose download ends, from now on, without an answer. */
function endedIn({ context }: { readonly context: BrowserContext }): readonly string[] {
  const ended: string[] = [];
  context.on('requestfailed', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/artifacts/')) ended.push(pathname);
  });
  return ended;
}

/** Paths of the proving files that were asked for, in order. */
const artifactsIn = (seen: Watch, circuit = ''): string[] =>
  seen.requests.map(({ url }) => new URL(url).pathname).filter((path) => path.startsWith(`/artifacts/${circuit}`));

describe.skipIf(missing)('proving in a browser', () => {
  let house: House;
  let stack: DemoStack;

  beforeAll(async () => {
    house = await openHouse();
    ({ stack } = house);
  });
  afterAll(() => house.close());
  afterEach(() => house.leave());

  const cancel = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: en.consent.decline }).click();
    await page.getByText(en.consent.cancelledText).waitFor();
  };

  const retry = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: en.retry }).click();
    await page.locator(READY).waitFor();
  };

  /** Waits until enrolment has left all proving files behind. */
  const allKept = (page: Page): Promise<unknown> =>
    expect
      .poll(() => page.evaluate(async () => (await (await caches.open('bauta-artifacts')).keys()).length), {
        timeout: 60_000,
      })
      .toBe(22);
  /** Someone with a credential and no proving files, as after a new version of the wallet. */
  const enrolledWithoutFiles = async (id: string): Promise<{ page: Page; seen: Watch; ended: readonly string[] }> => {
    const visit = await house.visit();
    await house.enrol(visit.page, id);
    await allKept(visit.page);
    await visit.page.evaluate(() => caches.delete('bauta-artifacts'));
    visit.seen.requests.length = 0;
    return { ...visit, ended: endedIn(visit) };
  };

  it('downloads each part once, proves on threads of its own, and never loads snarkjs or its key', async () => {
    const { page, seen } = await house.visit();
    await house.enrol(page, 'robin');
    await allKept(page);
    // Nothing needs the prover now: its workers end. Each is the page's own, and ends for certain.
    expect(page.workers()).not.toHaveLength(0);
    await expect.poll(() => page.workers().length, { timeout: 60_000 }).toBe(0);
    await logIn(page, stack.urls.photo);
    const parts = artifactsIn(seen);
    expect(parts).toContain('/artifacts/show.key/6');
    expect(new Set(parts).size).toBe(parts.length);
    expect(parts).toHaveLength(22);
    expect(seen.requests.some(({ url }) => /\/assets\/lane_worker-[\w-]+\.js$/.test(url))).toBe(true);
    await logIn(page, stack.urls.market);
    expect(artifactsIn(seen)).toEqual(parts);
    expect(seen.requests.filter(({ url }) => url.includes('zkey'))).toEqual([]);
    expect(seen.faults).toEqual([]);

    const telling = /fullProve|exportSolidityCallData|powersOfTau/;
    expect(await readFile('node_modules/snarkjs/build/browser.esm.js', 'utf8')).toMatch(telling);
    const scripts = (await readdir(join(PAGES, 'assets'))).filter((name) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(2);
    for (const name of scripts) {
      const text = await readFile(join(PAGES, 'assets', name), 'utf8');
      expect(text).not.toMatch(telling);
      if (/worker-/.test(name)) expect(text, `${name} starts no worker`).not.toContain('new Worker');
    }
  });

  it('ends a download that nobody but a declined request waited for, and later asks for nothing again that arrived', async () => {
    const { page, seen, ended } = await enrolledWithoutFiles('wei');
    await page.route(LATE, () => undefined); // never answered
    await askFor(page, stack.urls.market);
    await page.locator('[data-preparation="downloading"]').waitFor();
    await expect.poll(() => artifactsIn(seen, 'show').length).toBe(16);
    expect(ended).toEqual([]);
    await cancel(page);
    // The page is still there: it was the wallet that let go, while nobody answered.
    await expect.poll(() => ended).toEqual(['/artifacts/show.key/4']);
    await page.unroute(LATE);
    await logIn(page, stack.urls.market);
    const asked = artifactsIn(seen, 'show');
    const twice = asked.filter((path, i) => asked.indexOf(path) !== i);
    expect(twice).toEqual(['/artifacts/show.key/4']);
    expect(ended).toEqual(['/artifacts/show.key/4']);
    expect(seen.requests.filter(({ url }) => url.endsWith('/oid4vp/responses'))).toHaveLength(1);
    expect(seen.faults).toEqual([]);
  });

  it('goes on with a download that the new credential waits for, whatever becomes of the request', async () => {
    const visit = await house.visit();
    const { page, seen } = visit;
    const ended = endedIn(visit);
    await page.route(LATE, () => undefined);
    await page.goto(stack.urls.market);
    await page.locator('[data-login]').click();
    // In one document: the request, the enrolment, the request again.
    await page.getByRole('link', { name: en.welcome.start }).click();
    await page.locator('[data-kind="resident_identity_card"]').click();
    await page.locator('[data-sample="mei"]').click();
    await house.finish(page);
    await page.getByRole('link', { name: en.enrol.toRequest }).click();
    await page.locator('[data-preparation="downloading"]').waitFor();
    await expect.poll(() => artifactsIn(seen, 'show').length).toBe(16);
    await cancel(page);
    await page.unroute(LATE);
    await allKept(page);
    const asked = artifactsIn(seen);
    expect(asked).toHaveLength(22);
    expect(new Set(asked).size).toBe(22);
    expect(ended).toEqual([]);
    expect(seen.faults).toEqual([]);
  });

  it('says what was damaged or did not start, throws it away, and tries again', async () => {
    const { page } = await enrolledWithoutFiles('kim');
    const part = '**/artifacts/show.wasm/2*';
    await page.route(part, async (route) => {
      const answer = await route.fetch();
      const body = await answer.body();
      body[1000] = (body[1000] ?? 0) ^ 1;
      await route.fulfill({ response: answer, body });
    });
    await askFor(page, stack.urls.market);
    await page.locator('[data-problem="artifact_hash_mismatch"]').waitFor();
    expect(await textOf(page)).toContain(en.problems.artifact_hash_mismatch);
    await page.unroute(part);
    await retry(page);
    await agree(page);

    // In the same wallet: a worker that does not start is named, and can be tried again.
    for (const script of ['**/assets/lane_worker-*.js', '**/assets/worker-*.js']) {
      await page.context().clearCookies();
      await page.route(script, (route) => route.abort());
      await page.goto(stack.urls.market);
      await page.locator('[data-login]').click();
      // Without the worker itself the request cannot even be read, and nothing is to be unlocked.
      if (script.includes('lane')) await unlock(page);
      await page.locator('[data-problem="worker_failed"]').waitFor();
      expect(await textOf(page)).toContain(en.problems.worker_failed);
      await page.unroute(script);
      await page.reload();
      await unlock(page);
      await page.locator(READY).waitFor();
      await agree(page);
    }
  });

  it('arms ahead, in the open wallet, for the platform of the last login', async () => {
    const { page, seen } = await house.visit();
    await house.enrol(page, 'alex');
    await logIn(page, stack.urls.market);
    // Another enrolment gives the tree another root, for which nothing is armed.
    const other = await house.visit();
    await house.enrol(other.page, 'sasha');
    await page.context().clearCookies();
    const armedAhead = async (): Promise<boolean> => {
      await openWallet(page, `${stack.urls.wallet}/credential`);
      return page
        .waitForFunction(() => performance.getEntriesByName('bauta:ahead').length > 0, undefined, { timeout: 10_000 })
        .then(
          () => true,
          () => false, // the other root is not active yet
        );
    };
    await expect.poll(armedAhead, { timeout: 90_000 }).toBe(true);
    await logIn(page, stack.urls.market);
    expect(seen.marks.filter(({ name }) => name === 'bauta:kept')).toHaveLength(1);
  });
});
