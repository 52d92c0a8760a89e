// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a simulation says: as JSON, as lines, and as docs/scale.md.
 *
 * @module
 */
import { format } from 'prettier';
import { BLOCK_LEAVES } from '../../src/log/block.ts';
import { TREE_DEPTH } from '../../src/protocol/statement.ts';
import type { Machine } from '../bench/results.ts';
import { ASSUMPTIONS, type Assumed } from './assumptions.ts';
import type { Measured } from './measure.ts';
import { type Day, model } from './model.ts';

/** A run. */
export interface Simulation {
  readonly measured: Measured;
  readonly day: Day;
  readonly assumed: Assumed;
}

/** The figures that `--json` prints, in this order. */
export function figures({ measured, day }: Simulation): Readonly<Record<string, number>> {
  const { leavesPerSecond, updatesPerSecond, perLeafUpdatesPerSecond } = measured;
  return {
    walletBytesPerDay: Math.round(day.bytes.walletPerDay),
    blockAnonymity: Math.round(day.blockAnonymity),
    hashesPerDay: Math.round(day.hashesPerDay),
    coresNeeded: significant(day.coresNeeded),
    leavesPerSecond: Math.round(leavesPerSecond),
    updatesPerSecond: Math.round(updatesPerSecond),
    perLeafUpdatesPerSecond: significant(perLeafUpdatesPerSecond),
  };
}

const significant = (value: number): number => Number(value.toPrecision(3));

/** A count with thousands marked. */
function count(value: number): string {
  return Math.round(value).toLocaleString('en-GB');
}

/** Bytes in the unit that suits them. */
function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${String(significant(value / 1000 ** unit))} ${units[unit] ?? ''}`;
}

type Row = readonly [name: string, value: string];

function dayRows({ day, assumed }: Simulation): readonly Row[] {
  const { events, bytes: size } = day;
  return [
    ['leaves added a day', count(events.added)],
    ['leaves emptied a day', count(events.revoked)],
    ['announcements and reversals a day', count(events.decisions)],
    ['people given a new seed a day', count(events.resets)],
    [`positions used after ${String(assumed.years)} year(s)`, count(day.positions)],
    ['years until all positions are used', count(day.yearsUntilFull)],
    ['blocks', count(day.blocks)],
    ['holders that ask for the same block, on average', count(day.blockAnonymity)],
    ['hashes a day', count(day.hashesPerDay)],
    ['cores for the register, and for each witness', String(significant(day.coresNeeded))],
    ['full block', bytes(size.fullBlock)],
    ['delta of an epoch', bytes(size.delta)],
    ['a wallet a day, to keep its path fresh', bytes(size.syncPerDay)],
    ['a wallet once after issue, to find its leaf in the log', bytes(size.logAfterIssue)],
    ['a wallet a day, everything, on average', bytes(size.walletPerDay)],
    ['all mirrors to all wallets a day', bytes(size.mirrorsPerDay)],
    [`the register to ${String(assumed.mirrors)} mirrors a day`, bytes(size.originPerDay)],
    ['log a year', bytes(size.logPerYear)],
    ['tree in SQL', bytes(size.tree)],
  ];
}

function measuredRows({ measured }: Simulation): readonly Row[] {
  const { seconds } = measured;
  return [
    ['leaves of the tree', count(measured.leaves)],
    ['database', measured.database],
    ['threads that hash', String(measured.threads)],
    ['leaves a second, loaded in bulk', count(measured.leavesPerSecond)],
    [`updates a second, in a batch of ${count(measured.batch)}`, count(measured.updatesPerSecond)],
    ['updates a second, leaf by leaf', String(significant(measured.perLeafUpdatesPerSecond))],
    [
      'the batch is faster by',
      `${String(significant(measured.updatesPerSecond / measured.perLeafUpdatesPerSecond))} times`,
    ],
    ['memory while loading', bytes(measured.loadBytes)],
    ['CPU time of a hash', `${String(significant(seconds.perHash * 1000))} ms`],
    ['CPU time of a dirty node, SQL included', `${String(significant(seconds.perNode * 1000))} ms`],
    ['CPU time of verifying a signature', `${String(significant(seconds.perSignature * 1000))} ms`],
    ['bytes of eight siblings in the database', count(measured.bytes.perFamily)],
  ];
}

/** The report as lines. */
export function reportLines(simulation: Simulation): readonly string[] {
  const section = (title: string, rows: readonly Row[]): readonly string[] => [
    title,
    ...rows.map(([name, value]) => `  ${name.padEnd(58)} ${value}`),
    '',
  ];
  const assumptions = Object.entries(ASSUMPTIONS).map(
    ([name, { unit }]) => [name, `${String(simulation.assumed[name as keyof Assumed])} ${unit}`] as const,
  );
  return [
    ...section(`A day of a register with ${count(simulation.day.holders)} holders`, dayRows(simulation)),
    ...section('Measured', measuredRows(simulation)),
    ...section('Assumed (scripts/simulate/assumptions.ts has the reasons)', assumptions),
  ];
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

/** What the years do to blocks, since positions are not used again. */
function yearsTable({ day, measured, assumed }: Simulation): string {
  const rows = [0, 1, 5, 10].map((years) => {
    const later = model(day.holders, measured, { ...assumed, years });
    return [
      String(years),
      count(later.positions),
      count(later.blockAnonymity),
      bytes(later.bytes.fullBlock),
      bytes(later.bytes.syncPerDay),
    ];
  });
  return table(
    ['years', 'positions used', 'holders that ask for the same block', 'full block', 'a wallet a day'],
    rows,
  );
}

/** docs/scale.md. */
export function documentOf(simulation: Simulation, machine: Machine, date: string): Promise<string> {
  const { measured, day, assumed } = simulation;
  return format(
    `# Scale

