// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Plots of the model over the number of holders.
 *
 * @module
 */
import { COLOURS, frame, type Plot } from '../bench/plots.ts';
import { hashesOfCut, model } from './model.ts';
import type { Simulation } from './report.ts';

interface Point {
  readonly x: number;
  readonly name: string;
  readonly value: number;
}

function curves(title: string, xTitle: string, yTitle: string, values: readonly Point[]): object {
  const place = { x: { scale: 'x', field: 'x' }, y: { scale: 'y', field: 'value' } };
  return frame(title, 280, values, {
    scales: [
      { name: 'x', type: 'log', range: 'width', domain: { data: 'table', field: 'x' } },
      { name: 'y', type: 'log', range: 'height', nice: true, domain: { data: 'table', field: 'value' } },
      { name: 'colour', type: 'ordinal', range: COLOURS, domain: { data: 'table', field: 'name' } },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', title: xTitle, format: '~s', tickCount: 6 },
      { orient: 'left', scale: 'y', title: yTitle, grid: true, tickCount: 6, format: '~s' },
    ],
    legends: [{ stroke: 'colour', symbolType: 'stroke', orient: 'bottom', labelLimit: 0 }],
    marks: [
      {
        type: 'group',
        from: { facet: { name: 'series', data: 'table', groupby: 'name' } },
        marks: [
          {
            type: 'line',
            from: { data: 'series' },
            encode: { enter: { ...place, stroke: { scale: 'colour', field: 'name' }, strokeWidth: { value: 2 } } },
          },
        ],
      },
    ],
  });
}

const powers = (from: number, to: number, step: number): readonly number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => 10 ** (from + i * step));

/** The plots. */
export function plotsOf({ day, measured, assumed }: Simulation): readonly Plot[] {
  const wallet = powers(3, 9.75, 0.25).flatMap((holders) => {
    const { bytes, blockAnonymity } = model(holders, measured, assumed);
    return [
      { x: holders, name: 'bytes a day to keep the path fresh', value: bytes.syncPerDay },
      { x: holders, name: 'bytes of a full block', value: bytes.fullBlock },
      { x: holders, name: 'holders that ask for the same block', value: blockAnonymity },
    ];
  });
  const hashes = powers(0, 8, 0.25).flatMap((updates) => [
    { x: updates, name: 'in a batch', value: hashesOfCut(day.positions, 0, updates) },
    { x: updates, name: 'leaf by leaf', value: updates * 11 },
  ]);
  return [
    {
      file: 'wallet.svg',
      title: 'Wallets',
      specification: curves('What a wallet downloads, and who asks for the same', 'holders', '', wallet),
    },
    {
      file: 'hashes.svg',
      title: 'Hashes',
      specification: curves('Hashes of a cut at random positions', 'leaves that change', 'hashes', hashes),
    },
  ];
}
