// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Enrolment before a camera, in Chromium: a photograph held to it is refused, and a face in motion passes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ephemeralConfig } from '../../src/server/config.ts';
import { type DemoStack, startDemoStack } from '../../src/server/demo_stack.ts';
import { ARGS, chromiumPath, firstOf } from './browser.ts';
import { filmPhotograph } from './camera.ts';

/** Longer than a capture, so that the film does not begin again within one. */
const FILM_SECONDS = 32;
const SLOW = 240_000;
const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

describe.skipIf(missing)('a face before the camera', () => {
  let stack: DemoStack;
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    stack = await startDemoStack({ config: { ...ephemeralConfig(), liveness: 'required' } });
    folder = await mkdtemp(join(tmpdir(), 'bauta-camera-'));
    const film = join(folder, 'photograph.y4m');
    const still = (await stack.frames.frames(person().live, ['look_ahead']))[0]?.jpeg ?? new Uint8Array();
    await filmPhotograph(film, still, FILM_SECONDS);
    browser = await chromium.launch({
      executablePath: chromiumPath() ?? 'chromium',
      args: [...ARGS, `--use-file-for-fake-video-capture=${film}`],
    });
  }, SLOW);
  afterAll(async () => {
    await browser.close();
    await stack.close();
    await rm(folder, { recursive: true });
  });

  const person = () => {
    const found = stack.people.find(({ id }) => id === 'robin');
    if (found === undefined) throw new Error('no such sample person');
    return found;
  };

  const untilFace = async (page: Page): Promise<void> => {
    await page.goto(`${stack.urls.wallet}/enrol`);
    await page.locator('[data-kind="passport"]').click();
    await page.locator('[data-sample="robin"]').first().click();
    await page.locator('[data-stage="face"] [data-name="camera"]').waitFor();
  };

  it(
    'is refused when it is a photograph of the right person',
    async () => {
      const page = await (await browser.newContext({ locale: 'en-GB', serviceWorkers: 'block' })).newPage();
      await untilFace(page);
      await page.locator('[data-stage="face"] [data-name="camera"]').click();
      await page.locator('[data-liveness="look_ahead"]').waitFor();
      await page.locator('[data-problem], [data-stage="phone"]').first().waitFor({ timeout: 120_000 });
      // It is the right face, alone, in good light: what is missing is that it moves.
      expect(await page.locator('[data-problem]').first().getAttribute('data-problem')).toMatch(
        /^liveness_(turn_missing|blink_missing|action_unasked)$/,
      );
      expect(await page.locator('[data-stage="phone"]').count()).toBe(0);
    },
    SLOW,
  );

  it(
    'passes in motion, as it is made for sample people',
    async () => {
      const page = await (await browser.newContext({ locale: 'en-GB', serviceWorkers: 'block' })).newPage();
      await untilFace(page);
      await page.locator('[data-stage="face"] .primary').click();
      expect(await firstOf(page, '[data-stage="phone"]', '[data-problem]')).toBe('[data-stage="phone"]');
    },
    SLOW,
  );
});
