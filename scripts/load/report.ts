// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What `npm run load` prints and writes.
 *
 * @module
 */
import type { Overload, Run } from './measure.ts';

/** Everything measured; the members outside `runs` are of one process on SQLite. */
export interface LoadResult {
  readonly perCore: number;
  readonly snarkjsPerCore: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** MB. */
  readonly memory: number;
  readonly overload: Overload;
  readonly runs: readonly Run[];
}

const CHECKERS = { bauta: 'batches', snarkjs: 'snarkjs' } as const;
const DATABASES = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const;

/** The document, Markdown. */
export function documentOf(result: LoadResult, machine: string): string {
  const { perCore, snarkjsPerCore, overload, runs } = result;
  const head = [
    'proofs checked by',
    'database',
    'processes',
    'a second',
    'a CPU second',
    'p50',
    'p95',
    'p99',
    'at',
    'MB',
  ];
  const rows = runs.map((run) => [
    CHECKERS[run.checker],
    DATABASES[run.database],
    String(run.processes),
    String(run.perSecond),
    String(run.perCore),
    String(run.p50),
    String(run.p95),
    String(run.p99),
    `${String(run.easy)}/s`,
    String(run.memory),
  ]);
  return `# Verifiers under load

<!-- Written by npm run load; do not edit. -->

${machine}

A platform's verifier, as it runs in a deployment, answers prepared presentations over loopback: it finds its request,
checks all eight signals and the proof, and keeps the result and the used nonce durably before it answers. One process
on SQLite does **${String(perCore)} presentations a CPU second**, ${(perCore / snarkjsPerCore).toFixed(1)} times what the same app does with
\`snarkjs.groth16.verify\`. Latencies, in milliseconds, were measured at the pace in the column \`at\`, 60 % of what the
verifiers had done just before; the first row tells the better of that and of a second measurement, by which the overload is
set. Driver and database server shared the machine's cores with the verifiers and are not counted in the CPU seconds.

${table(head, rows)}

At twice its capacity, one process on SQLite was sent ${String(overload.offered)} presentations a second. It accepted
${String(overload.accepted)} and refused ${String(overload.refused)} with 503 and Retry-After; sent again, all of those were accepted.
${String(overload.lost)} were lost, ${String(overload.doubled)} were accepted or handed out twice.
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
