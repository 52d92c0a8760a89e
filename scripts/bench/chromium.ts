// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Headless Chromium as a place to measure in: builds the page of `page/`, serves it with the artifacts on
 * localhost, and has it measure. The page has no content security policy, because snarkjs starts its
 * workers from blobs; the wallet's has one, and `tap.ts` measures there.
 *
 * Slowing down: Chromium slows down the thread of a page only. It refuses to for a worker, and workers of
 * a slowed page run at full speed (150). So everything runs on the page's own thread then, ours and the
 * others' alike, and a loop says what the slowing came to.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { launch } from '../../test/e2e/browser.ts';
import type { FigureName } from './figures.ts';
import { BUILD, readArtifact } from './node_place.ts';
import type { BenchPage, Order } from './page/order.ts';
import { peakOf } from './peak.ts';
import { PEERS, readSemaphore } from './peers.ts';
import type { Figures } from './results.ts';
import type { Rounds } from './runner.ts';
import { rounded } from './stats.ts';

const PAGE = join(BUILD, 'page');
const SLOWER = 4;
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

type Say = (line: string) => void;

/** Chromium, ready to measure. */
export interface Bench {
  readonly version: string;
  readonly measure: (figures: readonly FigureName[], rounds: Rounds, say: Say) => Promise<Figures>;
  /** On one thread that is slowed down to a quarter. */
  readonly measureThrottled: (
    figures: readonly FigureName[],
    rounds: Rounds,
    say: Say,
  ) => Promise<{ figures: Figures; throttling: number }>;
  /** Peak memory in MB of a fresh page's process, after one run of a figure, or of none. Linux only. */
  readonly peak: (figure: FigureName | undefined) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Builds the page, and what is compared with as one file beside it. */
async function buildPage(): Promise<void> {
  const shared = { configFile: false, logLevel: 'error' } as const;
  await build({
    ...shared,
    root: fileURLToPath(new URL('page', import.meta.url)),
    worker: { format: 'es' },
    build: { outDir: PAGE, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 4000 },
  });
  await build({
    ...shared,
    root: PEERS,
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: PAGE,
      emptyOutDir: false,
      target: 'es2022',
      lib: { entry: join(PEERS, 'measured.js'), formats: ['es'], fileName: () => 'peers.js' },
    },
  });
}

function readServed(path: string): Promise<Uint8Array> {
  const [, folder, file] = /^\/(artifacts|semaphore)\/([\w.-]+)$/.exec(path) ?? [];
  if (file !== undefined) return folder === 'artifacts' ? readArtifact(file) : readSemaphore(file);
  if (!/^\/[\w./-]*$/.test(path) || path.includes('..')) return Promise.reject(new Error('no such path'));
  return readFile(join(PAGE, path === '/' ? 'index.html' : path));
}

async function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*$/, '');
    readServed(path).then(
      (bytes) => {
        response.setHeader('Content-Type', TYPES[path === '/' ? '.html' : extname(path)] ?? 'application/octet-stream');
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return server;
}

async function order(page: Page, what: Order): Promise<Figures> {
  return page.evaluate((asked) => (window as unknown as BenchPage).bench(asked), what);
}

const spin = (page: Page): Promise<number> => page.evaluate(() => (window as unknown as BenchPage).spin());

/** Peak memory of the processes that show pages, in MB; one page is open. */
async function rendererPeak(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const peaks = await Promise.all(processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => peakOf(id)));
  return Math.max(...peaks);
}

/** Builds the page, serves it and starts Chromium. */
export async function openChromium(say: Say): Promise<Bench> {
  say('building the page');
  await buildPage();
  const server = await serve();
  const url = `http://localhost:${String((server.address() as AddressInfo).port)}/`;
  const browser = await launch();
  const open = async (from: Browser, tell: Say): Promise<Page> => {
    const page = await from.newPage();
    page.on('console', (message) => tell(message.text()));
    page.on('pageerror', (error) => tell(error.message));
    await page.goto(url);
    return page;
  };
  return {
    version: browser.version(),
    async measure(figures, rounds, tell) {
      const page = await open(browser, tell);
      try {
        return await order(page, { figures, rounds, where: 'worker' });
      } finally {
        await page.close();
      }
    },
    async measureThrottled(figures, rounds, tell) {
      const page = await open(browser, tell);
      try {
        await spin(page); // compiled now
        const before = await spin(page);
        const session = await page.context().newCDPSession(page);
        await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
        const throttling = rounded((await spin(page)) / before);
        return { figures: await order(page, { figures, rounds, where: 'page' }), throttling };
      } finally {
        await page.close();
      }
    },
    async peak(figure) {
      const own = await launch(); // processes are reused within one browser
      try {
        const page = await open(own, () => undefined);
        if (figure !== undefined) await order(page, { figures: [figure], where: 'worker' });
        return await rendererPeak(own);
      } finally {
        await own.close();
      }
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
