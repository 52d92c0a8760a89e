// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A platform's verifier as a program of its own: its public port, its port for operators, its database, threads and
 * webhooks, and how it ends. Any number of such processes may share one PostgreSQL database behind a balancer: nonces,
 * consumed actions, limits, idempotency keys and webhooks are all there. docs/operations.md.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createLogger, type Logger } from '../http/logs.ts';
import { createPlatformApp } from '../platform/app.ts';
import { type BatchVerifier, createLocalVerifier } from '../platform/batch_verifier.ts';
import { createCheckpointSource } from '../platform/checkpoints.ts';
import { createCollector } from '../platform/collector.ts';
import type { PlatformLimits } from '../platform/limits.ts';
import { createPlatformMetrics } from '../platform/metrics.ts';
import { createOperationsApp } from '../platform/operations.ts';
import { startForgetting } from '../platform/outdated.ts';
import { randomToken } from '../platform/secrets.ts';
import { createVerifyingPool } from '../platform/verifying_pool.ts';
import { deliverWebhook } from '../platform/webhook_delivery.ts';
import { createWebhookSender } from '../platform/webhook_sender.ts';
import { type Manifest, parseManifest, requireProductionKeys } from '../protocol/artifacts.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { migrate } from '../storage/migrate.ts';
import type { OidcSchema } from '../storage/oidc.ts';
import { type Database, openDatabase } from '../storage/open.ts';
import { type OriginSchema, pinOrigin } from '../storage/origin.ts';
import { platformMigrations, type PlatformSchema } from '../storage/platform.ts';
import { countWebhooks } from '../storage/webhooks.ts';
import { openVerificationKey } from '../verifying/artifacts.ts';
import { buttonScript } from './button_script.ts';
import { addressOf, listen, type Listening } from './listen.ts';
import { ARTIFACTS } from './pages.ts';
import type { VerifierConfig } from './verifier_config.ts';

/** Milliseconds that a request waits for a connection to the database. */
const CONNECT_TIMEOUT = 5_000;
/** Milliseconds in which the database must have answered a statement; a verifier's longest takes far less. */
const QUERY_TIMEOUT = 10_000;

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** A verifier that runs. */
export interface RunningVerifier {
  /** Where it listens. */
  readonly origin: string;
  /** Where operators ask. */
  readonly operations: string;
  /**
   * Ends: says at `/readyz` that it is going, waits until balancers have noticed, takes no more connections, and lets
   * the requests that are under way finish.
   *
   * @returns Whether all of them finished.
   */
  end(): Promise<boolean>;
}

/** What {@link startVerifier} is given beside its configuration. */
export interface VerifierProgramOptions {
  /** Default: JSON lines on standard output. */
  readonly logger?: Logger;
  /** Unix time in milliseconds; the system's by default. */
  readonly clock?: () => number;
}

/**
 * Starts a verifier.
 *
 * @throws ProtocolError `port_taken`, `database_unreachable`, `origin_changed`, `migration_failed`, `development_keys_refused`, …
 */
export async function startVerifier(
  config: VerifierConfig,
  { logger = createLogger('verifier'), clock = () => Date.now() }: VerifierProgramOptions = {},
): Promise<RunningVerifier> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { listening, operations, startEnding } = await start(config, logger, clock, closers);
    const end = async (): Promise<boolean> => {
      startEnding();
      await setTimeout(config.shutdown.delay_seconds * 1000);
      const finished = await listening.drain(config.shutdown.grace_seconds * 1000);
      await close();
      return finished;
    };
    let ending: Promise<boolean> | undefined;
    return { origin: listening.origin, operations: operations.origin, end: () => (ending ??= end()) };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Started {
  readonly listening: Listening;
  readonly operations: Listening;
  readonly startEnding: () => void;
}

