// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a fleet of verifiers does: as much as it can, at an easy pace, and at twice what it can.
 *
 * @module
 */
import { createDriver, type Driver, type Sent } from './drive.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { LoadHolder } from './holder.ts';
import { type Place, prepare } from './prepare.ts';
import type { Checker, VerifierTask } from './verifier_process.ts';

/** Presentations under way for each process while its capacity is measured: for ours enough for full batches. */
const AT_ONCE = { bauta: 160, snarkjs: 8 } as const;
/** Share of the capacity at which latencies are measured. */
const EASY = 0.6;
/** How much more than the capacity is sent to see what an overloaded verifier does. */
const OVERLOAD = 2;
/** Rounds in which refused presentations are sent again. */
const RETRIES = 20;
/** Results that are collected at a time. */
const COLLECTED_AT_ONCE = 32;
/** Presentations by which the capacity of a warm fleet is told. */
const WARM_COUNT = 300;
/** Presentations sent before anything is measured. */
const WARM_UP = { bauta: 64, snarkjs: 8 } as const;

/** One setting, measured. */
export interface Run {
  readonly checker: Checker;
  readonly database: 'sqlite' | 'postgres';
  readonly processes: number;
  /** Presentations per second while as many are under way as the fleet takes. */
  readonly perSecond: number;
  /** Presentations per second of the fleet's CPU time. */
  readonly perCore: number;
  /** Latencies at {@link Run.easy} presentations a second, milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Presentations a second at which the latencies were measured. */
  readonly easy: number;
  /** Resident memory of a process at the end, MB. */
  readonly memory: number;
}

/** What happened at twice the capacity. */
export interface Overload {
  /** Presentations a second that were really sent. */
  readonly offered: number;
  readonly accepted: number;
  /** 503 with Retry-After; all of them were accepted when sent again. */
  readonly refused: number;
  /** Without an answer, or accepted without a result, or refused and yet used up. */
  readonly lost: number;
  /** Accepted or collected more than once. */
  readonly doubled: number;
}

/** A setting to measure. */
export interface Setting {
  readonly checker: Checker;
  readonly database: 'sqlite' | 'postgres';
  /** URL of a database of its own. */
  readonly url: string;
  readonly processes: number;
  /** Presentations for the capacity. */
  readonly count: number;
  /** Seconds at twice the capacity; 0 to leave that out. */
  readonly overload: number;
}

/** Verifier processes with all that drives them. */
interface Bench {
  readonly fleet: Fleet;
  readonly place: Place;
  readonly driver: Driver;
  readonly holder: LoadHolder;
}

/**
 * Measures a setting.
 *
 * @param task - What all processes run, but for database and checker.
 * @throws Error if a presentation is not accepted where nothing is overloaded.
 */
export async function measureSetting(
  setting: Setting,
  task: Omit<VerifierTask, 'database' | 'checker'>,
  holder: LoadHolder,
  say: (line: string) => void,
): Promise<{ readonly run: Run; readonly overload: Overload | undefined }> {
  const { checker, database, processes, count } = setting;
  const name = `${checker} on ${database}, ${String(processes)} ${processes === 1 ? 'process' : 'processes'}`;
  const fleet = await startFleet(processes, { ...task, checker, database: setting.url });
  const place = { urls: fleet.urls, origin: task.origin, apiKey: task.apiKey };
  const driver = createDriver(fleet.urls);
  const bench = { fleet, place, driver, holder };
  try {
    say(`${name}: preparing`);
    mustHold(await driver.closed(await prepare(WARM_UP[checker], place, holder), WARM_UP[checker]));
    const atOnce = AT_ONCE[checker] * processes;
    let measured = await capacity(bench, count, atOnce);
    const easy = Math.max(1, measured.perSecond * EASY);
    const { sent } = await driver.open(await prepare(Math.ceil(count / 2), place, holder), easy);
    const times = mustHold(sent)
      .map(({ ms }) => ms)
      .sort((a, b) => a - b);
    let overload: Overload | undefined;
    if (setting.overload > 0) {
      // Warm by now: twice of what it did while cold might be no more than it can.
      const warm = await capacity(bench, Math.max(count, WARM_COUNT), atOnce);
      if (warm.perSecond > measured.perSecond) measured = warm;
      overload = await overloaded(bench, measured.perSecond * OVERLOAD, setting.overload);
    }
    const { rss } = await fleet.usage();
    const run: Run = {
      checker,
      database,
      processes,
      perSecond: round(measured.perSecond),
      perCore: round(measured.perCore),
      p50: round(quantile(times, 0.5)),
      p95: round(quantile(times, 0.95)),
      p99: round(quantile(times, 0.99)),
      easy: round(easy),
      memory: Math.round(rss / processes / 1e6),
    };
    say(`${name}: ${String(run.perSecond)} a second, ${String(run.perCore)} a CPU second`);
    return { run, overload };
  } finally {
    driver.close();
    await fleet.stop();
  }
}

