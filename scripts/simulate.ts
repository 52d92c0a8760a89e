// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run simulate`: a day of a nation's register, from unit costs measured in the same run. HELP says
 * how; docs/scale.md, which a full run writes, what came out.
 *
 * @module
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TREE_LEAVES } from '../src/commitment/tree.ts';
import { describeMachine } from './bench/machine.ts';
import { installPeers } from './bench/peers.ts';
import { draw } from './bench/plots.ts';
import { ROOT } from './circuits/compile.ts';
import { assumed } from './simulate/assumptions.ts';
import { measure } from './simulate/measure.ts';
import { model } from './simulate/model.ts';
import { plotsOf } from './simulate/plots.ts';
import { documentOf, figures, reportLines, type Simulation } from './simulate/report.ts';

const NATION = 1_400_000_000;
const FULL_LEAVES = 2 ** 20;
const QUICK_LEAVES = 2 ** 15;

const HELP = `Usage: npm run simulate -- [--holders N] [--json] [--quick] [--leaves N] [--database URL] [--help]

Loads a real tree of 2^20 leaves in SQL, updates it in a batch and leaf by leaf, and models a day of a
register with N holders (default 1,400,000,000) from these costs and scripts/simulate/assumptions.ts.
Takes a minute on two idle cores. A run of everything for the default number draws plots into
build/simulate (what draws them is installed first when missing: npm run bench:peers) and writes
docs/scale.md.

  --holders N     people with a credential, 1 to 2^33
  --json          print the figures as one JSON object, nothing else on standard output, and no files
                  (with: npm run --silent simulate -- --json)
  --quick         a tree of 2^15 leaves: seconds; no files
  --leaves N      a tree of so many leaves, 64 to 2^24; no files
  --database URL  measure on this database, file:PATH or postgres://..., which must be empty

Exits 0 if all was measured, 1 if a measurement failed, 2 if it was asked in a wrong way.
`;

class UsageError extends Error {}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

interface Options {
  readonly holders: number;
  readonly leaves: number;
  readonly json: boolean;
  /** Whether plots and document are written. */
  readonly document: boolean;
  readonly database: string | undefined;
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean' },
        json: { type: 'boolean' },
        quick: { type: 'boolean' },
        holders: { type: 'string' },
        leaves: { type: 'string' },
        database: { type: 'string' },
      },
    });
    if (values.help === true) return undefined;
    const { json = false, quick = false, database } = values;
    const leaves = readCount('--leaves', values.leaves, quick ? QUICK_LEAVES : FULL_LEAVES, 64, 2 ** 24);
    const holders = readCount('--holders', values.holders, NATION, 1, TREE_LEAVES);
    const document = !json && !quick && holders === NATION && leaves === FULL_LEAVES && database === undefined;
    return { holders, leaves, json, document, database };
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'wrong options', { cause });
  }
}

function readCount(name: string, text: string | undefined, fallback: number, least: number, most: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!/^\d{1,15}$/.test(text ?? '0') || value < least || value > most) {
    throw new UsageError(`${name} is a whole number from ${String(least)} to ${String(most)}`);
  }
  return value;
}

async function run({ holders, leaves, database }: Options): Promise<Simulation> {
  const measured = await measure({
    leaves,
    batch: Math.floor(leaves / 16),
    samples: Math.min(1024, Math.floor(leaves / 16)),
    threads: Math.min(16, availableParallelism()),
    database,
    say,
  });
  return { measured, day: model(holders, measured, assumed), assumed };
}

async function writeDocument(simulation: Simulation): Promise<void> {
  await installPeers(say);
  const build = join(ROOT, 'build', 'simulate');
  const docs = join(ROOT, 'docs', 'scale');
  await mkdir(build, { recursive: true });
  await mkdir(docs, { recursive: true });
  for (const plot of plotsOf(simulation)) {
    const svg = await draw(plot);
    await writeFile(join(build, plot.file), svg);
    await writeFile(join(docs, plot.file), svg);
  }
  const date = new Date().toISOString().slice(0, 10);
  await writeFile(join(ROOT, 'docs', 'scale.md'), await documentOf(simulation, await describeMachine(), date));
  say(`plots are in ${build}; wrote docs/scale.md`);
}

try {
  const options = readOptions();
  if (options === undefined) {
    console.log(HELP);
  } else {
    const simulation = await run(options);
    if (options.document) await writeDocument(simulation);
    if (options.json) console.log(JSON.stringify(figures(simulation)));
    else for (const line of reportLines(simulation)) console.log(line);
  }
} catch (error) {
  say(
    error instanceof Error
      ? error instanceof UsageError
        ? error.message
        : (error.stack ?? error.message)
      : String(error),
  );
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
