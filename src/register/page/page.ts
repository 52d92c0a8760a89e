// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The register's public page. One file for each language, the same for everyone, with addresses relative
 * to itself, so that mirrors can serve it. No script.
 *
 * @module
 */
import { html } from 'hono/html';
import type { Checkpoint } from '../../log/checkpoint.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../../log/events.ts';
import { toBase64 } from '../../log/note.ts';
import { drawChart, type Html } from './curves.ts';
import type { PageData } from './history.ts';
import { PAGE_LANGUAGES, PAGE_TEXTS, type PageLanguage, type PageTexts } from './texts.ts';

/** Name of the style sheet, beside the page. */
export const STYLE_FILE = 'register.css';

const REASONS = Object.keys(REVOCATION_REASONS) as RevocationReason[];
const COUNTS = ['active', 'issued', 'replaced', 'revoked', 'announced', 'resets'] as const;

/** Name of the page's file in a language. */
export function pageFile(language: PageLanguage): string {
  return `index.${language}.html`;
}

/** What every part of the page needs. */
interface Context {
  readonly data: PageData;
  readonly texts: PageTexts;
  readonly count: (value: number) => string;
  readonly day: (seconds: number) => string;
  readonly time: (seconds: number) => string;
}

/** Writes the page. */
export function registerPage(data: PageData, language: PageLanguage): Html {
  const texts = PAGE_TEXTS[language];
  const { tag } = texts;
  const { timeZone } = data;
  const numbers = new Intl.NumberFormat(tag);
  const days = new Intl.DateTimeFormat(tag === 'en' ? 'en-GB' : tag, { timeZone, dateStyle: 'medium' });
  const times = new Intl.DateTimeFormat(tag === 'en' ? 'en-GB' : tag, {
    timeZone,
    dateStyle: 'medium',
    timeStyle: 'medium',
  });
  const context: Context = {
    data,
    texts,
    count: (value) => numbers.format(value),
    day: (seconds) => days.format(seconds * 1000),
    time: (seconds) => times.format(seconds * 1000),
  };
  return html`<!doctype html>
    <html lang="${tag}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${texts.title} – ${data.origin}</title>
        <link rel="stylesheet" href="${STYLE_FILE}" />
      </head>
      <body>
        <header>
          <div>
            <h1>${texts.title}</h1>
            <p class="origin">${data.origin}</p>
          </div>
          <nav aria-label="${texts.languages}">
            ${PAGE_LANGUAGES.map(
              (other) =>
                html`<a
                  href="${pageFile(other)}"
                  lang="${PAGE_TEXTS[other].tag}"
                  ${other === language ? html`aria-current="page"` : ''}
                  >${PAGE_TEXTS[other].name}</a
                >`,
            )}
          </nav>
        </header>
        <main>
          <p class="intro">${texts.intro}</p>
          ${today(context)} ${counts(context)} ${curves(context)}
          <div class="pair">${rules(context)} ${witnesses(context)}</div>
          ${check(context)}
        </main>
        <footer><p>${texts.times(timeZone)}</p></footer>
      </body>
    </html>`;
}

