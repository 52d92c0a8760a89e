// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Plots of results as SVG, drawn by vega without a page.
 *
 * @module
 */
import { loadPlots } from './peers.ts';
import type { GrowthPoint, Results } from './results.ts';

/** A plot by the name of its file. */
export interface Plot {
  readonly file: string;
  readonly title: string;
  readonly specification: object;
}

const WIDTH = 560;
const FONT = 'sans-serif';
const CONFIG = {
  axis: { labelFont: FONT, titleFont: FONT, gridColor: '#e4e4e4' },
  legend: { labelFont: FONT, titleFont: FONT },
  title: { font: FONT, fontSize: 13, anchor: 'start' },
};
/** Of Okabe and Ito, told apart by people who confuse colours. */
export const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** A plot with what all have in common. */
export function frame(title: string, height: number, values: readonly object[], rest: object): object {
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    width: WIDTH,
    height,
    padding: 8,
    background: 'white',
    title,
    config: CONFIG,
    data: [{ name: 'table', values }],
    ...rest,
  };
}

/** Lines over sizes, both axes as asked. */
function lines(
  title: string,
  xTitle: string,
  points: readonly GrowthPoint[],
  scale: { readonly x: 'linear' | 'log'; readonly y: 'linear' | 'log' },
): object {
  const values = points.flatMap(({ size, ms }) => Object.entries(ms).map(([name, value]) => ({ size, name, value })));
  const sizes = points.map(({ size }) => size);
  return frame(title, 300, values, {
    scales: [
      {
        name: 'x',
        type: scale.x,
        ...(scale.x === 'log' ? { base: 2 } : { zero: false }),
        range: 'width',
        domain: [Math.min(...sizes), Math.max(...sizes)],
      },
      {
        name: 'y',
        type: scale.y,
        range: 'height',
        nice: true,
        zero: scale.y === 'linear',
        domain: { data: 'table', field: 'value' },
      },
      { name: 'colour', type: 'ordinal', range: COLOURS, domain: { data: 'table', field: 'name' } },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', title: xTitle, values: sizes, format: 'd' },
      { orient: 'left', scale: 'y', title: 'ms', grid: true, tickCount: 6, format: '~r' },
    ],
    legends: [{ stroke: 'colour', symbolType: 'stroke' }],
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'series', data: 'table', groupby: 'name' } },
        marks: [
          {
            type: 'line',
            from: { data: 'series' },
            encode: {
              enter: {
                x: { scale: 'x', field: 'size' },
                y: { scale: 'y', field: 'value' },
                stroke: { scale: 'colour', field: 'name' },
                strokeWidth: { value: 2 },
              },
            },
          },
          {
            type: 'symbol',
            from: { data: 'series' },
            encode: {
              enter: {
                x: { scale: 'x', field: 'size' },
                y: { scale: 'y', field: 'value' },
                fill: { scale: 'colour', field: 'name' },
                size: { value: 30 },
              },
            },
          },
        ],
      },
    ],
  });
}

/** Bars of all figures by place, on a scale of powers of ten, with quartiles. */
function bars({ node, chromium }: Results): object {
  const places = [
    ['Node', node],
    ['Chromium', chromium?.figures ?? {}],
    ['slowed, one thread', chromium?.throttled ?? {}],
  ] as const;
  const values = places.flatMap(([place, figures]) =>
    Object.entries(figures).map(([name, { ms }]) => ({ place, name, value: ms.median, q1: ms.q1, q3: ms.q3 })),
  );
  const y = { scale: 'inner', field: 'place' };
  return frame(
    'Milliseconds, medians; lines are the quartiles',
    24 * new Set(values.map(({ name }) => name)).size + 40,
    values,
    {
      scales: [
        { name: 'y', type: 'band', range: 'height', padding: 0.2, domain: { data: 'table', field: 'name' } },
        { name: 'x', type: 'log', range: 'width', nice: true, domain: { data: 'table', fields: ['value', 'q3'] } },
        { name: 'colour', type: 'ordinal', range: COLOURS, domain: { data: 'table', field: 'place' } },
      ],
      axes: [
        { orient: 'bottom', scale: 'x', grid: true, title: 'ms', tickCount: 6, format: '~r' },
        { orient: 'left', scale: 'y', labelLimit: 240 },
      ],
      legends: [{ fill: 'colour' }],
      marks: [
        {
          type: 'group',
          from: { facet: { name: 'figure', data: 'table', groupby: 'name' } },
          encode: { enter: { y: { scale: 'y', field: 'name' } } },
          signals: [{ name: 'height', update: "bandwidth('y')" }],
          scales: [{ name: 'inner', type: 'band', range: 'height', domain: { data: 'table', field: 'place' } }],
          marks: [
            {
              type: 'symbol',
              from: { data: 'figure' },
              encode: {
                enter: {
                  x: { scale: 'x', field: 'value' },
                  y: { ...y, band: 0.5 },
                  fill: { scale: 'colour', field: 'place' },
                  size: { value: 40 },
                },
              },
            },
            {
              type: 'rule',
              from: { data: 'figure' },
              encode: {
                enter: {
                  x: { scale: 'x', field: 'q1' },
                  x2: { scale: 'x', field: 'q3' },
                  y: { ...y, band: 0.5 },
                  stroke: { scale: 'colour', field: 'place' },
                  strokeWidth: { value: 2 },
                },
              },
            },
          ],
        },
      ],
    },
  );
}

/** The plots of results. */
export function plotsOf(results: Results): Plot[] {
  const { depth, attributes, batch, concurrency } = results.growth;
  const plot = (file: string, title: string, specification: object): Plot => ({ file, title, specification });
  return [
    plot('figures.svg', 'All figures', bars(results)),
    ...(depth === undefined
      ? []
      : [
          plot(
            'depth.svg',
            'Depth of the tree',
            lines('Proving by depth of the tree', 'depth', depth, { x: 'linear', y: 'log' }),
          ),
        ]),
    ...(attributes === undefined
      ? []
      : [
          plot(
            'attributes.svg',
            'Attributes',
            lines('Proving by number of attributes', 'attributes', attributes, { x: 'linear', y: 'log' }),
          ),
        ]),
    ...(batch === undefined
      ? []
      : [
          plot(
            'batch.svg',
            'Batch',
            lines('Verifying by size of the batch, for each proof', 'proofs', batch, { x: 'log', y: 'linear' }),
          ),
        ]),
    ...(concurrency === undefined
      ? []
      : [
          plot(
            'concurrency.svg',
            'Concurrency',
            lines('Verifying by processes, for each proof over all', 'processes', concurrency, {
              x: 'log',
              y: 'linear',
            }),
          ),
        ]),
  ];
}

/** Draws a plot. The peers must be installed. */
export async function draw({ specification }: Plot): Promise<string> {
  const { parse, View } = await loadPlots();
  const svg = await new View(parse(specification), { renderer: 'none' }).toSVG();
  return `${svg}\n`;
}
