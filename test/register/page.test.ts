// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REVOCATION_REASONS } from '../../src/log/events.ts';
import { drawChart, roundUp } from '../../src/register/page/curves.ts';
import { MOST_POINTS } from '../../src/register/page/history.ts';
import { STYLE } from '../../src/register/page/style.ts';
import { chooseLanguage, PAGE_TEXTS } from '../../src/register/page/texts.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { EPOCH_SECONDS, leafOf, openTestRegister, publicKey } from './harness.ts';

/** Text of a page without its marks, white space as one space. */
function textOf(page: string): string {
  return page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

const WATCHED = {
  witnesses: [
    { name: 'witness.one', publicKey: publicKey('stranger'), url: 'http://one.test' },
    { name: '<b>two</b>', publicKey: publicKey('operator'), url: 'http://two.test' },
  ],
  threshold: 0,
  fetch: () => Promise.reject(new TypeError('not reached')),
};

describeOnEachDatabase('the page of a register', (fresh) => {
  it('shows roots, counts, curves, rules, and witnesses with their last cosignature', async () => {
    const register = await openTestRegister(await fresh(), { witnessing: WATCHED });
    for (let epoch = 1; epoch <= 5; epoch++) {
      await register.submit(leafOf(epoch));
      if (epoch === 3) await register.request(leafOf(1));
      if (epoch === 4) await register.announce(leafOf(2));
      await register.nextEpoch();
    }
    const current = await register.current();
    const time = register.time.now / 1000;
    const row = { epoch: 4, witness: 'witness.one', time, line: 'x' };
    await register.database.kysely.insertInto('cosignatures').values(row).execute();
    register.time.now += 10_000;
    const page = await (await register.get('/index.en.html')).text();
    const text = textOf(page);
    for (const { presentationRoot } of current.slice(-2)) expect(text).toContain(presentationRoot.toString());
    expect(text).toContain('in use 4 ');
    expect(text).toContain('issued 5 ');
    expect(text).toContain('announced revocations 1 ');
    expect(text).toContain('the signatures of 2 of 3 approvers');
    expect(text).toContain('asked for by the holder 1');
    expect(text).toMatch(/witness\.one 4 /);
    expect(text).toContain('&lt;b&gt;two&lt;/b&gt; nothing signed yet');
    expect(text).toContain('npm run --silent audit');
    expect(page).toContain('href="checkpoints/0.json"');
    // A row for each checkpoint.
    expect(page.match(/<th scope="row">\d/g)).toHaveLength(6);
    await register.close();
  });

  it('is made before there is anything to show, and says so', async () => {
    const register = await openTestRegister(await fresh());
    const text = textOf(await (await register.get('/')).text());
    expect(text).toContain(PAGE_TEXTS.en.noCurve);
    expect(text).toContain(PAGE_TEXTS.en.unwatched);
    await register.close();
  });

  it('shows at most so many points of a long history, the latest among them', async () => {
    const register = await openTestRegister(await fresh());
    const db = register.database.kysely;
    const first = await db.selectFrom('checkpoints').selectAll().executeTakeFirstOrThrow();
    for (let epoch = 1; epoch <= 2 * MOST_POINTS + 3; epoch++) {
      await register.submit(leafOf(epoch));
      await register.nextEpoch();
    }
    const page = await (await register.get('/')).text();
    const rows = page.match(/<th scope="row">/g) ?? [];
    expect(rows.length).toBeLessThanOrEqual(MOST_POINTS);
    expect(rows.length).toBeGreaterThan(MOST_POINTS / 2);
    expect(page).toContain(`<td>${String(2 * MOST_POINTS + 3)}</td>`);
    expect(first.epoch).toBe(0);
    await register.close();
  }, 60_000);
});

describe('the page over HTTP', () => {
  it('speaks the language of the visitor, and each language at an address of its own', async () => {
    const register = await openTestRegister(':memory:');
    const at = async (path: string, accept?: string): Promise<Response> =>
      register.app.request(path, accept === undefined ? {} : { headers: { 'Accept-Language': accept } });
    const chinese = await at('/', 'zh-CN,zh;q=0.9,en;q=0.8');
    expect(chinese.headers.get('Vary')).toContain('Accept-Language');
    expect(await chinese.text()).toContain('<html lang="zh-CN">');
    expect(await (await at('/', 'en-GB')).text()).toContain('<html lang="en">');
    // An address with a language is the same for everyone.
    const fixed = await at('/index.zh.html', 'en');
    expect(fixed.headers.get('Vary')).toBeNull();
    expect(await fixed.text()).toContain('<html lang="zh-CN">');
    expect((await at('/index.fr.html')).status).toBe(404);
    await register.close();
  });

  it('allows no script, no frame and nothing from elsewhere', async () => {
    const register = await openTestRegister(':memory:');
    for (const path of ['/', '/index.en.html', '/index.zh.html']) {
      const response = await register.get(path);
      expect(response.headers.get('Content-Security-Policy')).toBe(
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      for (const name of ['ETag', 'Set-Cookie']) expect(response.headers.get(name)).toBeNull();
      expect(await response.text()).not.toMatch(/<script|style="|\son\w+="|https?:/);
    }
    const style = await register.get('/register.css');
    expect(style.headers.get('Content-Type')).toBe('text/css; charset=utf-8');
    expect(await style.text()).toBe(STYLE);
    await register.close();
  });

  it('is made anew once it is five seconds old', async () => {
    const register = await openTestRegister(':memory:');
    await register.get('/index.en.html');
    await register.submit(leafOf(1));
    register.time.now += 4999;
    await register.turn();
    expect(textOf(await (await register.get('/index.en.html')).text())).toContain('issued 0 ');
    register.time.now += 1;
    expect(textOf(await (await register.get('/index.en.html')).text())).toContain('issued 1 ');
    expect(EPOCH_SECONDS).toBeGreaterThan(5);
    await register.close();
  });

  it('has every word in both languages, and headings in order', async () => {
    const { en, zh } = PAGE_TEXTS;
    const keys = (value: object): string[] =>
      Object.entries(value).flatMap(([name, inner]) =>
        typeof inner === 'object' ? keys(inner as object).map((key) => `${name}.${key}`) : [name],
      );
    expect(keys(zh)).toEqual(keys(en));
    expect(Object.keys(en.reasons)).toEqual(Object.keys(REVOCATION_REASONS));
    for (const [language, texts] of Object.entries(PAGE_TEXTS)) {
      for (const text of Object.values(texts)) {
        if (typeof text === 'string' && language === 'zh') expect(text).not.toMatch(/[\u4e00-\u9fff][,:;(]/);
      }
    }
    const register = await openTestRegister(':memory:');
    const page = await (await register.get('/')).text();
    const levels = [...page.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [i, level] of levels.slice(1).entries()) expect(level - (levels[i] ?? 0)).toBeLessThanOrEqual(1);
    await register.close();
  });
});

describe('languages', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['zh', 'zh'],
    ['zh-Hant-TW', 'zh'],
    ['fr, zh;q=0.5, en;q=0.4', 'zh'],
    ['en;q=0.4, zh;q=0.5', 'zh'],
    ['zh;q=0, en;q=0.1', 'en'],
    ['zh;q=x', 'en'],
    ['de', 'en'],
  ])('of %j: %s', (accepted, language) => {
    expect(chooseLanguage(accepted)).toBe(language);
  });
});

