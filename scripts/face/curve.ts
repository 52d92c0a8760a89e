// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The curve of an evaluation: both error rates over the threshold, as SVG. Two step functions and two axes
 * need no library.
 *
 * @module
 */
import { MAX_FACE_DISTANCE } from '../../src/issuer/face_matcher.ts';
import { decisive, type Measured } from './evaluate.ts';

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 64;
const RIGHT = 24;
const TOP = 24;
const BOTTOM = 56;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

const x = (threshold: number): number => LEFT + threshold * (WIDTH - LEFT - RIGHT);
const y = (rate: number): number => TOP + (1 - rate) * (HEIGHT - TOP - BOTTOM);
const n = (value: number): string => String(Math.round(value * 10) / 10);

/** Draws the curve. */
export function drawCurve({ genuine, impostor }: Measured): string {
  const lines = [
    { colour: '#0b6e4f', name: 'not recognised (FNMR)', path: steps(genuine.map(decisive), (share) => 1 - share) },
    { colour: '#b3261e', name: 'taken for another (FMR)', path: steps(impostor.map(decisive), (share) => share) },
  ];
  const ticks = TICKS.map(
    (tick) =>
      `<path d="M${n(x(tick))} ${n(y(0))}v6M${n(LEFT)} ${n(y(tick))}h-6" stroke="#555"/>` +
      `<text x="${n(x(tick))}" y="${n(y(0) + 20)}" text-anchor="middle">${String(tick)}</text>` +
      `<text x="${n(LEFT - 10)}" y="${n(y(tick) + 4)}" text-anchor="end">${String(tick * 100)} %</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" font-family="sans-serif" font-size="13" fill="#222">
<title>Error rates over the threshold</title>
<rect width="100%" height="100%" fill="#fff"/>
<path d="M${n(LEFT)} ${n(y(1))}V${n(y(0))}H${n(x(1))}" fill="none" stroke="#555"/>
${ticks.join('\n')}
<path d="M${n(x(MAX_FACE_DISTANCE))} ${n(y(1))}V${n(y(0))}" stroke="#555" stroke-dasharray="4 4"/>
<text x="${n(x(MAX_FACE_DISTANCE) + 6)}" y="${n(y(1) + 12)}">threshold ${String(MAX_FACE_DISTANCE)}</text>
${lines.map(({ colour, path }) => `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`).join('\n')}
${lines
  .map(({ colour, name }, i) => `<text x="${n(LEFT + 12)}" y="${n(y(0.9) + i * 20)}" fill="${colour}">${name}</text>`)
  .join('\n')}
<text x="${n((LEFT + WIDTH - RIGHT) / 2)}" y="${String(HEIGHT - 12)}" text-anchor="middle">threshold for the greater of both distances</text>
</svg>
`;
}

/** A step for each distance, where the share of pairs within the threshold rises. */
function steps(distances: readonly number[], rate: (share: number) => number): string {
  const sorted = [...distances].sort((a, b) => a - b);
  const path = [`M${n(x(0))} ${n(y(rate(0)))}`];
  sorted.forEach((distance, i) => {
    path.push(`H${n(x(Math.min(distance, 1)))}V${n(y(rate((i + 1) / sorted.length)))}`);
  });
  path.push(`H${n(x(1))}`);
  return path.join('');
}
