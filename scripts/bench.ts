// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run bench`: measures Bauta and what it is compared with, in one run on one machine. HELP says what;
 * docs/benchmarks.md, which a full run writes, how.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { countBytes } from './bench/bytes.ts';
import { differenceLines, differences } from './bench/compare.ts';
import { FIGURES, type SectionName, SECTIONS, select, type Selection } from './bench/figures.ts';
import { describeMachine } from './bench/machine.ts';
import { BUILD, measureInNode } from './bench/node_place.ts';
import { installPeers } from './bench/peers.ts';
import { parseResults, type Results, shortened } from './bench/results.ts';
import { measureSections } from './bench/sections.ts';
import { needPeers } from './bench/subjects.ts';
import { tableLines } from './bench/tables.ts';
import { writeDocument } from './docs_bench.ts';

const list = (texts: Readonly<Record<string, string>>): string =>
  Object.entries(texts)
    .map(([name, text]) => `  ${name.padEnd(29)} ${text}`)
    .join('\n');

const HELP = `Usage: npm run bench -- [--quick] [--only NAME]... [--json] [--compare FILE] [--help]

Measures Bauta, snarkjs on the same circuit, Semaphore 4, BBS and other verifiers in turn, on this
machine. Writes build/bench/results.json (with --only: only.json); a run of everything also writes
docs/benchmarks.md with its table, plots and data. What is compared with is installed first when
missing (npm run bench:peers). Leave the machine alone meanwhile: a run of everything takes a quarter of
an hour, the first one twice that, since it makes keys for circuits of other sizes.

  --quick         the first figures, in Node alone, under a minute
  --only NAME     one figure, one group (bauta) or one part; may be repeated, and then Chromium
                  measures the named figures alone
  --json          print {"machine", "ms", "bytes"} with the medians in Node and nothing else
                  (with: npm run --silent bench -- --json)
  --compare FILE  print ratios to an earlier results.json; below 1 is faster

Figures, in milliseconds of wall-clock time:
${list(FIGURES)}

Parts:
${list(SECTIONS)}

Exits 0 if all was measured, 1 if a measurement failed, 2 if it was asked in a wrong way.
`;

const QUICK_ROUNDS = { most: 7, least: 3, seconds: 25 };
const FULL_ROUNDS = { most: 21, least: 11, seconds: 240 };

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

class UsageError extends Error {}

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly full: boolean;
  readonly partial: boolean;
  readonly selection: Selection;
  readonly before: Results | undefined;
}

async function readOptions(): Promise<Options | undefined> {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: 'boolean' },
        quick: { type: 'boolean' },
        json: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        compare: { type: 'string' },
      },
    });
    if (values.help === true) return undefined;
    const { quick = false, json = false, only = [], compare } = values;
    const before = compare === undefined ? undefined : parseResults(JSON.parse(await readFile(compare, 'utf8')));
    const partial = only.length > 0;
    return { quick, json, full: !quick && !partial, partial, selection: select(quick, only), before };
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'wrong options', { cause });
  }
}

async function run({ quick, full, selection }: Options): Promise<Results> {
  const { figures, sections } = selection;
  const beyond = sections.filter((name) => name !== 'bytes');
  const peers = full || needPeers(figures) || beyond.length > 0;
  if (peers) await installPeers(say);
  const machine = await describeMachine();
  const wants = (name: SectionName): boolean => sections.includes(name);
  const bytes = wants('bytes') ? await countBytes(full) : {};
  const node = await measureInNode(figures, quick ? QUICK_ROUNDS : FULL_ROUNDS, say);
  const parts = await measureSections(selection, quick, say);
  const day = new Date().toISOString().slice(0, 10);
  return parseResults({ format: 1, day, quick, machine, node, bytes, ...parts });
}

try {
  const options = await readOptions();
  if (options === undefined) {
    console.log(HELP);
  } else {
    const results = await run(options);
    await mkdir(BUILD, { recursive: true });
    // What a few figures came to must not replace the results of all.
    await writeFile(
      join(BUILD, options.partial ? 'only.json' : 'results.json'),
      `${JSON.stringify(results, null, 1)}\n`,
    );
    if (options.full) await writeDocument(results);
    if (options.json) console.log(JSON.stringify(shortened(results)));
    else for (const line of tableLines(results)) console.log(line);
    const compared = options.before === undefined ? [] : differenceLines(differences(options.before, results));
    // With --json, standard output holds the JSON alone.
    for (const line of compared) (options.json ? console.error : console.log)(line);
  }
  process.exit(0); // workers of a peer would keep the process
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
