// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What is kept of repeated measurements: the median, which a pause of the machine does not move, and the
 * quartiles as its spread.
 *
 * @module
 */

/** Repeated measurements of one thing, in its unit. */
export interface Summary {
  readonly median: number;
  /** First and third quartile. */
  readonly q1: number;
  readonly q3: number;
  readonly min: number;
  readonly max: number;
  /** How many there were. */
  readonly runs: number;
}

/** The value below which a part of sorted numbers lies, between neighbours by proportion. */
function quantile(sorted: readonly number[], part: number): number {
  const position = (sorted.length - 1) * part;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Median of numbers. */
export function median(samples: readonly number[]): number {
  return summarize(samples).median;
}

/**
 * Summarizes measurements.
 *
 * @param samples - At least one.
 * @throws RangeError if there is none.
 */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('nothing was measured');
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    runs: sorted.length,
  };
}

/** A number of four significant digits, as results are kept: more would be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** A summary of four significant digits. */
export function roundedSummary(summary: Summary): Summary {
  const { median: middle, q1, q3, min, max, runs } = summary;
  return { median: rounded(middle), q1: rounded(q1), q3: rounded(q3), min: rounded(min), max: rounded(max), runs };
}
