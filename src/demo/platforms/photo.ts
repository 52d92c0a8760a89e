// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The photo editor. Pictures are edited in the browser and sent nowhere; the portrait tools are a script
 * that the site gives to those alone who have proved that they are adults.
 *
 * @module
 */
import { html } from 'hono/html';
import { hero, type Html, layout, type PageContext, visitorPanel } from './layout.ts';
import { assetOf } from './platform_assets.ts';
import type { Visitor } from './sessions.ts';
import type { Site } from './site.ts';

const LOOKS = ['plain', 'warm', 'mono', 'fade'] as const;
const SLIDERS = ['brightness', 'contrast', 'saturation', 'grain'] as const;
const FACES = ['soften', 'slim', 'sketch'] as const;

/** Makes the editor's routes. */
export function photoRoutes(site: Site): void {
  const { app } = site;
  app.get('/', (c) => site.page(c, frontPage(site.contextOf(c), site.visitorOf(c))));
  app.get('/tools/portrait.js', async (c) => {
    if (!isAdult(site.visitorOf(c))) return site.fail(c, 'login_needed');
    const headers = { 'Content-Type': 'text/javascript', 'Cache-Control': 'no-store' };
    return c.body(await assetOf('portrait_tools.js'), 200, headers);
  });
}

function isAdult(visitor: Visitor | undefined): boolean {
  return visitor?.kind === 'member' && visitor.claims['age_over_18'] === true;
}

function frontPage(context: PageContext, visitor: Visitor | undefined): Html {
  const texts = context.texts.photo;
  const adult = isAdult(visitor);
  return layout(
    context,
    html`${hero(texts.title, texts.lead)} ${visitorPanel(context, visitor, texts)}
      <section class="work" id="editor" data-adult="${String(adult)}">
        <div class="stage">
          <canvas id="canvas" width="960" height="640" role="img" aria-label="${texts.view}"></canvas>
          <noscript><p class="note">${texts.noScript}</p></noscript>
          <div class="strip" role="group" aria-label="${texts.pictures}">
            <button type="button" class="plain small" data-picture="/assets/harbour.svg">${texts.harbour}</button>
            <button type="button" class="plain small" data-picture="/assets/portrait.svg">${texts.portrait}</button>
            <label class="plain small"
              >${texts.own}<input class="hidden" type="file" id="own" accept="image/*"
            /></label>
          </div>
        </div>
        <form class="tools" id="tools">
          <fieldset class="looks">
            <legend>${texts.looks}</legend>
            ${LOOKS.map(
              (name) =>
                html`<label class="choice"
                  ><input
                    type="radio"
                    name="look"
                    value="${name}"
                    ${name === 'plain' ? 'checked' : ''}
                  />${texts.look[name]}</label
                >`,
            )}
          </fieldset>
          <fieldset>
            <legend>${texts.light}</legend>
            ${SLIDERS.map((name) => slider(name, texts.sliders[name], name === 'grain' ? 0 : -100, true))}
          </fieldset>
          <fieldset class="${adult ? 'faces' : 'faces locked'}">
            <legend>${texts.faces}</legend>
            ${adult ? '' : html`<p class="soft" id="adult">${texts.adult}</p>`}
            ${FACES.map((name) => slider(name, texts.face[name], 0, adult))}
          </fieldset>
          <div class="ways">
            <button type="button" class="plain" id="turn">${texts.turn}</button>
            <button type="button" class="plain" id="compare">${texts.compare}</button>
            <button type="reset" class="plain">${texts.reset}</button>
            <button type="button" class="strong" id="save">${texts.save}</button>
          </div>
        </form>
      </section>`,
    ['/assets/editor.js'],
  );
}

function slider(name: string, label: string, from: number, open: boolean): Html {
  return html`<label class="slider"
    ><span>${label}</span>
    <input
      type="range"
      name="${name}"
      min="${String(from)}"
      max="100"
      value="0"
      ${open ? '' : html`disabled aria-describedby="adult"`}
    />
    <output>0</output></label
  >`;
}
