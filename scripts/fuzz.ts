// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Hostile files against the readers that strangers can reach: `npm run fuzz -- --help`.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ChildReport } from './fuzz/child.ts';

/** What is fuzzed. */
export const FUZZ_TARGETS = ['der', 'jpeg', 'jp2'] as const;
export type FuzzTarget = (typeof FUZZ_TARGETS)[number];

const HELP = `Usage: npm run --silent fuzz -- [--minutes N] [--only TARGET] [--seed TEXT] [--json]
       npm run --silent fuzz -- --replay FILE --only TARGET

Changes honest files in hostile ways and has each read: der (security objects, certificates, revocation lists, master
lists, data groups, chip keys), jpeg and jp2 (portraits and live pictures, by the issuer's decoders). Every file must be
accepted or refused with a code of its reader, in time and within bounded memory; in between, honest files must still
be accepted. Each target runs in a process of its own, all at once.

  --minutes N      how long; default 10
  --only TARGET    der, jpeg or jp2; may be given several times
  --seed TEXT      that of an earlier run, for the same changes; keys and pictures are made anew
  --replay FILE    one file, through every reader of the target
  --json           one JSON object instead of lines for people

Files that fail are kept in build/fuzz. Exit status: 0 none failed, 1 some did, 2 wrong usage.
`;

/** A target that says nothing for so long hangs. */
const SILENCE_MS = 60_000;
const HEAP_MIB = 384;

const CHILD = fileURLToPath(new URL('./fuzz/child.ts', import.meta.url));
const FOLDER = fileURLToPath(new URL('../build/fuzz', import.meta.url));

/** What came of a target. */
export interface FuzzReport extends ChildReport {
  readonly target: FuzzTarget;
  readonly seed: string;
}

/** What to run. */
export interface FuzzPlan {
  readonly target: FuzzTarget;
  readonly seconds: number;
  /** Default: a random one. */
  readonly seed?: string | undefined;
  /** A file to read instead. */
  readonly replay?: string | undefined;
  /** Silence after which it hangs, milliseconds. */
  readonly silenceMs?: number;
  /** The program that fuzzes; tests put another one in its place. */
  readonly program?: string;
}

/**
 * Fuzzes one target.
 *
 * @returns The report; a crash and a hang are faults in it.
 */
export async function fuzz(plan: FuzzPlan): Promise<FuzzReport> {
  const {
    target,
    seconds,
    seed = randomBytes(6).toString('hex'),
    replay,
    silenceMs = SILENCE_MS,
    program = CHILD,
  } = plan;
  await mkdir(FOLDER, { recursive: true });
  const current = join(FOLDER, `${target}-${seed}`);
  const args = [
    `--max-old-space-size=${String(HEAP_MIB)}`,
    '--import',
    'tsx',
    program,
    target,
    seed,
    String(seconds),
    current,
  ];
  const child = spawn(process.execPath, replay === undefined ? args : [...args, replay], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, VIPS_CONCURRENCY: '1' },
  });
  let [cases, last, errors, hangs] = [0, '', '', false];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      hangs = true;
      child.kill('SIGKILL');
    }, silenceMs);
  };
  wait();
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    wait();
    cases += text.split('.').length - 1;
    last = (last + text).slice(-16_384);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2000);
  });
  const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve) => {
    child.on('close', (status, by) => {
      resolve([status, by]);
    });
  });
  clearTimeout(timer);
  const line = last.split('\n').at(-2) ?? '';
  if (code === 0 && line.startsWith('{')) {
    await rm(current, { force: true });
    return { target, seed, ...(JSON.parse(line) as ChildReport) };
  }
  const what = hangs ? `hung for ${String(silenceMs / 1000)} s` : `died (${String(signal ?? code)})`;
  const fault = `case ${String(cases - 1)}: the process ${what}; the file is ${current}; ${errors.trim()}`;
  return { target, seed, cases, outcomes: {}, faults: [fault], longestMs: 0, memoryMiB: 0 };
}

class UsageError extends Error {}

function readOptions(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '10' },
        only: { type: 'string', multiple: true, default: [] },
        seed: text,
        replay: text,
        json: flag,
        help: flag,
      },
    });
    const targets = FUZZ_TARGETS.filter((target) => values.only.length === 0 || values.only.includes(target));
    const isKnown = values.only.every((name) => FUZZ_TARGETS.some((target) => target === name));
    const minutes = Number(values.minutes);
    if (!isKnown) throw new Error('--only takes der, jpeg or jp2');
    if (!(minutes > 0 && minutes <= 10_080)) throw new Error('--minutes takes a number above 0');
    if (values.replay !== undefined && values.only.length !== 1) throw new Error('--replay needs one --only');
    return { ...values, targets, minutes };
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'wrong options', { cause });
  }
}

function textOf({ target, seed, cases, outcomes, faults, longestMs, memoryMiB }: FuzzReport): string {
  const counted = Object.entries(outcomes)
    .map(([outcome, count]) => `${outcome} ${String(count)}`)
    .join(', ');
  const summary = `${target}: ${String(cases)} files, longest ${String(longestMs)} ms, ${String(memoryMiB)} MiB, seed ${seed}`;
  return [summary, `  ${counted}`, ...faults.map((fault) => `  FAULT ${fault}`), ''].join('\n');
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const { targets, minutes, seed, replay, json } = options;
  if (replay !== undefined)
    await readFile(replay).catch(() => {
      throw new UsageError(`cannot read ${replay}`);
    });
  const reports = await Promise.all(targets.map((target) => fuzz({ target, seconds: minutes * 60, seed, replay })));
  process.stdout.write(json ? `${JSON.stringify(reports)}\n` : reports.map(textOf).join(''));
  process.exitCode = reports.every(({ faults }) => faults.length === 0) ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`fuzz: ${error.message}\nTry --help.\n`);
    process.exitCode = 2;
  });
}
