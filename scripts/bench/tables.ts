// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tables of results: as text for a terminal, as Markdown for the document.
 *
 * @module
 */
import { FIGURE_NAMES, FIGURES } from './figures.ts';
import { type Figures, type GrowthPoint, ratio, type Results, TARGETS } from './results.ts';

/** Milliseconds as people read them: three digits, no more. */
export function milliseconds(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A ratio. */
export function times(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Bytes in MB of 10^6. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

/** A Markdown table. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function cell(figures: Figures | undefined, name: (typeof FIGURE_NAMES)[number]): string {
  const ms = figures?.[name]?.ms;
  return ms === undefined ? '' : `${milliseconds(ms.median)} (${milliseconds(ms.q1)}–${milliseconds(ms.q3)})`;
}

/** All figures, in milliseconds with their quartiles. */
export function figureTable({ node, chromium }: Results): string {
  const rows = FIGURE_NAMES.map((name) => {
    const cpu = node[name]?.cpuMs;
    return [
      `\`${name}\``,
      cell(node, name),
      cpu === undefined ? '' : milliseconds(cpu),
      cell(chromium?.figures, name),
      cell(chromium?.throttled, name),
    ];
  });
  return markdown(['figure', 'Node', 'CPU in Node', 'Chromium', 'Chromium, slowed, one thread'], rows);
}

/** What each figure is. */
export function meaningTable(): string {
  return markdown(
    ['figure', 'measures'],
    FIGURE_NAMES.map((name) => [`\`${name}\``, FIGURES[name]]),
  ).replace('| ---: |', '| --- |');
}

/** Ratios against their targets, where they were measured. */
export function targetTable({ node, chromium }: Results): string {
  const show = (value: number | undefined): string => (value === undefined ? '' : times(value));
  const rows = TARGETS.map((target) => {
    const here = ratio(node, target);
    return [
      `\`${target.of}\` / \`${target.to}\``,
      String(target.least),
      show(here),
      here === undefined ? '' : here >= target.least ? 'yes' : '**no**',
      show(ratio(chromium?.figures ?? {}, target)),
      show(ratio(chromium?.throttled ?? {}, target)),
    ];
  });
  return markdown(['ratio of medians', 'at least', 'Node', 'reached', 'Chromium', 'slowed, one thread'], rows);
}

/** A curve as a table. */
export function growthTable(head: string, points: readonly GrowthPoint[]): string {
  const names = [...new Set(points.flatMap(({ ms }) => Object.keys(ms)))];
  const counts = [...new Set(points.flatMap(({ counts: all }) => Object.keys(all ?? {})))];
  const rows = points.map(({ size, ms, counts: all }) => [
    String(size),
    ...counts.map((name) => (all?.[name] ?? 0).toLocaleString('en')),
    ...names.map((name) => (ms[name] === undefined ? '' : milliseconds(ms[name]))),
  ]);
  return markdown([head, ...counts, ...names.map((name) => `\`${name}\``)], rows);
}

/** Results as lines for a terminal. */
export function tableLines(results: Results): string[] {
  const { node, chromium, bytes, tap, memory, growth } = results;
  const width = Math.max(...FIGURE_NAMES.map((name) => name.length));
  const places = [
    ['Node', node],
    ['Chromium', chromium?.figures],
    ['Chromium, slowed, one thread', chromium?.throttled],
  ] as const;
  const figures = places.flatMap(([place, all]) => {
    const names = FIGURE_NAMES.filter((name) => all?.[name] !== undefined);
    if (names.length === 0) return [];
    return [`${place}, ms: median (quartiles)`, ...names.map((name) => `  ${name.padEnd(width)}  ${cell(all, name)}`)];
  });
  const targets = TARGETS.flatMap((target) => {
    const value = ratio(node, target);
    if (value === undefined) return [];
    return `  ${target.of} / ${target.to} = ${times(value)}${value >= target.least ? '' : `, below ${String(target.least)}`}`;
  });
  const { downloadBrotli } = bytes;
  return [
    ...figures,
    ...(targets.length === 0 ? [] : ['ratios', ...targets]),
    ...(downloadBrotli === undefined ? [] : [`download, Brotli: ${megabytes(downloadBrotli)}`]),
    ...(tap === undefined ? [] : [`tap to verified: ${milliseconds(tap.verified.median)} ms`]),
    ...Object.entries(memory ?? {}).flatMap(([place, peaks]) =>
      Object.entries(peaks).map(([name, peak]) => `peak memory, ${place}, ${name}: ${String(peak)} MB`),
    ),
    ...Object.entries(growth).flatMap(([name, points]) =>
      points === undefined ? [] : [`growth: ${name}`, growthTable(name, points)],
    ),
  ];
}
