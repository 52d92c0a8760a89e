// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { serve, type ServerType } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Companion, COMPANION_PORT, createCompanion } from '../../src/companion/app.ts';
import { decodeChip } from '../../src/demo/chip_kept.ts';
import { SimulatedChip } from '../../src/demo/chip_simulator.ts';
import { createReaderSimulator, type ReaderSimulator } from '../../src/demo/reader_simulator.ts';
import { en } from '../../src/wallet/ui/strings/en.ts';
import { chromiumPath, firstOf } from './browser.ts';
import { choosePin, type House, openHouse, PIN } from './house.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

/** Bytes of the wanted length. */
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

describe.skipIf(missing)('a companion on the same computer', () => {
  let house: House;
  let companion: Companion;
  let server: ServerType;
  let mrz: string;
  let reader: ReaderSimulator;
  let chip: () => SimulatedChip;
  /** As after a start: another code, and pages that it does not know. */
  const startCompanion = (): void => {
    // The page looks at this port and at no other.
    companion = createCompanion({ reader, random, origins: [house.stack.urls.wallet], port: COMPANION_PORT });
  };

  beforeAll(async () => {
    house = await openHouse();
    const { wallet } = house.stack.urls;
    const plan = decodeChip(await (await fetch(`${wallet}/demo/samples/yu/documents/passport/chip`)).json());
    ({ mrz } = plan);
    chip = () => new SimulatedChip({ ...plan, random });
    reader = createReaderSimulator({ chip, answerMs: 2 });
    startCompanion();
    await new Promise<void>((resolve, reject) => {
      const fetch = (request: Request) => companion.app.fetch(request);
      server = serve({ fetch, port: COMPANION_PORT, hostname: '127.0.0.1' }, () => resolve());
      server.on('error', reject);
    });
  });
  afterAll(async () => {
    await companion.close();
    await new Promise((resolve) => server.close(resolve));
    await house.close();
  });

  it('is found and paired, reads with progress, and has the chip answer, for the higher assurance', async () => {
    const { page, seen } = await house.visit();
    await page.goto(`${house.stack.urls.wallet}/enrol`);
    await page.locator('[data-kind="passport"]').click();
    await page.getByRole('button', { name: en.companion.look }).click();
    const code = page.getByLabel(en.companion.code);
    await code.fill(companion.code === '000000' ? '111111' : '000000');
    await page.getByRole('button', { name: en.companion.pair }).click();
    await page.locator('[data-problem="companion_code_wrong"]').waitFor();
    await code.fill(companion.code);
    await page.getByRole('button', { name: en.companion.pair }).click();

    // A simulator says so.
    await page.getByText(en.companion.simulated).waitFor();
    const line = mrz.slice(44);
    await page.getByLabel(en.companion.number).fill(line.slice(0, 9).replaceAll('<', ''));
    await page.getByLabel(en.companion.birth).fill(line.slice(13, 19));
    await page.getByLabel(en.companion.expiry).fill('010101');
    await page.getByRole('button', { name: en.companion.read }).click();
    await page.locator('[data-problem="chip_access_denied"]').waitFor();
    // What was right still stands there.
    await page.getByLabel(en.companion.expiry).fill(line.slice(21, 27));

    // A companion that was started again is looked for and paired anew; what was typed stays.
    startCompanion();
    await page.getByRole('button', { name: en.companion.read }).click();
    await page.locator('[data-problem="companion_unpaired"]').waitFor();
    const pair = async (): Promise<void> => {
      await page.getByRole('button', { name: en.companion.look }).click();
      await code.fill(companion.code);
      await page.getByRole('button', { name: en.companion.pair }).click();
    };
    await pair();
    expect(await page.getByLabel(en.companion.number).inputValue()).toBe(line.slice(0, 9).replaceAll('<', ''));

    // A reading that was walked away from sends nothing, and leaves the reader free.
    reader.lay(undefined);
    await page.getByRole('button', { name: en.companion.read }).click();
    await page.getByText(en.companion.steps.waiting).waitFor();
    await page.getByRole('button', { name: en.back, exact: true }).last().click();
    reader.lay(chip);
    await page.locator('[data-kind="passport"]').click();
    await pair();
    expect(await page.getByLabel(en.companion.number).inputValue()).toBe('');
    await page.getByLabel(en.companion.number).fill(line.slice(0, 9).replaceAll('<', ''));
    await page.getByLabel(en.companion.birth).fill(line.slice(13, 19));
    await page.getByLabel(en.companion.expiry).fill(line.slice(21, 27));
    await page.getByRole('button', { name: en.companion.read }).click();

    expect(await firstOf(page, '[data-stage="face"]', '[data-problem]')).toBe('[data-stage="face"]');
    const live = house.stack.people.find(({ id }) => id === 'yu')?.live ?? new Uint8Array();
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'me.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(live) });
    await page.locator('[data-stage="phone"] [data-name="skip"]').click();
    await choosePin(page, PIN);
    await page.locator('[data-stage="backup"] [data-name="skip"]').click();
    expect(await firstOf(page, '[data-enrolled]', '[data-problem]')).toBe('[data-enrolled]');
    await page.getByRole('link', { name: en.enrol.toCredential }).click();
    await page.getByText(en.credential.assurances[2] ?? '', { exact: true }).waitFor();
    expect(seen.faults).toEqual([]);
  });
});
