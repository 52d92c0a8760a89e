// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Results as they are kept in `build/bench/results.json`, and the short form that `--json` prints.
 *
 * @module
 */
import { z } from 'zod';
import { FIGURE_NAMES } from './figures.ts';

const positive = z.number().nonnegative();
const summary = z.object({
  median: positive,
  q1: positive,
  q3: positive,
  min: positive,
  max: positive,
  runs: z.number().int().positive(),
});
const measured = z.object({ ms: summary, cpuMs: positive.optional() });
const figures = z.partialRecord(z.enum(FIGURE_NAMES), measured);

const machine = z.object({
  cpu: z.string(),
  cores: z.number().int().positive(),
  memoryGiB: positive,
  system: z.string(),
  node: z.string(),
  v8: z.string(),
  commit: z.string().optional(),
  /** Load of the last minute before the first measurement: above zero, others worked as well. */
  loadBefore: positive,
  versions: z.record(z.string(), z.string()),
});

/** A point of a growth curve: the size, the figures there in milliseconds, and counts that belong to it. */
const growthPoint = z.object({
  size: positive,
  ms: z.record(z.string(), positive),
  counts: z.record(z.string(), positive).optional(),
});

const results = z.object({
  format: z.literal(1),
  /** Day of the run, YYYY-MM-DD. */
  day: z.string(),
  quick: z.boolean(),
  machine,
  node: figures,
  bytes: z.object({
    /** What a wallet downloads before its first proof. */
    downloadBrotli: positive.optional(),
    /** The same before compression. */
    download: positive.optional(),
    /** Circuit and key of Semaphore at depth 20, under Brotli. */
    semaphore20Brotli: positive.optional(),
  }),
  chromium: z.object({ version: z.string(), figures: figures.optional(), throttled: figures.optional() }).optional(),
  /** How much slower a loop ran in the throttled page: what the throttling came to. */
  throttling: positive.optional(),
  /** Milliseconds from the tap. */
  tap: z.object({ verified: summary, member: summary }).optional(),
  /** Peaks in MB of 10^6 bytes: of a process of Node, and of a renderer of Chromium. */
  memory: z.object({ node: z.record(z.string(), positive), chromium: z.record(z.string(), positive) }).optional(),
  growth: z.object({
    depth: z.array(growthPoint).optional(),
    attributes: z.array(growthPoint).optional(),
    batch: z.array(growthPoint).optional(),
    concurrency: z.array(growthPoint).optional(),
  }),
});

/** Everything that a run measured. */
export type Results = z.infer<typeof results>;
/** See {@link describeMachine}. */
export type Machine = z.infer<typeof machine>;
/** Figures of one place by name. */
export type Figures = z.infer<typeof figures>;
/** A point of a growth curve. */
export type GrowthPoint = z.infer<typeof growthPoint>;

/**
 * Reads kept results.
 *
 * @throws Error for anything else.
 */
export function parseResults(json: unknown): Results {
  const parsed = results.safeParse(json);
  if (!parsed.success) throw new Error('this is no file of results that this version wrote', { cause: parsed.error });
  return parsed.data;
}

/** What `--json` prints: medians in Node. */
export interface ShortResults {
  readonly machine: Machine;
  readonly ms: Readonly<Record<string, number>>;
  readonly bytes: Results['bytes'];
}

/** The short form of results. */
export function shortened({ machine: where, node, bytes }: Results): ShortResults {
  const ms = Object.entries(node).map(([name, { ms: summaryOf }]) => [name, summaryOf.median] as const);
  return { machine: where, ms: Object.fromEntries(ms), bytes };
}

/** A ratio that the prover and the verifier are to reach. */
export interface Target {
  readonly of: (typeof FIGURE_NAMES)[number];
  readonly to: (typeof FIGURE_NAMES)[number];
  readonly least: number;
}

/** The targets, ratios of medians of one run on two cores. */
export const TARGETS: readonly Target[] = [
  { of: 'snarkjs.prove', to: 'bauta.fire', least: 250 },
  { of: 'semaphore20.prove', to: 'bauta.fire', least: 250 },
  { of: 'snarkjs.prove', to: 'bauta.arm', least: 3.5 },
  { of: 'snarkjs.prove', to: 'bauta.full', least: 1.3 },
  { of: 'snarkjs.verify', to: 'bauta.verify', least: 3 },
  { of: 'snarkjs.verify', to: 'bauta.verifyBatch64PerProof', least: 11 },
];

/** A ratio of medians; undefined where one of them was not measured. */
export function ratio(figuresOf: Figures, { of, to }: Pick<Target, 'of' | 'to'>): number | undefined {
  const [above, below] = [figuresOf[of]?.ms.median, figuresOf[to]?.ms.median];
  return above === undefined || below === undefined ? undefined : above / below;
}
