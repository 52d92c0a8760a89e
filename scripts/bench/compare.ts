// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Results against those of an earlier run.
 *
 * @module
 */
import { FIGURE_NAMES } from './figures.ts';
import type { Figures, Results } from './results.ts';

/** One figure then and now. */
export interface Difference {
  readonly name: string;
  readonly before: number;
  readonly now: number;
  /** Below 1 is faster, or smaller. */
  readonly ratio: number;
  /** Whether the quartiles do not overlap, so that the difference is more than noise. */
  readonly clear: boolean;
}

function figuresBetween(place: string, before: Figures = {}, now: Figures = {}): Difference[] {
  return FIGURE_NAMES.flatMap((figure) => {
    const [a, b] = [before[figure]?.ms, now[figure]?.ms];
    if (a === undefined || b === undefined) return [];
    return {
      name: place === '' ? figure : `${place} ${figure}`,
      before: a.median,
      now: b.median,
      ratio: b.median / a.median,
      clear: b.q1 > a.q3 || b.q3 < a.q1,
    };
  });
}

/** What both runs measured. */
export function differences(before: Results, now: Results): Difference[] {
  const bytes = (['downloadBrotli'] as const).flatMap((name): Difference[] => {
    const [a, b] = [before.bytes[name], now.bytes[name]];
    return a === undefined || b === undefined ? [] : [{ name, before: a, now: b, ratio: b / a, clear: a !== b }];
  });
  return [
    ...figuresBetween('', before.node, now.node),
    ...figuresBetween('chromium', before.chromium?.figures, now.chromium?.figures),
    ...figuresBetween('throttled', before.chromium?.throttled, now.chromium?.throttled),
    ...bytes,
  ];
}

/** Differences as lines of text. */
export function differenceLines(all: readonly Difference[]): string[] {
  if (all.length === 0) return ['the two runs measured nothing in common'];
  const width = Math.max(...all.map(({ name }) => name.length));
  return all.map(({ name, before, now, ratio, clear }) => {
    const words = clear ? '' : '  (within the spread)';
    return `${name.padEnd(width)}  ${String(before)} -> ${String(now)}  x ${ratio.toFixed(2)}${words}`;
  });
}
