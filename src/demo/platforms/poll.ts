// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The poll: one person, one vote, by two means of the verifier. One question is decided once, by an action:
 * a credential of after its opening does not count, so that nobody votes again after losing a wallet. The
 * other is asked each week, by a limit of once a period. Either gives a pseudonym for that vote alone. The
 * answer stands in the request and is confirmed in the wallet, so the proof is of this very vote.
 *
 * @module
 */
import { html } from 'hono/html';
import type { CreateVerification } from '../../platform/client/messages.ts';
import { dateInZone } from '../../protocol/dates.ts';
import { Ballots, type Question, QUESTIONS } from './ballots.ts';
import { hero, type Html, layout, mask, type PageContext, passwordForm } from './layout.ts';
import type { Begin } from './login.ts';
import type { Visitor } from './sessions.ts';
import type { Site } from './site.ts';

const WEEK = 7 * 86_400_000;

/** Makes the poll's routes. */
export function pollRoutes(site: Site, begin: Begin): void {
  const { app, clock, ownForm } = site;
  const ballots = new Ballots();
  /** The first of this month, YYYYMMDD. */
  const opens = (): number => Math.floor(dateInZone(clock(), site.timeZone) / 100) * 100 + 1;
  const roundOf = (question: Question): number => (question === 'week' ? Math.floor(clock() / WEEK) : opens());
  const rights: Readonly<Record<Question, () => Pick<CreateVerification, 'action' | 'limit'>>> = {
    week: () => ({ limit: { name: 'square', period: 'week', times: 1 } }),
    once: () => ({ action: { name: `surplus-${String(opens())}`, opens: opens() } }),
  };
  const tallies = () => Object.fromEntries(QUESTIONS.map((name) => [name, ballots.tally(name, roundOf(name))]));
  /** Question and option of a form, or of a page that says what was cast. */
  const parse = (question: unknown, option: unknown): { question: Question; option: number } | undefined => {
    const found = QUESTIONS.find((name) => name === question);
    return found !== undefined && /^[0-3]$/.test(String(option))
      ? { question: found, option: Number(option) }
      : undefined;
  };

  app.get('/', (c) => {
    const [sort, question, option] = (c.req.query('cast') ?? '').split('.');
    const cast = parse(question, option);
    const shown = cast === undefined ? undefined : { ...cast, open: sort === 'open' };
    const results = QUESTIONS.map((name) => ({ name, tally: ballots.tally(name, roundOf(name)) }));
    return site.page(c, frontPage(site.contextOf(c), site.visitorOf(c), results, shown));
  });
  app.get('/results.json', (c) => {
    c.header('Cache-Control', 'no-store');
    return c.json(tallies());
  });

  app.post('/vote', ...ownForm, async (c) => {
    const form = await c.req.parseBody();
    const vote = parse(form['question'], form['option']);
    if (vote === undefined) return site.fail(c, 'form_invalid');
    const { question, option } = vote;
    const round = roundOf(question);
    const cast = `${question}.${String(option)}`;
    if (form['way'] === 'open') {
      const visitor = site.visitorOf(c);
      if (visitor?.kind !== 'account') return site.fail(c, 'login_needed');
      ballots.cast(question, round, 'open', visitor.name, option);
      return c.redirect(`/?cast=open.${cast}`, 303);
    }
    const texts = site.contextOf(c).texts.poll;
    const asked = texts.questions[question];
    const lines = [
      { label: texts.transaction.question, value: asked.title },
      { label: texts.transaction.answer, value: asked.options[option] ?? '' },
    ];
    const body = { ask: {}, ...rights[question](), transaction_data: [{ title: texts.transaction.title, lines }] };
    return begin(c, body, (back, { sub }) =>
      sub !== undefined && ballots.cast(question, round, 'proved', sub, option)
        ? back.redirect(`/?cast=proved.${cast}`, 303)
        : site.fail(back, 'voted'),
    );
  });
}

interface Result {
  readonly name: Question;
  readonly tally: ReturnType<Ballots['tally']>;
}

interface Cast {
  readonly question: Question;
  readonly option: number;
  readonly open: boolean;
}

function frontPage(
  context: PageContext,
  visitor: Visitor | undefined,
  results: readonly Result[],
  cast: Cast | undefined,
): Html {
  const texts = context.texts.poll;
  const account = visitor?.kind === 'account' ? visitor : undefined;
  return layout(
    context,
    html`${hero(texts.title, texts.lead)} ${cast === undefined ? '' : receipt(context, cast)}
      ${results.map((result) => ballot(context, result, account !== undefined))}
      <section class="panel">
        <h2>${texts.otherWay}</h2>
        <p>${texts.otherText}</p>
        ${
          account === undefined
            ? passwordForm(context.texts)
            : html`<p class="note" data-account>${context.texts.signedIn(account.name)}</p>
                <form method="post" action="/logout">
                  <button class="plain" data-logout>${context.texts.logout}</button>
                </form>`
        }
      </section>
      <section class="panel">
        <h2>${texts.knows}</h2>
        <p>${texts.knowsText}</p>
        <p class="soft">${context.texts.knowsNot}</p>
      </section>`,
    ['/assets/results.js'],
  );
}

function receipt({ texts: { poll } }: PageContext, { question, option, open }: Cast): Html {
  const answer = poll.questions[question].options[option] ?? '';
  return html`<p class="panel note" role="status" data-cast>${open ? poll.openCast(answer) : poll.cast(answer)}</p>`;
}

function ballot({ texts: { poll: texts } }: PageContext, { name, tally }: Result, mayVoteOpenly: boolean): Html {
  const { title, rule, options } = texts.questions[name];
  const most = Math.max(1, ...tally.proved, ...tally.open);
  const row = (option: string, number: number): Html => {
    const [proved, open] = [tally.proved[number] ?? 0, tally.open[number] ?? 0];
    return html`<li>
      <label class="choice"><input type="radio" name="option" value="${String(number)}" required />${option}</label>
      <span class="bar" data-result="${name}.${String(number)}">
        <progress value="${String(proved)}" max="${String(most)}" aria-label="${texts.proved}: ${option}"></progress>
        <b data-proved>${String(proved)}</b><span class="open">+<span data-open>${String(open)}</span></span>
      </span>
    </li>`;
  };
  return html`<form method="post" action="/vote" class="panel ballot">
    <h2>${title}</h2>
    <p class="soft">${rule}</p>
    <input type="hidden" name="question" value="${name}" />
    <ul aria-label="${texts.choose}">
      ${options.map(row)}
    </ul>
    <p class="soft"><b>${texts.proved}</b>: ${texts.provedHint} · <b>+ ${texts.open}</b>: ${texts.openHint}</p>
    <div class="ways">
      <button class="bauta" name="way" value="bauta" data-vote="${name}">${mask()}${texts.vote}</button>
      ${mayVoteOpenly ? html`<button class="plain" name="way" value="open" data-vote-open="${name}">${texts.openVote}</button>` : ''}
    </div>
  </form>`;
}
