// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The process in which one target is fuzzed, so that a crash ends nothing else:
 *
 *     tsx child.ts TARGET SEED SECONDS CURRENT [FILE]
 *
 * Before each case the file goes to CURRENT and a dot to standard output: if this process dies or falls silent,
 * its parent finds there what did it. At the end one line of JSON is a {@link ChildReport}.
 *
 * @module
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { mutate } from './mutate.ts';
import { numbersOf } from './random.ts';
import { readOne, type Seed, type Target } from './target.ts';
import { derTarget } from './target_der.ts';
import { jp2Target, jpegTarget } from './target_images.ts';

/** What came of it. */
export interface ChildReport {
  readonly cases: number;
  /** Cases by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
  /** Longest case, milliseconds of processor time of all threads. */
  readonly longestMs: number;
  /** Largest resident memory seen, MiB. */
  readonly memoryMiB: number;
}

/** Every so many cases an honest file must be accepted: the reader still works. */
const HONEST_EVERY = 32;
/** Processor time of one case, milliseconds. */
const MAX_CASE_MS = 15_000;
/** Resident memory, MiB. */
const MAX_MEMORY_MIB: Readonly<Record<string, number>> = { der: 500, jpeg: 1000, jp2: 1000 };
const MAX_FAULTS = 10;

const TARGETS: Readonly<Record<string, () => Target | Promise<Target>>> = {
  der: derTarget,
  jpeg: jpegTarget,
  jp2: jp2Target,
};

interface Case {
  readonly seed: Seed;
  readonly bytes: Uint8Array;
  readonly honest: boolean;
}

function caseOf({ form, seeds, made }: Target, run: string, index: number): Case {
  const hostile = made[index];
  const numbers = numbersOf(run, index);
  const seed = seeds.find(({ name }) => name === hostile?.seed) ?? seeds[index % seeds.length] ?? numbers.of(seeds);
  if (hostile !== undefined) return { seed, bytes: hostile.bytes, honest: false };
  if (index % HONEST_EVERY === 0) return { seed, bytes: seed.bytes, honest: true };
  const others = seeds.map(({ bytes }) => bytes);
  return { seed, bytes: mutate(seed.bytes, form, numbers, others), honest: false };
}

async function main([
  name = '',
  run = '',
  seconds = '',
  current = '',
  replayed,
]: readonly string[]): Promise<ChildReport> {
  const make = TARGETS[name];
  if (make === undefined) throw new Error(`no target ${name}`);
  const target = await make();
  const outcomes: Record<string, number> = {};
  const faults: string[] = [];
  let [cases, longestMs, memoryMiB] = [0, 0, 0];
  const judge = async ({ seed, bytes, honest }: Case, index: number): Promise<void> => {
    writeFileSync(current, bytes);
    writeSync(1, '.');
    const start = process.cpuUsage();
    const { outcome, fault } = await readOne(target, seed, bytes);
    const { user, system } = process.cpuUsage(start);
    const ms = (user + system) / 1000;
    const memory = process.memoryUsage.rss() / 2 ** 20;
    cases++;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    longestMs = Math.max(longestMs, ms);
    memoryMiB = Math.max(memoryMiB, memory);
    const limit = MAX_MEMORY_MIB[name] ?? 0;
    const found =
      fault ??
      (honest && outcome !== 'accepted' ? `the honest file was refused: ${outcome}` : undefined) ??
      (ms > MAX_CASE_MS ? `took ${ms.toFixed(0)} ms of processor time` : undefined) ??
      (memory > limit ? `${memory.toFixed(0)} MiB are resident, above ${String(limit)}` : undefined);
    if (found === undefined) return;
    const kept = `${current}-${String(index)}`;
    writeFileSync(kept, bytes);
    faults.push(`${seed.name}, case ${String(index)}: ${found}; the file is ${kept}`);
  };
  if (replayed !== undefined) {
    const bytes = new Uint8Array(readFileSync(replayed));
    for (const [index, seed] of target.seeds.entries()) await judge({ seed, bytes, honest: false }, index);
  } else {
    const end = performance.now() + Number(seconds) * 1000;
    for (let index = 0; performance.now() < end && faults.length < MAX_FAULTS; index++) {
      await judge(caseOf(target, run, index), index);
    }
  }
  return { cases, outcomes, faults, longestMs: Math.round(longestMs), memoryMiB: Math.round(memoryMiB) };
}

const report = await main(process.argv.slice(2));
writeSync(1, `\n${JSON.stringify(report)}\n`);
process.exit(0);