async function capacity(
  { fleet, place, driver, holder }: Bench,
  count: number,
  atOnce: number,
): Promise<{ perSecond: number; perCore: number }> {
  const prepared = await prepare(count, place, holder);
  const before = await fleet.usage();
  const began = performance.now();
  mustHold(await driver.closed(prepared, Math.min(atOnce, count)));
  const seconds = (performance.now() - began) / 1000;
  const { cpuMs } = await fleet.usage();
  return { perSecond: count / seconds, perCore: count / ((cpuMs - before.cpuMs) / 1000) };
}

async function overloaded(bench: Bench, perSecond: number, seconds: number): Promise<Overload> {
  const { place, driver, holder } = bench;
  const prepared = await prepare(Math.ceil(perSecond * seconds), place, holder);
  const { sent, offered } = await driver.open(prepared, perSecond);
  const accepted = sent.filter(({ status }) => status === 200);
  const refused = sent.filter(({ status, retryAfter }) => status === 503 && retryAfter !== undefined);
  let lost = sent.length - accepted.length - refused.length;
  let doubled = 0;

  // Who was refused tries again, as a wallet does, and must then be accepted.
  const answered = [...accepted];
  let waiting = refused;
  for (let round = 0; round < RETRIES && waiting.length > 0; round++) {
    const again = await driver.closed(
      waiting.map((one) => one.prepared),
      AT_ONCE.bauta,
    );
    answered.push(...again.filter(({ status }) => status === 200));
    lost += again.filter(({ status }) => status !== 200 && status !== 503).length;
    waiting = again.filter(({ status }) => status === 503);
  }
  lost += waiting.length;
  // Whoever was accepted sends the same again.
  const replayed = await driver.closed(
    answered.map((one) => one.prepared),
    AT_ONCE.bauta,
  );
  doubled += replayed.filter(({ status }) => status === 200).length;
  for (let from = 0; from < answered.length; from += COLLECTED_AT_ONCE) {
    const some = answered.slice(from, from + COLLECTED_AT_ONCE);
    const first = await Promise.all(some.map((one) => collect(one, bench)));
    const second = await Promise.all(some.map((one) => collect(one, bench)));
    lost += some.filter((one, i) => first[i] !== one.prepared.sub).length;
    doubled += second.filter((sub) => sub !== undefined).length;
  }
  return { offered: round(offered), accepted: accepted.length, refused: refused.length, lost, doubled };
}

/** The pseudonym of the result, if it is handed out. */
async function collect({ prepared, body }: Sent, { place }: Bench): Promise<string | undefined> {
  const { redirect_uri: redirect } = JSON.parse(body) as { redirect_uri: string };
  const code = new URLSearchParams(new URL(redirect).hash.slice(1)).get('response_code') ?? '';
  const url = `${place.urls[0] ?? ''}/v1/verifications/${prepared.id}?response_code=${code}`;
  const answer = await fetch(url, {
    headers: { authorization: `Bearer ${place.apiKey}`, 'browser-token': prepared.browserToken },
  });
  const read = (await answer.json()) as { result?: { sub?: string } };
  return answer.ok ? read.result?.sub : undefined;
}

function mustHold(sent: readonly Sent[]): readonly Sent[] {
  const bad = sent.find(({ status }) => status !== 200);
  if (bad !== undefined) throw new Error(`a presentation was answered ${String(bad.status)}: ${bad.body}`);
  return sent;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const round = (value: number): number => Number(value.toPrecision(4));
