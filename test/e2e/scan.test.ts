// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A code on another screen, in Chromium: a camera looks at the terminal of a shop, and what the wallet shows then
 * is typed there; a camera that is refused, and codes that ask for nothing.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { encodeQR } from 'qr';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { ARGS, chromiumPath, firstOf, textOf, type Watch, watch } from './browser.ts';
import { type House, openHouse, openWallet, READY } from './house.ts';
import { turnTo } from './tour.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';
const WIDTH = 640;
const HEIGHT = 480;

/** Grey, a little crooked, as a hand holds a telephone before a screen. */
async function filmOf(picture: Uint8Array): Promise<Uint8Array> {
  const held = await sharp(picture)
    .flatten({ background: '#fff' })
    .resize(380, 380, { fit: 'contain', background: '#fff' })
    .rotate(6, { background: '#777' })
    .toBuffer();
  const luma = await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#777' } })
    .composite([{ input: held, left: 130, top: 20 }])
    .greyscale()
    .raw()
    .toBuffer();
  const head = `YUV4MPEG2 W${String(WIDTH)} H${String(HEIGHT)} F6:1 Ip A1:1 C420\n`;
  const frame = [Buffer.from('FRAME\n'), luma.subarray(0, WIDTH * HEIGHT), Buffer.alloc((WIDTH * HEIGHT) / 2, 128)];
  return Buffer.concat([Buffer.from(head), ...frame, ...frame]);
}

/** A code of a text as a picture. */
function pictureOf(text: string): Promise<Uint8Array> {
  return sharp(Buffer.from(encodeQR(text, 'svg')), { density: 300 })
    .png()
    .toBuffer();
}

describe.skipIf(missing)('the scanner', () => {
  let house: House;
  let folder: string;
  let film: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let seen: Watch;

  beforeAll(async () => {
    house = await openHouse();
    folder = await mkdtemp(join(tmpdir(), 'bauta-scan-'));
    film = join(folder, 'camera.y4m');
    await show(await pictureOf('nothing yet'));
    browser = await chromium.launch({
      executablePath: chromiumPath() ?? 'chromium',
      // Here somebody is asked for the camera.
      args: [
        ...ARGS.filter((argument) => argument !== '--use-fake-ui-for-media-stream'),
        `--use-file-for-fake-video-capture=${film}`,
      ],
    });
    context = await browser.newContext({ locale: 'en-GB', serviceWorkers: 'block' });
    seen = await watch(context);
    page = await context.newPage();
    await house.enrol(page, 'robin');
  });
  afterAll(async () => {
    await browser.close();
    await house.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** What the camera sees from its next opening on. */
  const show = async (picture: Uint8Array): Promise<void> => writeFile(film, await filmOf(picture));
  const begin = () => page.getByRole('button', { name: en.scan.begin });
  const open = async (): Promise<void> => {
    await openWallet(page, `${house.stack.urls.wallet}/scan`);
    await begin().waitFor();
  };

  it('says that the camera is refused, and takes the link instead, or a picture of the code', async () => {
    await open();
    await begin().click();
    await page.locator('[data-problem="camera_unavailable"]').waitFor();
    expect(await textOf(page)).toContain(en.problems.camera_unavailable);
    const link = page.getByLabel(en.scan.paste);
    const go = page.getByRole('button', { name: en.scan.pasteOpen });
    await link.fill('https://example.org/menu');
    await go.click();
    await page.getByText(en.scan.other).waitFor();
    expect(new URL(page.url()).pathname).toBe('/scan');

    const { page: counter } = await house.visit();
    await counter.goto(`${house.stack.urls.market}/terminal`);
    await counter.locator('[data-scan]').click();
    await link.fill((await counter.locator('[data-link]').getAttribute('href')) ?? '');
    await go.click();
    expect(await firstOf(page, READY, '[data-problem]')).toBe(READY);
    expect(await page.locator('.asker h1').innerText()).toContain(new URL(house.stack.urls.market).host);

    await turnTo(page, '/scan');
    const file = page.locator('input[type="file"]');
    const blank = await sharp({ create: { width: 200, height: 200, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    await file.setInputFiles({ name: 'blank.png', mimeType: 'image/png', buffer: blank });
    await page.getByText(en.scan.none).waitFor();
    const code = await counter.locator('svg.qr').screenshot();
    await file.setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: code });
    expect(await firstOf(page, READY, '[data-problem]')).toBe(READY);
    expect(seen.faults).toEqual([]);
    await house.leave();
  });

  it('reads what a terminal shows, and gives the code that is typed there; a code that asks for nothing is no request', async () => {
    await context.grantPermissions(['camera'], { origin: house.stack.urls.wallet });
    await show(await pictureOf('https://example.org/menu#today'));
    await open();
    await begin().click();
    await page.getByText(en.scan.other).waitFor();
    expect(new URL(page.url()).pathname).toBe('/scan');
    await page.getByRole('button', { name: en.scan.stop }).click();
    await begin().waitFor();

    const { page: counter, seen: seenThere } = await house.visit();
    await counter.goto(`${house.stack.urls.market}/terminal`);
    await counter.locator('[data-scan]').click();
    // What is on the screen, as it is, comes before the camera.
    await show(await counter.locator('svg.qr').screenshot());
    await begin().click();
    expect(await firstOf(page, READY, '[data-problem]', '[data-unmet]')).toBe(READY);
    const { host } = new URL(house.stack.urls.market);
    expect(await page.locator('.asker h1').innerText()).toContain(host);
    expect(await textOf(page)).toContain(en.consent.crossDeviceText(host));
    // The camera is let go as soon as the code is read.
    expect(await page.locator('video').count()).toBe(0);
    expect(await counter.locator('[data-customer]').count()).toBe(0);

    await page.locator('.sheet .primary').click();
    const code = (await page.locator('[data-code]').getAttribute('data-code')) ?? '';
    await counter.locator('[data-done]').waitFor();
    await counter.locator('[name="code"]').fill(code);
    await counter.locator('.fields button').click();
    await counter.locator('[data-customer]').waitFor();
    expect([seen.faults, seenThere.faults]).toEqual([[], []]);
  });
});
