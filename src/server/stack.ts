// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A whole Bauta on one machine: register, issuer, the wallet's host and two sample platforms, each on
 * an origin of its own, talking over HTTP only.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Hono } from 'hono';
import { buildWasmPoseidon } from '../commitment/poseidon_wasm.ts';
import { createSamplePlatform } from '../demo/platforms/platform.ts';
import { LANGUAGES } from '../demo/platforms/texts.ts';
import type { AnchorSet } from '../documents/anchors.ts';
import { createLogger, type Logger } from '../http/logs.ts';
import { createIssuer, type Issuer } from '../issuer/app.ts';
import type { CompareFaces } from '../issuer/enrolment.ts';
import { createPlatformApp } from '../platform/app.ts';
import { createCheckpointSource } from '../platform/checkpoints.ts';
import { type CircuitName, type Manifest, parseManifest, requireProductionKeys } from '../protocol/artifacts.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { createRegister, type Register } from '../register/app.ts';
import { keyList } from '../register/config.ts';
import { issuerMigrations } from '../storage/issuer.ts';
import { migrate } from '../storage/migrate.ts';
import { type Database, openDatabase } from '../storage/open.ts';
import { platformMigrations } from '../storage/platform.ts';
import { loadVerificationKey, type VerificationKey } from '../verifying/groth16.ts';
import type { Config } from './config.ts';
import { type Keys, loadKeys, makeKeys } from './keys.ts';
import { type App, listen, type Listening } from './listen.ts';
import { ARTIFACTS, PAGES } from './pages.ts';
import { createWalletHost, type WalletConfig } from './wallet_host.ts';

/** Origin line and key name of the register's checkpoints. */
const REGISTER_NAME = 'register.bauta.localhost/v1';
/** Milliseconds between two looks at whether an epoch is due. */
const TURN_INTERVAL = 250;

/** What a stack is given beside its configuration. */
export interface StackOptions {
  readonly config: Config;
  /** Country signing keys that the issuer trusts. */
  readonly anchors: AnchorSet;
  readonly compareFaces: CompareFaces;
  /** Sample people for the wallet's pages, below `/demo`. */
  readonly samples?: Hono;
  /** Unix time in milliseconds; the system's by default. */
  readonly clock?: () => number;
  /** Whether epochs turn by themselves. Default true. */
  readonly timers?: boolean;
  /** Where request logs go; by default nowhere. */
  readonly logger?: (service: string) => Logger;
}

/** A running stack. */
export interface Stack {
  /** Origins by program. */
  readonly urls: Readonly<Record<'wallet' | 'issuer' | 'register' | 'photo' | 'market', string>>;
  /** What the wallet is told. */
  readonly walletConfig: WalletConfig;
  readonly manifest: Manifest;
  /** Bearer keys of the platforms' backends. */
  readonly apiKeys: Readonly<Record<'photo' | 'market', string>>;
  /** Ed25519 secret key of the register's operator. */
  readonly operatorKey: Uint8Array;
  readonly register: Pick<Register, 'turn'>;
  close(): Promise<void>;
}

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

async function readManifest(production: boolean): Promise<Manifest> {
  const manifest = parseManifest(JSON.parse(await readFile(join(ARTIFACTS, 'manifest.json'), 'utf8')));
  requireProductionKeys(manifest, production);
  return manifest;
}

async function readKey(manifest: Manifest, name: CircuitName): Promise<VerificationKey> {
  return loadVerificationKey(JSON.parse(await readFile(join(ARTIFACTS, manifest.circuits[name].vkey.file), 'utf8')));
}

async function openMigrated<Schema>(
  url: string,
  migrations: Parameters<typeof migrate<Schema>>[1],
  closers: (() => Promise<void>)[],
): Promise<Database<Schema>> {
  const database = await openDatabase<Schema>(url);
  closers.push(() => database.close());
  await migrate(database, migrations);
  return database;
}

