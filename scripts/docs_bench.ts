// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run docs:bench`: writes docs/benchmarks.md and its plots again from docs/benchmarks/results.json,
 * which a full `npm run bench` leaves there. Every number of the document comes from that file; a
 * sentence that names one is written here around it.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { installPeers } from './bench/peers.ts';
import { draw, plotsOf } from './bench/plots.ts';
import { parseResults, type Results } from './bench/results.ts';
import {
  growthTable,
  markdown,
  meaningTable,
  megabytes,
  milliseconds,
  figureTable,
  targetTable,
} from './bench/tables.ts';
import { ROOT } from './circuits/compile.ts';

const FILE = join(ROOT, 'docs', 'benchmarks.md');
const FOLDER = join(ROOT, 'docs', 'benchmarks');
const DATA = join(FOLDER, 'results.json');

function machineText({ day, machine, chromium, throttling }: Results): string {
  const { cpu, cores, memoryGiB, system, node, v8, commit, loadBefore, versions } = machine;
  const rows = [
    ['day', day],
    ['commit', commit ?? 'unknown'],
    ['processor', `${cpu}, ${String(cores)} cores`],
    ['memory', `${String(memoryGiB)} GiB`],
    ['system', system],
    ['load before the run', String(loadBefore)],
    ['Node', `${node}, V8 ${v8}`],
    ...(chromium === undefined ? [] : [['Chromium', `${chromium.version}, headless`]]),
    ...(throttling === undefined ? [] : [['slowing, measured', `${String(throttling)} times`]]),
    ...Object.entries(versions),
  ];
  return markdown(['', ''], rows).replace('| ---: |', '| --- |');
}

function tapText({ tap }: Results): string {
  if (tap === undefined) return '';
  const { verified, member } = tap;
  return `## From the tap

A person who has enrolled opens a platform, reads the consent sheet until it says that the proof is prepared, and taps.
From that click to the platform's answer in the wallet's page it takes a median of **${milliseconds(verified.median)} ms**
(quartiles ${milliseconds(verified.q1)} to ${milliseconds(verified.q3)}, ${String(verified.runs)} logins), until the
platform's page for members is there ${milliseconds(member.median)} ms. That is the wallet's own page and policy in
Chromium, and all services on the same machine over HTTP on localhost; a network adds its round trip.
`;
}

function memoryText({ memory, bytes }: Results): string {
  const names = Object.keys(memory?.node ?? {});
  const table = markdown(
    ['peak memory, MB', 'Node', 'Chromium'],
    names.map((name) => [`\`${name}\``, String(memory?.node[name] ?? ''), String(memory?.chromium[name] ?? '')]),
  );
  const { download, downloadBrotli, semaphore20Brotli } = bytes;
  const lines = [
    ...(downloadBrotli === undefined || download === undefined
      ? []
      : [
          `Before its first proof a wallet downloads the key and the witness program: ${megabytes(download)}, under Brotli ` +
            `${megabytes(downloadBrotli)}. Both are kept.`,
        ]),
    ...(semaphore20Brotli === undefined
      ? []
      : [`Semaphore at depth 20 takes ${megabytes(semaphore20Brotli)} under the same.`]),
  ];
  return `## Memory, download, energy

${names.length === 0 ? '' : `${table}\n\nEach is the peak of a process that does it once, less the peak of one that loads the same modules and does nothing; in Chromium, of the renderer. In Node each of our threads also holds what translates TypeScript.\n`}
${lines.join(' ')}

Energy was not measured. The column of CPU time in the table of figures, summed over all threads, stands in for it.
`;
}

