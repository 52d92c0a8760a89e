// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Measures subjects in turn, round by round, so that a slow minute of the machine falls on all of them
 * alike and ratios hold where milliseconds do not. Every other round goes the other way. The first round
 * warms up and is not kept. Runs in Node and in a page.
 *
 * @module
 */
import { roundedSummary, summarize, type Summary } from './stats.ts';

/** Something to measure, made ready. */
export interface Ready {
  /** What is measured. */
  readonly run: () => Promise<void>;
  /** Cleans up after a run, outside the measured time. */
  readonly after?: () => Promise<void>;
  /** Run once after all rounds: throws if what was measured did not do its work. */
  readonly check?: () => Promise<void>;
}

/** Something to measure. */
export interface Subject {
  /** Of a figure, or of a curve. */
  readonly name: string;
  /** How many of what the figure counts are done in one run. Default 1. */
  readonly per?: number;
  readonly prepare: () => Promise<Ready>;
}

/** What a figure came to, in milliseconds. */
export interface Measured {
  readonly ms: Summary;
  /** Median of the CPU time over all threads, where it can be known: a proxy of the energy used. */
  readonly cpuMs?: number;
}

/** How long to measure. */
export interface Rounds {
  /** At most. */
  readonly most: number;
  /** At least, even if that takes longer than `seconds`. */
  readonly least: number;
  /** No round begins after that time. */
  readonly seconds: number;
}

/** What {@link measure} needs of its surroundings. */
export interface Surroundings {
  /** CPU time of all threads in milliseconds; undefined where nobody tells, as in a page. */
  readonly cpu?: () => number;
  readonly say: (line: string) => void;
}

/** A subject that is fast is run again within a round, up to this time and this number. */
const REPEAT_MS = 150;
const REPEAT_MOST = 20;

interface Track {
  readonly subject: Subject;
  readonly ready: Ready;
  readonly ms: number[];
  readonly cpuMs: number[];
  repeat: number;
}

/** One timed run; only what {@link Ready.run} does counts. */
async function once({ ready, subject, ms, cpuMs }: Track, { cpu }: Surroundings): Promise<number> {
  const per = subject.per ?? 1;
  const cpuBefore = cpu?.();
  const before = performance.now();
  await ready.run();
  const taken = performance.now() - before;
  ms.push(taken / per);
  if (cpu !== undefined && cpuBefore !== undefined) cpuMs.push((cpu() - cpuBefore) / per);
  await ready.after?.();
  return taken;
}

/** The first round: how fast a subject is once the engine knows it, by its second run. */
async function warmUp(track: Track, surroundings: Surroundings): Promise<void> {
  let taken = await once(track, surroundings);
  if (taken < REPEAT_MS) for (let i = 0; i < 3; i++) taken = await once(track, surroundings);
  track.repeat = Math.max(1, Math.min(REPEAT_MOST, Math.floor(REPEAT_MS / taken)));
  track.ms.length = 0;
  track.cpuMs.length = 0;
}

function result({ ms, cpuMs }: Track): Measured {
  const summary = roundedSummary(summarize(ms));
  return cpuMs.length === 0 ? { ms: summary } : { ms: summary, cpuMs: roundedSummary(summarize(cpuMs)).median };
}

/**
 * Measures subjects, interleaved.
 *
 * @throws If a subject fails, or its check does: a figure of something that does not work is worth nothing.
 */
export async function measure(
  subjects: readonly Subject[],
  rounds: Rounds,
  surroundings: Surroundings,
): Promise<Record<string, Measured>> {
  if (subjects.length === 0) return {};
  const tracks: Track[] = [];
  for (const subject of subjects) {
    tracks.push({ subject, ready: await subject.prepare(), ms: [], cpuMs: [], repeat: 1 });
    surroundings.say(`${subject.name} is ready`);
  }
  for (const track of tracks) await warmUp(track, surroundings);
  const began = performance.now();
  for (let round = 0; round < rounds.most; round++) {
    if (round >= rounds.least && performance.now() - began > rounds.seconds * 1000) break;
    for (const track of round % 2 === 0 ? tracks : [...tracks].reverse()) {
      for (let i = 0; i < track.repeat; i++) await once(track, surroundings);
    }
    surroundings.say(`round ${String(round + 1)} of at most ${String(rounds.most)}`);
  }
  for (const { ready } of tracks) await ready.check?.();
  return Object.fromEntries(tracks.map((track) => [track.subject.name, result(track)]));
}