/**
 * Starts everything.
 *
 * @param options - See {@link StackOptions}.
 * @throws ProtocolError `port_taken`, `development_keys_refused`, `database_unreachable`, …; what was
 * started is closed again.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await start(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: StackOptions,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<Stack> {
  const { config } = options;
  const clock = options.clock ?? (() => Date.now());
  const logger = options.logger ?? ((service) => createLogger(service, { write: () => undefined }));
  const manifest = await readManifest(config.production);
  const keys: Keys = config.dataFolder === undefined ? makeKeys() : await loadKeys(config.dataFolder);
  const { timeZone, ports, databases } = config;
  const issuerKey = ed25519.getPublicKey(keys.issuer);
  const registerKey = ed25519.getPublicKey(keys.register);
  const bind = async (
    program: keyof typeof ports,
    make: (origin: string) => Promise<{ readonly app: App }>,
  ): Promise<string> => {
    const listening: Listening = await listen(make, ports[program], program);
    closers.push(() => listening.close());
    return listening.origin;
  };

  const registerDatabase = await openDatabase<never>(databases.register);
  closers.push(() => registerDatabase.close());
  let register: Register | undefined;
  const registerUrl = await bind('register', async () => {
    register = await createRegister({
      origin: REGISTER_NAME,
      signingKey: keys.register,
      issuers: keyList(issuerKey),
      operators: keyList(ed25519.getPublicKey(keys.operator)),
      epochSeconds: config.epochSeconds,
      turn: 'on_demand',
      timeZone,
      clock,
      random,
      database: registerDatabase,
      logger: logger('register'),
    });
    return register;
  });

  const issuerDatabase = await openMigrated(databases.issuer, issuerMigrations, closers);
  let issuer: Issuer | undefined;
  const issuerName = { en: 'Bauta sample issuer', zh: 'Bauta 示例签发机构' };
  const issueKey = await readKey(manifest, 'issue');
  const poseidon = await buildWasmPoseidon();
  const issuerUrl = await bind('issuer', () => {
    issuer = createIssuer({
      name: issuerName.en,
      logger: logger('issuer'),
      clock,
      random,
      timeZone,
      dedupKey: keys.dedup,
      issuerNumber: 1,
      anchors: options.anchors,
      compareFaces: options.compareFaces,
      database: issuerDatabase,
      poseidon,
      verificationKey: issueKey,
      signingKey: keys.issuer,
      registerUrl,
      fetch,
    });
    return Promise.resolve(issuer);
  });

  const trusted: Omit<WalletConfig, 'platforms'> = {
    issuer: { url: issuerUrl, name: issuerName, key: toBase64Url(issuerKey) },
    register: {
      url: registerUrl,
      name: REGISTER_NAME,
      key: toBase64Url(registerKey),
      timeZone,
      epochSeconds: config.epochSeconds,
    },
    demo: options.samples !== undefined,
  };
  const platforms: WalletConfig['platforms'][number][] = [];
  const walletConfig = (): WalletConfig => ({ ...trusted, platforms });
  const walletUrl = await bind('wallet', () =>
    Promise.resolve({
      app: createWalletHost({
        pages: PAGES,
        artifacts: ARTIFACTS,
        config: walletConfig,
        clock,
        logger: logger('wallet'),
        ...(options.samples === undefined ? {} : { samples: options.samples }),
      }),
    }),
  );

  const showKey = await readKey(manifest, 'show');
  const platform = async (kind: 'photo' | 'market', secret: Uint8Array): Promise<string> => {
    const database = await openMigrated(databases[kind], platformMigrations, closers);
    return bind(kind, (origin) => {
      const verifier = createPlatformApp({
        origin,
        apiKeys: [toBase64Url(secret)],
        walletUrl: `${walletUrl}/present`,
        manifest,
        key: showKey,
        checkpoints: createCheckpointSource({
          register: registerUrl,
          name: REGISTER_NAME,
          publicKey: registerKey,
          fetch,
          clock,
          refreshSeconds: Math.max(1, Math.min(60, config.epochSeconds / 2)),
          maxStaleSeconds: Math.max(60, config.epochSeconds),
        }),
        database,
        clock,
        random,
        timeZone,
        logger: logger(kind),
      });
      const app = createSamplePlatform({
        kind,
        origin,
        walletUrl: `${walletUrl}/present`,
        verifier,
        apiKey: toBase64Url(secret),
        clock,
        random,
      });
      return Promise.resolve({ app });
    });
  };
  const photoUrl = await platform('photo', keys.photoApi);
  const marketUrl = await platform('market', keys.marketApi);
  platforms.push(
    { url: photoUrl, name: { en: LANGUAGES.en.names.photo, zh: LANGUAGES.zh.names.photo } },
    { url: marketUrl, name: { en: LANGUAGES.en.names.market, zh: LANGUAGES.zh.names.market } },
  );

  const turn = async (): Promise<boolean> => (await register?.turn()) ?? false;
  if (options.timers !== false) {
    closers.push(
      repeat(async () => {
        await turn();
      }, TURN_INTERVAL),
    );
    closers.push(
      repeat(async () => {
        await issuer?.issuance.submitPending();
      }, 5_000),
    );
  }
  return {
    urls: { wallet: walletUrl, issuer: issuerUrl, register: registerUrl, photo: photoUrl, market: marketUrl },
    walletConfig: walletConfig(),
    manifest,
    apiKeys: { photo: toBase64Url(keys.photoApi), market: toBase64Url(keys.marketApi) },
    operatorKey: keys.operator,
    register: { turn },
    close,
  };
}

/** Runs a task again and again, never twice at once; a failure waits for the next round. */
function repeat(task: () => Promise<void>, interval: number): () => Promise<void> {
  const stop = new AbortController();
  const rounds = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await task().catch(() => undefined);
      await setTimeout(interval, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
  };
  const running = rounds();
  return async () => {
    stop.abort();
    await running;
  };
}