function growthText({ growth }: Results): string {
  const { depth, attributes, batch, concurrency } = growth;
  const part = (title: string, file: string, text: string, table: string): string =>
    `### ${title}\n\n![${title}](benchmarks/${file})\n\n${text}\n\n${table}\n`;
  if (Object.keys(growth).length === 0) return '';
  return [
    '## How cost grows\n',
    ...(depth === undefined
      ? []
      : [
          part(
            'Depth of the tree',
            'depth.svg',
            'Every level multiplies the number of leaves by eight. The circuit is `Show(DEPTH)`, compiled for each depth, with throwaway keys. `domain` is the size of the transforms, a power of two: where it doubles, so does their part of the cost.',
            growthTable('depth', depth),
          ),
        ]),
    ...(attributes === undefined
      ? []
      : [
          part(
            'Attributes',
            'attributes.svg',
            'Further attributes beside those of `show`, each with its range and a comparison, committed to in the field that version 1 keeps free. How many of them a proof reveals changes nothing: the circuit is the same. BBS beside it discloses two of as many and compares none.',
            growthTable('attributes', attributes),
          ),
        ]),
    ...(batch === undefined
      ? []
      : [
          part(
            'Batch',
            'batch.svg',
            'Milliseconds for each proof, by the size of the batch.',
            growthTable('proofs', batch),
          ),
        ]),
    ...(concurrency === undefined
      ? []
      : [
          part(
            'Concurrency',
            'concurrency.svg',
            'Processes that verify at the same time; milliseconds for each proof over all of them, so that 1,000 divided by it is the number in a second.',
            growthTable('processes', concurrency),
          ),
        ]),
  ].join('\n');
}

/** The whole document. */
export async function documentOf(results: Results): Promise<string> {
  const text = `# Benchmarks

<!-- Written by npm run bench, from docs/benchmarks/results.json, and by npm run docs:bench; do not edit. -->

Bauta beside snarkjs on the same circuit, Semaphore 4, BBS, and other verifiers of the same proofs. Every number on this
page was measured in one run of \`npm run bench\` on one machine, and can be measured again by the same command.
\`--compare docs/benchmarks/results.json\` prints how yours differ.

## Ratios

Milliseconds belong to a machine, ratios less so.

${targetTable(results)}

## Figures

Milliseconds of wall-clock time: the median, and the quartiles in brackets.

${figureTable(results)}

![All figures](benchmarks/figures.svg)

${meaningTable()}

What they do is not the same. Semaphore proves membership of a group and a nullifier; BBS discloses attributes as they
were signed, without comparing, without a pseudonym, and shows who signed. \`show\` proves membership in a tree of 2^33, an
unexpired document, comparisons of dates, sets of documents and nationalities, and a pseudonym. The comparison with
snarkjs is the one of like with like: the same circuit, the same key, proofs that the same verifier takes.

${tapText(results)}
${memoryText(results)}
${growthText(results)}
## How it was measured

- In turn: each round runs every subject once or, if it is fast, up to 20 times or 150 ms; every other round goes the
  other way round. A slow minute of the machine falls on all alike. The first round warms up and is not kept.
- Each proof is for another request. The last of each subject is verified after the run, ours by
  \`snarkjs.groth16.verify\` as published, the others' by their own verifiers; the run fails if one is refused.
- In Node \`bauta.load\` includes the start of one thread a core, which here translates TypeScript first; in Chromium it does not.
- snarkjs and Semaphore have their files in memory and keep their curve and its workers between proofs: their best case.
  Semaphore runs its own code, circuits and keys as published.
- In Chromium everything runs in a module worker, to which the page lends threads. Slowed down, it runs on the thread of the page
  alone, ours and the others' alike: Chromium slows down that thread and refuses to slow down workers. A telephone has
  more than one core, so that it is a pessimistic stand-in where more threads help.
- \`bauta.armRoot\` is the worst case: no sibling on the path is what it was. In a register of few changes the lower levels stay.

${machineText(results)}
`;
  return format(text, { ...(await resolveConfig(FILE)), parser: 'markdown' });
}

/** Writes the document, its plots and its data. The peers must be installed. */
export async function writeDocument(results: Results): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(DATA, `${JSON.stringify(results, null, 1)}\n`);
  for (const plot of plotsOf(results)) await writeFile(join(FOLDER, plot.file), await draw(plot));
  await writeFile(FILE, await documentOf(results));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installPeers((line) => console.error(line));
  await writeDocument(parseResults(JSON.parse(await readFile(DATA, 'utf8'))));
}
