// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run load`: drives verifiers with prepared presentations over loopback. HELP says how; docs/load.md,
 * which a full run writes, what came out.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { toBase64Url } from '../src/protocol/scope.ts';
import { findBinaries, startCluster } from '../test/postgres.ts';
import { describeMachine } from './bench/machine.ts';
import { ROOT } from './circuits/compile.ts';
import { openHolder } from './load/holder.ts';
import { measureSetting, type Overload, type Run, type Setting } from './load/measure.ts';
import { documentOf, type LoadResult } from './load/report.ts';

const HELP = `Usage: npm run load -- [--json] [--quick] [--help]

Starts verifiers (1, 2 and 4 processes, on SQLite and on PostgreSQL, both with durable commits), prepares
presentations of a holder whose leaf a register published, and sends them over loopback: as many as the
verifiers take, then at an easy pace for the latencies, then twice as many as they take. The same app with
unmodified snarkjs.groth16.verify in place of our batches is measured beside it. perCore is presentations per
CPU second of the verifiers, without the driver and the database server.

PostgreSQL is started from the installed programs and deleted afterwards, or BAUTA_TEST_POSTGRES names one.
A full run takes some minutes and writes docs/load.md.

  --json    print one JSON object and nothing else on standard output, and write no file
            (with: npm run --silent load -- --json)
  --quick   fewer presentations, under a minute; no file

Exits 0 if everything was measured and nothing was lost or accepted twice, 1 otherwise, 2 if asked wrongly.
`;

const ORIGIN = 'https://load.example';
const PROCESSES = [1, 2, 4];
const COUNTS = {
  full: { count: 3000, snarkjs: 300, overload: 6 },
  quick: { count: 120, snarkjs: 48, overload: 2.5 },
} as const;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** A place for databases, each used by one setting. */
interface Databases {
  make(kind: Setting['database']): Promise<string>;
  close(): Promise<void>;
}

async function openDatabases(): Promise<Databases> {
  const folder = await mkdtemp(join(tmpdir(), 'bauta-load-'));
  const given = process.env['BAUTA_TEST_POSTGRES'];
  const binaries = findBinaries();
  if ((given === undefined || given === '') && binaries === undefined) {
    throw new Error('PostgreSQL is not installed: npm run pretest installs it on Debian, or set BAUTA_TEST_POSTGRES');
  }
  const cluster =
    given !== undefined && given !== '' ? undefined : await startCluster(binaries ?? '', { durable: true });
  const admin = new URL(cluster?.url ?? given ?? '');
  const made: string[] = [];
  const command = async (sql: string): Promise<void> => {
    const client = new Client({ connectionString: admin.href });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  return {
    make: async (kind) => {
      const name = `bauta_load_${randomBytes(6).toString('hex')}`;
      if (kind === 'sqlite') return `file:${join(folder, `${name}.db`)}`;
      await command(`create database ${name}`);
      made.push(name);
      const url = new URL(admin);
      url.pathname = `/${name}`;
      return url.href;
    },
    close: async () => {
      if (cluster === undefined) for (const name of made) await command(`drop database ${name} with (force)`);
      await cluster?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function run(quick: boolean): Promise<LoadResult> {
  const { count, snarkjs, overload } = COUNTS[quick ? 'quick' : 'full'];
  const databases = await openDatabases();
  try {
    const holder = await openHolder();
    try {
      const { register } = holder;
      const task = {
        origin: ORIGIN,
        apiKey: toBase64Url(new Uint8Array(randomBytes(32))),
        timeZone: register.timeZone,
        register: {
          url: register.url,
          name: register.name,
          key: toBase64Url(register.key),
          witnesses: register.witnesses.map(({ name, publicKey }) => ({ name, key: toBase64Url(publicKey) })),
          threshold: register.threshold,
          epochSeconds: register.epochSeconds,
        },
      };
      const runs: Run[] = [];
      let overloaded: Overload | undefined;
      const measure = async (setting: Omit<Setting, 'url'>): Promise<void> => {
        const url = await databases.make(setting.database);
        const measured = await measureSetting({ ...setting, url }, task, holder, say);
        runs.push(measured.run);
        overloaded ??= measured.overload;
      };
      for (const database of ['sqlite', 'postgres'] as const) {
        for (const processes of PROCESSES) {
          const isFirst = runs.length === 0;
          await measure({ checker: 'bauta', database, processes, count, overload: isFirst ? overload : 0 });
        }
      }
      await measure({ checker: 'snarkjs', database: 'sqlite', processes: 1, count: snarkjs, overload: 0 });
      return resultOf(runs, overloaded);
    } finally {
      await holder.close();
    }
  } finally {
    await databases.close();
  }
}

function resultOf(runs: readonly Run[], overload: Overload | undefined): LoadResult {
  const [first] = runs;
  const theirs = runs.find(({ checker }) => checker === 'snarkjs');
  if (first === undefined || theirs === undefined || overload === undefined) {
    throw new Error('not everything was measured');
  }
  const { perCore, p50, p95, p99, memory } = first;
  return { perCore, snarkjsPerCore: theirs.perCore, p50, p95, p99, memory, overload, runs };
}

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help === true) {
  console.log(HELP);
  process.exit(0);
}
try {
  const quick = values.quick === true;
  const { cpu, cores, memoryGiB, node, loadBefore } = await describeMachine();
  const result = await run(quick);
  const machine = `Measured on ${cpu}, ${String(cores)} cores, ${String(memoryGiB)} GiB, Node ${node}; load average before: ${String(loadBefore)}.`;
  const document = documentOf(result, machine);
  if (values.json === true) console.log(JSON.stringify(result));
  else console.log(document);
  if (values.json !== true && !quick) await writeFile(join(ROOT, 'docs', 'load.md'), document);
  process.exit(result.overload.lost === 0 && result.overload.doubled === 0 ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? `load: ${error.message}` : error);
  process.exit(1);
}
