// SPDX-License-Identifier: GPL-3.0-or-later
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath } from './browser.ts';
import { type House, openHouse, openWallet } from './house.ts';

const missing = chromiumPath() === undefined && process.env['CI'] !== 'true';

describe.skipIf(missing)('a wallet without an open page', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(async () => {
    await house.close();
  });

  it('syncs when the browser wakes it and it is time', async () => {
    const { page, context, seen } = await house.visit({ serviceWorker: true });
    const { wallet, register } = house.stack.urls;
    const session = await context.newCDPSession(page);
    // Granted to installed apps only, which a browser without a window has none of.
    await context.addInitScript(() => {
      const permissions = navigator.permissions;
      const query = permissions.query.bind(permissions);
      permissions.query = (asked) =>
        (asked.name as string) === 'periodic-background-sync'
          ? Promise.resolve({ state: 'granted' } as PermissionStatus)
          : query(asked);
    });
    await house.enrol(page, 'robin');
    const registered = new Promise<string>((resolve) => {
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        const own = registrations.find(({ scopeURL }) => scopeURL.startsWith(wallet));
        if (own !== undefined) resolve(own.registrationId);
      });
    });
    await session.send('ServiceWorker.enable');
    await openWallet(page, `${wallet}/credential`);
    const before = Number(await page.locator('[data-synced]').getAttribute('data-synced'));
    const registrationId = await registered;
    // The page that is left has no timer of the wallet.
    await page.goto(`${wallet}/config.json`);
    const count = (): number => seen.requests.filter(({ url }) => url.startsWith(`${register}/v1/checkpoints`)).length;
    const asked = count();
    await expect
      .poll(
        async () => {
          const tag = 'bauta-sync';
          await session.send('ServiceWorker.dispatchPeriodicSyncEvent', { origin: wallet, registrationId, tag });
          return count();
        },
        { timeout: 30_000, interval: 1000 },
      )
      .toBeGreaterThan(asked);
    await openWallet(page, `${wallet}/credential`);
    const after = Number(await page.locator('[data-synced]').getAttribute('data-synced'));
    expect(after).toBeGreaterThan(before);
    expect(seen.faults).toEqual([]);
  });
});
