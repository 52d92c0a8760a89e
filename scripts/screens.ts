// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run screens`: pictures of every page in both languages, at the width of a phone and of a desk, into
 * build/screens as `page.language.width.png`; the main pages also in the dark. `--help` says how to draw some.
 *
 * @module
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { ephemeralConfig } from '../src/server/config.ts';
import { startDemoStack } from '../src/server/demo_stack.ts';
import { buildPages, PAGES } from '../src/server/pages.ts';
import { launch } from '../test/e2e/browser.ts';
import { atSites, ERRANDS, lostDevice, minor, withoutCredential } from '../test/e2e/errands.ts';
import { farewell, STOPS, walk } from '../test/e2e/tour.ts';

const HELP = `Usage: npm run screens -- [--only PATTERN]

Pictures of every page, in both languages, at two widths, into build/screens as page.language.width.png.
Takes some minutes.

  --only PATTERN  only pages whose name matches this regular expression, e.g. '^enrol-' or 'consent-unmet'; the
                  other pictures stay. Whoever is shown on one of them still walks all the way.
`;
const FOLDER = fileURLToPath(new URL('../build/screens', import.meta.url));
const WIDTHS = { 390: 844, 1280: 860 } as const;
const LANGUAGES = {
  en: { locale: 'en-GB', adult: 'robin' },
  'zh-CN': { locale: 'zh-CN', adult: 'wei' },
} as const;
/** Pages that are also seen in the dark. */
const DARK: ReadonlySet<Name> = new Set(['welcome', 'consent', 'credential', 'security', 'enrol-pin', 'photo-member']);
/** Names of all pages, by the visits on which they are drawn. */
const VISITS = {
  holder: [...STOPS, ...ERRANDS.holder, ...ERRANDS.lost],
  visitor: ERRANDS.visitor,
  minor: ERRANDS.minor,
} as const;
const ALL = Object.values(VISITS).flat();

type Language = keyof typeof LANGUAGES;
const languages = Object.keys(LANGUAGES) as Language[];
type Name = (typeof ALL)[number];
type Shoot = (name: Name) => Promise<void>;

/** What is drawn, and what was. */
interface Drawing {
  readonly wanted: RegExp;
  /** Names of pages with their languages, in order. */
  readonly drawn: string[];
  /** The page that was reached last, drawn or not. */
  last: string;
}

function shooter(drawing: Drawing, page: Page, language: Language): Shoot {
  const shoot = async (name: string): Promise<void> => {
    await page.waitForFunction(() => Array.from(document.images).every(({ complete }) => complete));
    // What lies over a page covers what is seen of it, not all of it.
    const fullPage = (await page.locator('dialog[open]').count()) === 0;
    for (const [width, height] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width: Number(width), height });
      await page.screenshot({
        path: join(FOLDER, `${name}.${language}.${width}.png`),
        fullPage,
        animations: 'disabled',
      });
    }
  };
  return async (name) => {
    drawing.last = `${name} (${language})`;
    if (!drawing.wanted.test(name)) return;
    await shoot(name);
    drawing.drawn.push(drawing.last);
    console.log(`${String(drawing.drawn.length).padStart(3)} ${drawing.last}`);
    if (!DARK.has(name)) return;
    await page.emulateMedia({ colorScheme: 'dark' });
    await shoot(`${name}-dark`);
    await page.emulateMedia({ colorScheme: 'light' });
  };
}

/** When the pages were built, Unix time in milliseconds. */
async function builtAt(): Promise<number> {
  return (await stat(join(PAGES, 'index.html'))).mtimeMs;
}

/** Where the walk stopped, and a picture of it. */
async function explain(page: Page, { last }: Drawing, built: number): Promise<void> {
  const problem = page.locator('[data-problem]').first();
  const code = (await problem.count()) > 0 ? await problem.getAttribute('data-problem') : null;
  await page.screenshot({ path: join(FOLDER, 'stopped.png') });
  const where = `${new URL(page.url()).pathname}${code === null ? '' : `, which shows the problem ${code}`}`;
  console.error(`stopped after ${last || 'the start'} at ${where}; see ${join(FOLDER, 'stopped.png')}`);
  if ((await builtAt()) !== built) console.error('The pages were built anew meanwhile: run it again.');
}

async function draw(only: string | undefined): Promise<number> {
  if (only !== undefined && !ALL.some((name) => new RegExp(only).test(name))) {
    console.error(`no page is called like ${only}; there are ${ALL.join(', ')}`);
    return 2;
  }
  const drawing: Drawing = { wanted: new RegExp(only ?? ''), drawn: [], last: '' };
  const isWanted = (visit: keyof typeof VISITS): boolean => VISITS[visit].some((name) => drawing.wanted.test(name));
  if (only === undefined) await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  await buildPages();
  const built = await builtAt();
  const stack = await startDemoStack({ config: { ...ephemeralConfig(), liveness: 'required' } });
  const browser = await launch();

  const inContext = async (locale: string, work: (page: Page) => Promise<void>): Promise<void> => {
    // Without motion, bars stand where they belong at once.
    const context = await browser.newContext({ locale, serviceWorkers: 'block', reducedMotion: 'reduce' });
    // Faces in motion take a while on a busy machine.
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    try {
      await work(page);
    } catch (error) {
      await explain(page, drawing, built);
      throw error;
    }
    await context.close();
  };
  try {
    for (const language of languages) {
      const { locale, adult } = LANGUAGES[language];
      if (isWanted('visitor')) {
        await inContext(locale, (page) => withoutCredential(page, stack, shooter(drawing, page, language)));
      }
      if (!isWanted('holder')) continue;
      await inContext(locale, async (page) => {
        const shoot = shooter(drawing, page, language);
        await walk({ page, stack, adult, at: shoot });
        await atSites(page, stack, shoot);
        await inContext(locale, (lost) => lostDevice(lost, stack, adult, shooter(drawing, lost, language)));
        await farewell({ page, stack, at: shoot });
      });
    }
    // There is one sample person below 18, so both languages are seen in one go.
    if (isWanted('minor')) {
      await inContext('en-GB', (page) =>
        minor(page, stack, async (name) => {
          for (const language of languages) {
            await page.locator(`.languages [lang|="${language.slice(0, 2)}"]`).click();
            await shooter(drawing, page, language)(name);
          }
        }),
      );
    }
  } finally {
    await browser.close();
    await stack.close();
  }
  const due = ALL.filter((name) => drawing.wanted.test(name)).flatMap((name) =>
    languages.map((language) => `${name} (${language})`),
  );
  const missing = due.filter((page) => !drawing.drawn.includes(page));
  if (missing.length > 0) {
    console.error(`never reached: ${missing.join(', ')}`);
    return 1;
  }
  console.log(`pictures are in ${FOLDER}`);
  return 0;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  return draw(values.only);
}

process.exitCode = await main();
