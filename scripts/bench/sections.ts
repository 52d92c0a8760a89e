// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The parts of a full run beside the figures in Node, one after the other.
 *
 * @module
 */
import { type Bench, openChromium } from './chromium.ts';
import { FIGURE_NAMES, type Selection, type SectionName } from './figures.ts';
import { measureConcurrency } from './growth_concurrency.ts';
import { measureAttributes, measureBatch, measureDepth } from './growth.ts';
import { measureMemory } from './memory.ts';
import type { Figures, Results } from './results.ts';
import { measureTap } from './tap.ts';

type Parts = Pick<Results, 'chromium' | 'throttling' | 'tap' | 'memory' | 'growth'>;
type Say = (line: string) => void;

const ROUNDS = {
  full: { most: 15, least: 7, seconds: 180 },
  quick: { most: 3, least: 2, seconds: 20 },
} as const;
/** A round takes four times as long there. */
const THROTTLED_ROUNDS = {
  full: { most: 7, least: 5, seconds: 180 },
  quick: { most: 2, least: 1, seconds: 20 },
} as const;

const withPrefix =
  (prefix: string, say: Say): Say =>
  (line) =>
    say(`${prefix}: ${line}`);

async function inChromium(
  bench: Bench,
  { figures: asked, sections }: Selection,
  quick: boolean,
  say: Say,
): Promise<Pick<Results, 'chromium' | 'throttling'>> {
  const kind = quick ? 'quick' : 'full';
  const wanted = asked.length > 0 ? asked : FIGURE_NAMES;
  let [figures, throttled, throttling]: [Figures?, Figures?, number?] = [];
  if (sections.includes('chromium')) {
    figures = await bench.measure(wanted, ROUNDS[kind], withPrefix('chromium', say));
  }
  if (sections.includes('throttled')) {
    ({ figures: throttled, throttling } = await bench.measureThrottled(
      wanted,
      THROTTLED_ROUNDS[kind],
      withPrefix('throttled', say),
    ));
  }
  return {
    chromium: {
      version: bench.version,
      ...(figures === undefined ? {} : { figures }),
      ...(throttled === undefined ? {} : { throttled }),
    },
    ...(throttling === undefined ? {} : { throttling }),
  };
}

async function growth(names: readonly SectionName[], quick: boolean, say: Say): Promise<Results['growth']> {
  const rounds = ROUNDS[quick ? 'quick' : 'full'];
  return {
    ...(names.includes('depth') && { depth: await measureDepth(rounds, withPrefix('depth', say)) }),
    ...(names.includes('attributes') && { attributes: await measureAttributes(rounds, withPrefix('attributes', say)) }),
    ...(names.includes('batch') && { batch: await measureBatch(rounds, withPrefix('batch', say)) }),
    ...(names.includes('concurrency') && {
      concurrency: await measureConcurrency(quick, withPrefix('concurrency', say)),
    }),
  };
}

/**
 * Measures the parts of a selection but `bytes`, which needs no measuring.
 *
 * @param selection - If it names figures, Chromium measures those alone.
 */
export async function measureSections(selection: Selection, quick: boolean, say: Say): Promise<Parts> {
  const names = selection.sections;
  let parts: Parts = { growth: await growth(names, quick, say) };
  if (names.some((name) => ['chromium', 'throttled', 'memory'].includes(name))) {
    const bench = await openChromium(withPrefix('chromium', say));
    try {
      if (names.includes('chromium') || names.includes('throttled')) {
        parts = { ...parts, ...(await inChromium(bench, selection, quick, say)) };
      }
      if (names.includes('memory')) parts = { ...parts, memory: await measureMemory(bench, withPrefix('memory', say)) };
    } finally {
      await bench.close();
    }
  }
  return names.includes('tap') ? { ...parts, tap: await measureTap(quick, withPrefix('tap', say)) } : parts;
}