function section(id: string, title: string, content: Html): Html {
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section>`;
}

function today({ data, texts, count, time }: Context): Html {
  const card = (name: string, checkpoint: Checkpoint | undefined): Html =>
    checkpoint === undefined
      ? html`<div class="card">
          <h3>${name}</h3>
          <p>${texts.none}</p>
        </div>`
      : html`<div class="card">
          <h3>${name}</h3>
          <dl>
            <dt>${texts.root}</dt>
            <dd class="mono">${checkpoint.presentationRoot.toString()}</dd>
            <dt>${texts.epoch}</dt>
            <dd>${count(checkpoint.epoch)}</dd>
            <dt>${texts.activeFrom}</dt>
            <dd>${time(checkpoint.activeFrom)}</dd>
            <dt>${texts.logSize}</dt>
            <dd>${count(checkpoint.size)}</dd>
            <dt>${texts.logRoot}</dt>
            <dd class="mono">${toBase64(checkpoint.rootHash)}</dd>
          </dl>
        </div>`;
  return section(
    'today',
    texts.today,
    html`<p>${texts.rootMeaning}</p>
      <div class="pair">${card(texts.active, data.active)} ${card(texts.next, data.next)}</div>`,
  );
}

function counts({ data, texts, count }: Context): Html {
  const latest = data.history.at(-1);
  return section(
    'counts',
    texts.counts,
    html`<dl class="counts">
      ${COUNTS.map(
        (name) =>
          html`<div>
            <dt>${texts.countNames[name]}</dt>
            <dd><b>${count(latest?.counts[name] ?? 0)}</b> <small>${texts.countMeanings[name]}</small></dd>
          </div>`,
      )}
    </dl>`,
  );
}

function curves({ data: { history }, texts, count, day }: Context): Html {
  if (history.length < 2) {
    return section('curves', texts.curves, html`<p>${texts.noCurve}</p>`);
  }
  const frame = { times: history.map(({ activeFrom }) => activeFrom), formatTime: day, formatCount: count };
  const issued = { style: 'issued', name: texts.issuedCurve, values: history.map((point) => point.counts.issued) };
  const revoked = REASONS.map((reason, i) => ({
    style: `reason-${String(i)}`,
    name: texts.reasons[reason],
    values: history.map(({ reasons }) => reasons[reason]),
  }));
  return section(
    'curves',
    texts.curves,
    html`<div class="pair">
        ${drawChart({ ...frame, title: texts.issuedCurve, lines: [issued] })}
        ${drawChart({ ...frame, title: texts.revokedCurve, lines: revoked })}
      </div>
      <details>
        <summary>${texts.table}</summary>
        <div class="scroll" role="region" tabindex="0" aria-label="${texts.table}">
          <table>
            <thead>
              <tr>
                <th scope="col">${texts.day}</th>
                <th scope="col">${texts.epoch}</th>
                <th scope="col">${texts.countNames.issued}</th>
                ${REASONS.map((reason) => html`<th scope="col">${texts.reasons[reason]}</th>`)}
              </tr>
            </thead>
            <tbody>
              ${history.map(
                ({ activeFrom, epoch, counts: { issued: total }, reasons }) =>
                  html`<tr>
                    <th scope="row">${day(activeFrom)}</th>
                    <td>${count(epoch)}</td>
                    <td>${count(total)}</td>
                    ${REASONS.map((reason) => html`<td>${count(reasons[reason])}</td>`)}
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
      </details>`,
  );
}

function rules({ data: { rules: inForce, approvers }, texts }: Context): Html {
  return section(
    'rules',
    texts.rules,
    html`<ul>
      <li>${texts.approvals(inForce.approvals, approvers)}</li>
      <li>${texts.delay(inForce.delay)}</li>
      <li>${texts.exceptions}</li>
    </ul>`,
  );
}

function witnesses({ data: { witnesses: all, threshold }, texts, count, time }: Context): Html {
  if (all.length === 0) {
    return section('witnesses', texts.witnesses, html`<p>${texts.unwatched}</p>`);
  }
  return section(
    'witnesses',
    texts.witnesses,
    html`<p>${texts.threshold(threshold, all.length)}</p>
      <div class="scroll" role="region" tabindex="0" aria-label="${texts.witnesses}">
        <table class="witnesses">
          <thead>
            <tr>
              <th scope="col">${texts.witness}</th>
              <th scope="col">${texts.lastEpoch}</th>
              <th scope="col">${texts.lastTime}</th>
            </tr>
          </thead>
          <tbody>
            ${all.map(
              ({ name, last }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  ${
                    last === undefined
                      ? html`<td colspan="2">${texts.never}</td>`
                      : html`<td>${count(last.epoch)}</td>
                          <td>${time(last.time)}</td>`
                  }
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`,
  );
}

function check({ data: { history }, texts }: Context): Html {
  const entries = (history.at(-1)?.size ?? 0) >= 256 ? 'tile/entries/000' : undefined;
  const raw = [
    ['checkpoint', 'checkpoint'],
    ['checkpoints/0.json', 'history'],
    ...(entries === undefined ? [] : [[entries, 'entries'] as const]),
    ['announcements/0.json', 'announcements'],
    ['v1/info', 'info'],
  ] as const;
  return section(
    'check',
    texts.check,
    html`<p>${texts.checkText}</p>
      <pre tabindex="0"><code>npm run --silent audit -- ${texts.address}</code></pre>
      <h3>${texts.raw}</h3>
      <ul>
        ${raw.map(([path, name]) => html`<li><a href="${path}">${texts.rawNames[name]}</a> <code>/${path}</code></li>`)}
      </ul>`,
  );
}