async function start(
  config: VerifierConfig,
  logger: Logger,
  clock: () => number,
  closers: (() => Promise<unknown>)[],
): Promise<Started> {
  const { register, webhook, limits, trusted_proxies: proxies } = config;
  const manifest = parseManifest(JSON.parse(await readFile(join(ARTIFACTS, 'manifest.json'), 'utf8')));
  requireProductionKeys(manifest, config.production);
  const database = await openDatabase<PlatformSchema>(config.database, {
    connectTimeout: CONNECT_TIMEOUT,
    queryTimeout: QUERY_TIMEOUT,
  });
  closers.push(() => database.close());
  await migrate(database, platformMigrations);
  const pinned = (await pinOrigin(database, config.origin)) as Database<OidcSchema & OriginSchema>;
  closers.push(startForgetting({ database, clock, logger }).close);
  const verifier = await startJudging(manifest, config.verifying_threads);
  const collector = createCollector(verifier);
  closers.push(collector.close);
  const metrics = createPlatformMetrics(() => countWebhooks(database).catch(() => undefined));
  const sender =
    webhook === undefined
      ? undefined
      : createWebhookSender({
          database,
          ...webhook,
          deliver: (url, headers, body) => deliverWebhook(url, headers, body, { allowLoopback: !config.production }),
          clock,
          logger,
          metrics,
        });
  if (sender !== undefined) {
    sender.start();
    closers.push(() => sender.close());
  }
  const checkpoints = createCheckpointSource({
    register: register.url,
    name: register.name,
    publicKey: fromBase64Url(register.key),
    witnesses: {
      keys: register.witnesses.map(({ name, key }) => ({ name, publicKey: fromBase64Url(key) })),
      threshold: register.threshold,
    },
    epochs: { epochSeconds: register.epoch_seconds, turn: register.turn },
    fetch,
    clock,
    refreshSeconds: Math.max(1, Math.min(60, register.epoch_seconds / 2)),
    maxStaleSeconds: Math.max(60, register.epoch_seconds),
    onRefused: () => {
      logger.warn({ checkpoints: 'not_taken' });
    },
  });
  const counted: PlatformLimits = { ...limits, address: (c) => addressOf(c, proxies) };
  const bridgeKey = randomToken(random);
  const app = createPlatformApp({
    origin: config.origin,
    basePath: config.base_path,
    apiKeys: [...config.api_keys, bridgeKey],
    walletUrl: config.wallet_url,
    manifest,
    checkProof: collector.checkProof,
    checkpoints,
    database,
    clock,
    random,
    timeZone: register.time_zone,
    logger,
    metrics,
    button: await buttonScript(),
    limits: counted,
    ...(sender === undefined ? {} : { webhooks: sender }),
  });
  let isEnding = false;
  const operationsApp = createOperationsApp({
    registry: metrics.registry,
    database: () => database.kysely.selectFrom('verification').select('id').limit(1).execute(),
    checkpoints,
    isEnding: () => isEnding,
  });
  const { host, port } = config.operations;
  const operations = await listen(
    () => Promise.resolve({ app: operationsApp }),
    port,
    'verifier’s operations',
    'operations.port or BAUTA_VERIFIER_OPERATIONS_PORT',
    host,
  );
  closers.push(() => operations.close());
  const listening = await listen(
    async (local) => {
      if (config.oidc === undefined) return { app };
      // Loaded where it is asked for: it brings a provider along.
      const { withBridge } = await import('./verifier_bridge.ts');
      const { registry } = metrics;
      const own = { app, local, database: pinned, apiKey: bridgeKey, limits: counted, registry };
      return { app: await withBridge(config, { ...own, logger, clock, closers }) };
    },
    config.listen.port,
    'verifier',
    'listen.port or BAUTA_VERIFIER_PORT',
    config.listen.host,
  );
  return {
    listening,
    operations,
    startEnding: () => {
      isEnding = true;
    },
  };
}

async function startJudging(manifest: Manifest, threads: number): Promise<BatchVerifier> {
  const vkey = await readFile(join(ARTIFACTS, manifest.circuits.show.vkey.file));
  return threads === 0
    ? createLocalVerifier(await openVerificationKey(manifest, 'show', vkey), random)
    : createVerifyingPool({ manifest, vkey, threads });
}