<!-- Written by npm run simulate; do not edit. -->

A nation of ${count(day.holders)} holders, modelled by \`npm run simulate\` from the assumptions below and from unit costs that
the same run measured on a tree of ${count(measured.leaves)} leaves, on ${machine.cpu} with ${String(machine.cores)} cores, Node ${machine.node}, on ${date};
load of the machine before the run: ${String(machine.loadBefore)}.

## A day

${table(['', ''], dayRows(simulation))}

![What a wallet downloads, and who asks for the same](scale/wallet.svg)

![Hashes of a cut, batched and leaf by leaf](scale/hashes.svg)

## Measured

${table(['', ''], measuredRows(simulation))}

Leaf by leaf, every update hashes the ${String(TREE_DEPTH)} nodes above it and reads and writes as many rows. In a batch each dirty node is
hashed and stored once, in order, with many rows to a statement. Both lead to the same root; the run compares them.

## What follows

- **SQL holds the tree; there are no files beside it.** A row holds the eight children of a node, since whoever hashes one needs all eight: an eighth of the
  rows and index entries of a row for each node, and bytes instead of decimals. Loading ${count(measured.leaves)} leaves takes
  ${count(measured.leaves / measured.leavesPerSecond)} s, most of it hashing; what files could save is the part that is SQL. Files would need a
  recovery of their own after a crash; rows commit with the events that caused them.
- **Memory is bounded**: a load or a cut updates the tree in parts of 8^5 leaves and more, whole subtrees, and the levels above
  once at the end (\`src/storage/tree_update.ts\`).
- **Hashing** is our own WebAssembly (\`src/commitment/poseidon_code.ts\`), in threads: the process answers meanwhile.
- **Positions are not used again**, so blocks thin out, and the tree of 2^33 lasts ${count(day.yearsUntilFull)} years at this rate:

${yearsTable(simulation)}

- **After issue** a wallet reads the log of its epoch to find its leaf, since asking for it would tell the register who asks:
  ${bytes(day.bytes.logAfterIssue)} at this size. That is the largest single download of a wallet by far; the issuer, which
  knows the leaf, could tell the position instead. Averaged over wallets and days it is part of the figure above.
- A block holds 2^18 = ${count(BLOCK_LEAVES)} positions. With fewer holders than that there is one block, and everyone asks for the
  same.

## Assumptions

From \`scripts/simulate/assumptions.ts\`.

${table(
  ['name', 'value', 'unit', 'reason'],
  Object.entries(ASSUMPTIONS).map(([name, { unit, reason }]) => [
    name,
    String(assumed[name as keyof Assumed]),
    unit,
    reason,
  ]),
)}
`,
    { parser: 'markdown', printWidth: 120, proseWrap: 'preserve' },
  );
}
