// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One verifier process under load: the platform's app on a port of its own, as a deployment runs several
 * of them on one database. Forked by `fleet.ts`, it is told what to run and answers by messages.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as snarkjs from 'snarkjs';
import { createPlatformApp } from '../../src/platform/app.ts';
import { createCheckpointSource } from '../../src/platform/checkpoints.ts';
import { type Collector, createCollector } from '../../src/platform/collector.ts';
import { createVerifyingPool } from '../../src/platform/verifying_pool.ts';
import { type Manifest, parseManifest } from '../../src/protocol/artifacts.ts';
import { fromBase64Url } from '../../src/protocol/scope.ts';
import { listen, type Listening } from '../../src/server/listen.ts';
import { ARTIFACTS } from '../../src/server/pages.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { platformMigrations, type PlatformSchema } from '../../src/storage/platform.ts';

/** Who checks the proofs: our batches, or unmodified snarkjs behind the same app. */
export type Checker = 'bauta' | 'snarkjs';

/** What a process is told to run. */
export interface VerifierTask {
  readonly checker: Checker;
  /** The origin that all processes answer for. */
  readonly origin: string;
  readonly apiKey: string;
  readonly database: string;
  readonly timeZone: string;
  readonly register: {
    readonly url: string;
    readonly name: string;
    /** Base64url. */
    readonly key: string;
    readonly witnesses: readonly { readonly name: string; readonly key: string }[];
    readonly threshold: number;
    readonly epochSeconds: number;
  };
}

/** What the parent asks of a running process. */
export type Question = 'usage' | 'stop';

/** What a process has used so far. */
export interface Usage {
  /** CPU time of all its threads, milliseconds. */
  readonly cpuMs: number;
  /** Resident memory, bytes. */
  readonly rss: number;
}

/** What a process answers. */
export type Reply = { readonly url: string } | Usage;

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

async function createChecker(checker: Checker, manifest: Manifest): Promise<Collector> {
  const vkey = await readFile(join(ARTIFACTS, manifest.circuits.show.vkey.file));
  if (checker === 'bauta') return createCollector(await createVerifyingPool({ manifest, vkey, threads: 1 }));
  const key: unknown = JSON.parse(vkey.toString('utf8'));
  return {
    checkProof: async (signals, proof) => ({
      holds: await snarkjs.groth16.verify(key, signals.map(String), proof),
      cpuMs: 0,
    }),
    close: () => Promise.resolve(),
  };
}

async function run(task: VerifierTask): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const manifest = parseManifest(JSON.parse(await readFile(join(ARTIFACTS, 'manifest.json'), 'utf8')));
  const collector = await createChecker(task.checker, manifest);
  const database = await openDatabase<PlatformSchema>(task.database);
  await migrate(database, platformMigrations);
  const clock = (): number => Date.now();
  const { register } = task;
  const app = createPlatformApp({
    origin: task.origin,
    apiKeys: [task.apiKey],
    walletUrl: 'https://wallet.example/present',
    manifest,
    checkProof: collector.checkProof,
    checkpoints: createCheckpointSource({
      register: register.url,
      name: register.name,
      publicKey: fromBase64Url(register.key),
      witnesses: {
        keys: register.witnesses.map(({ name, key }) => ({ name, publicKey: fromBase64Url(key) })),
        threshold: register.threshold,
      },
      epochs: { epochSeconds: register.epochSeconds, turn: 'on_demand' },
      fetch,
      clock,
    }),
    database,
    clock,
    random,
    timeZone: task.timeZone,
  });
  const listening: Listening = await listen(() => Promise.resolve({ app }), 0, 'verifier');
  return {
    url: listening.origin,
    stop: async () => {
      await listening.close();
      await collector.close();
      await database.close();
    },
  };
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, rss: process.memoryUsage.rss() };
}

process.once('message', (task: VerifierTask) => {
  const tell = (reply: Reply): void => void process.send?.(reply);
  run(task).then(
    ({ url, stop }) => {
      process.on('message', (question: Question) => {
        if (question === 'usage') tell(usage());
        else void stop().finally(() => process.exit(0));
      });
      tell({ url });
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