describe('curves', () => {
  it('stay inside their frame', async () => {
    const chart = fc.array(fc.tuple(fc.nat(1000), fc.nat(2 ** 40)), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chart, async (points) => {
        let time = 1_790_000_000;
        const times = points.map(([step]) => (time += step));
        const svg = (
          await drawChart({
            title: 'x',
            times,
            lines: [{ style: 'issued', name: 'x', values: points.map(([, value]) => value) }],
            formatTime: String,
            formatCount: String,
          })
        ).toString();
        const [, path = ''] = /class="line issued" d="([^"]*)"/.exec(svg) ?? [];
        for (const [, kind, number] of path.matchAll(/([MHV ])(-?[\d.]+)/g)) {
          expect(Number(number)).toBeGreaterThanOrEqual(0);
          expect(Number(number)).toBeLessThanOrEqual(kind === 'M' || kind === 'H' ? 600 : 200);
        }
      }),
    );
  });

  it('have a round number on top', () => {
    expect([0, 1, 2, 3, 11, 99, 501, 2 ** 33].map(roundUp)).toEqual([1, 1, 2, 5, 20, 100, 1000, 10_000_000_000]);
  });
});

describe('the style sheet', () => {
  const channels = (hex: string): readonly number[] => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  const luminance = (hex: string): number => {
    const [r = 0, g = 0, b = 0] = channels(hex).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string): number => {
    const [x = 0, y = 0] = [luminance(a), luminance(b)].sort((left, right) => right - left);
    return (x + 0.05) / (y + 0.05);
  };
  const schemes = [...STYLE.matchAll(/:root \{[^}]*\}/g)].map(
    ([block]) => new Map([...block.matchAll(/--(\w+): (#[0-9a-f]{6})/g)].map(([, name = '', hex = '']) => [name, hex])),
  );

  it.each([
    ['light', 0],
    ['dark', 1],
  ])('has enough contrast when it is %s', (_, scheme) => {
    const colour = (name: string): string => schemes[scheme]?.get(name) ?? '#000000';
    for (const ground of ['paper', 'card']) {
      for (const text of ['ink', 'soft', 'accent']) expect(contrast(colour(text), colour(ground))).toBeGreaterThan(4.5);
      for (let line = 0; line < 7; line++)
        expect(contrast(colour(`c${String(line)}`), colour(ground))).toBeGreaterThan(3);
    }
  });
});
