// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Stand-ins on a walk for what cannot be brought about at a certain moment: a companion in the middle of a
 * reading, a new version of the wallet.
 *
 * @module
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { COMPANION_URL } from '../../src/wallet/companion.ts';

const READER = { kind: 'simulator', name: 'Simulated reader' };
/** Of one file, so that the bar stands somewhere. */
const HALFWAY = { step: 'files', file: 'DG2', read: 7_400, total: 18_200 };
const TOLD = 'stand-in-update';
/** Text, since what tsx makes of a function calls a helper that pages lack. */
const UPDATED = `if (sessionStorage.getItem('${TOLD}') !== null) {
  const registration = Object.assign(new EventTarget(), { waiting: {} });
  const serviceWorker = Object.assign(new EventTarget(), {
    controller: {},
    ready: new Promise(() => undefined),
    register: () => Promise.resolve(registration),
    getRegistration: () => Promise.resolve(registration),
  });
  Object.defineProperty(navigator, 'serviceWorker', { value: serviceWorker });
}`;

/** A companion that is not there at first, then is found, paired by any code, and reads without end. */
export async function withCompanion(page: Page, work: (start: () => void) => Promise<void>): Promise<void> {
  let isThere = false;
  // The page reads an answer of which the rest never comes; a route can only answer as a whole.
  const reading = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'access-control-allow-origin': '*' });
    response.write(`${JSON.stringify({ progress: HALFWAY })}\n`);
  });
  await new Promise<void>((resolve) => reading.listen(0, '127.0.0.1', resolve));
  const { port } = reading.address() as AddressInfo;
  await page.route(`${COMPANION_URL}/**`, (route) => {
    const headers = { 'access-control-allow-origin': '*' };
    switch (isThere ? new URL(route.request().url()).pathname : '') {
      case '/v1/status':
        return route.fulfill({ json: { companion: 1, reader: READER, locked: false }, headers });
      case '/v1/pair':
        return route.fulfill({ json: { token: 'A'.repeat(43), reader: READER }, headers });
      case '/v1/read':
        return route.continue({ url: `http://127.0.0.1:${String(port)}/` });
      default:
        return route.abort('connectionrefused');
    }
  });
  try {
    await work(() => {
      isThere = true;
    });
  } finally {
    await page.unroute(`${COMPANION_URL}/**`);
    reading.closeAllConnections();
    reading.close();
  }
}

/** Shows the page as a browser does that has fetched a new version of the wallet. */
export async function withUpdate(page: Page, work: () => Promise<void>): Promise<void> {
  await page.addInitScript({ content: UPDATED });
  await page.evaluate((told) => sessionStorage.setItem(told, ''), TOLD);
  await page.reload();
  await work();
  await page.evaluate((told) => sessionStorage.removeItem(told), TOLD);
  await page.reload();
}
