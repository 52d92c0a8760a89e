// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Curves as SVG without words in it: the page puts them around it, so that they keep their size on a
 * telephone. Lines are told apart by colour and by their dashes; the style sheet has both.
 *
 * @module
 */
import { html } from 'hono/html';

/** A piece of HTML, already escaped. */
export type Html = ReturnType<typeof html>;

/** A line over common moments. */
export interface Line {
  /** Class of the style sheet. */
  readonly style: string;
  readonly name: string;
  readonly values: readonly number[];
}

/** A chart. */
export interface Chart {
  readonly title: string;
  /** Unix seconds, ascending; as many as each line has values. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  /** How the ends of the axes are written. */
  readonly formatTime: (seconds: number) => string;
  readonly formatCount: (count: number) => string;
}

const WIDTH = 600;
const HEIGHT = 200;
const GRID = [0, 0.25, 0.5, 0.75, 1] as const;

/** The least round number at or above a count: 1, 2 or 5 times a power of ten. */
export function roundUp(count: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, count)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= count) ?? 10 * power;
}

/** Draws a chart with its legend. */
export function drawChart({ title, times, lines, formatTime, formatCount }: Chart): Html {
  const [first = 0, last = first] = [times.at(0), times.at(-1)];
  const most = roundUp(Math.max(1, ...lines.flatMap(({ values }) => values)));
  const x = (time: number): number => (last === first ? 0 : (WIDTH * (time - first)) / (last - first));
  const y = (count: number): number => HEIGHT * (1 - count / most);
  const path = ({ values }: Line): string =>
    values
      .map((value, i) => {
        const [left, top] = [x(times[i] ?? first).toFixed(1), y(value).toFixed(1)];
        // Counts stay until the next checkpoint: steps, not slopes.
        return i === 0 ? `M${left} ${top}` : `H${left}V${top}`;
      })
      .join('');
  return html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <div class="plot">
      <span class="most" aria-hidden="true">${formatCount(most)}</span>
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${title}">
        ${GRID.map((part) => html`<path class="grid" d="M0 ${(HEIGHT * part).toFixed(1)}H${WIDTH}" />`)}
        ${lines.map((line) => html`<path class="line ${line.style}" d="${path(line)}" />`)}
      </svg>
    </div>
    <div class="ends" aria-hidden="true"><span>${formatTime(first)}</span><span>${formatTime(last)}</span></div>
    ${lines.length < 2 ? '' : legend(lines, formatCount)}
  </figure>`;
}

function legend(lines: readonly Line[], formatCount: (count: number) => string): Html {
  return html`<ul class="legend">
    ${lines.map(
      ({ style, name, values }) =>
        html`<li>
          <svg viewBox="0 0 28 8" aria-hidden="true"><path class="line ${style}" d="M0 4H28" /></svg>
          <span>${name}</span> <b>${formatCount(values.at(-1) ?? 0)}</b>
        </li>`,
    )}
  </ul>`;
}
