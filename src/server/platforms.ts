// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The sample platforms of a stack, each with its verifier and its OIDC bridge on an origin of its own.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { Hono } from 'hono';
import { createSamplePlatform } from '../demo/platforms/platform.ts';
import { createPlatformApp } from '../platform/app.ts';
import { createLocalVerifier } from '../platform/batch_verifier.ts';
import { createCheckpointSource } from '../platform/checkpoints.ts';
import { createPlatformClient } from '../platform/client/client.ts';
import { type Collector, createCollector } from '../platform/collector.ts';
import { type Bridge, createBridge } from '../platform/oidc/bridge.ts';
import type { OidcClient } from '../platform/oidc/clients.ts';
import { startForgetting } from '../platform/outdated.ts';
import { createVerifyingPool } from '../platform/verifying_pool.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { migrate } from '../storage/migrate.ts';
import { oidcMigrations } from '../storage/oidc.ts';
import { pinOrigin, previousSubOf } from '../storage/origin.ts';
import { platformMigrations, type PlatformSchema } from '../storage/platform.ts';
import type { OidcSchema } from '../storage/oidc.ts';
import type { OriginSchema } from '../storage/origin.ts';
import { openVerificationKey } from '../verifying/artifacts.ts';
import { buttonScript } from './button_script.ts';
import { PLATFORM_PROGRAMS, type PlatformProgram } from './config.ts';
import type { Keys } from './keys.ts';
import type { App } from './listen.ts';
import {
  bind,
  type House,
  open,
  random,
  readKeyFile,
  REGISTER_NAME,
  TURN,
  WITNESS_THRESHOLD,
  witnessNames,
} from './programs.ts';

/** Bearer keys of the platforms' backends. */
export type PlatformKeys = Readonly<Record<PlatformProgram, string>>;

/** Running sample platforms. */
export interface Platforms {
  readonly urls: Readonly<Record<PlatformProgram, string>>;
  /** Tends the bridges' keys; to be called now and then. */
  readonly tend: () => Promise<void>;
}

/** The bearer keys of a stack's platforms. */
export function platformKeys(keys: Keys): PlatformKeys {
  return { photo: toBase64Url(keys.photoApi), market: toBase64Url(keys.marketApi), poll: toBase64Url(keys.pollApi) };
}

/** Starts them all. */
export async function startPlatforms(
  house: House,
  options: { readonly walletUrl: string; readonly registerUrl: string },
): Promise<Platforms> {
  const urls: Partial<Record<PlatformProgram, string>> = {};
  const bridges: Bridge[] = [];
  const apiKeys = platformKeys(house.keys);
  for (const kind of PLATFORM_PROGRAMS) {
    const { origin, made } = await startPlatform(house, kind, { ...options, apiKey: apiKeys[kind] });
    urls[kind] = origin;
    bridges.push(made.bridge);
  }
  return {
    urls: urls as Record<PlatformProgram, string>,
    tend: async () => {
      for (const bridge of bridges) await bridge.tend();
    },
  };
}

/** Starts the verifying threads of a platform. */
async function startCollector({ config, manifest, closers }: House): Promise<Collector> {
  const vkey = await readKeyFile(manifest, 'show');
  const threads = config.verifyingThreads;
  const verifier =
    threads === 0
      ? createLocalVerifier(await openVerificationKey(manifest, 'show', vkey), random)
      : await createVerifyingPool({ manifest, vkey, threads });
  const collector = createCollector(verifier);
  closers.push(collector.close);
  return collector;
}

/** Applications of a development stack that log in over OpenID Connect. */
function clientsOf(origin: string): readonly OidcClient[] {
  return [
    {
      client_id: 'example',
      name: 'Example',
      redirect_uris: ['http://localhost:4200/callback', 'http://127.0.0.1:4200/callback'],
      post_logout_redirect_uris: ['http://localhost:4200/', `${origin}/`],
    },
  ];
}

async function startPlatform(
  house: House,
  kind: PlatformProgram,
  options: { readonly apiKey: string; readonly walletUrl: string; readonly registerUrl: string },
) {
  const { config, keys, manifest, clock, logger } = house;
  const database = await open<PlatformSchema & OidcSchema & OriginSchema>(house, config.databases[kind]);
  await migrate(database, platformMigrations);
  await migrate(database, oidcMigrations, 'oidc');
  house.closers.push(startForgetting({ database, clock, logger: logger(kind) }).close);
  const collector = await startCollector(house);
  const walletUrl = `${options.walletUrl}/present`;
  const { apiKey } = options;
  const button = await buttonScript();
  return bind(house, kind, async (origin): Promise<{ readonly app: App; readonly bridge: Bridge }> => {
    await pinOrigin(database, origin);
    const verifier = createPlatformApp({
      origin,
      button,
      apiKeys: [apiKey],
      walletUrl,
      manifest,
      checkProof: collector.checkProof,
      checkpoints: createCheckpointSource({
        register: options.registerUrl,
        name: REGISTER_NAME,
        publicKey: ed25519.getPublicKey(keys.register),
        witnesses: { keys: witnessNames(house), threshold: WITNESS_THRESHOLD },
        epochs: { epochSeconds: config.epochSeconds, turn: TURN },
        fetch,
        clock,
        // Demonstrations have epochs of seconds: often enough for those, and seldom enough for real ones.
        refreshSeconds: Math.max(1, Math.min(60, config.epochSeconds / 2)),
        maxStaleSeconds: Math.max(60, config.epochSeconds),
      }),
      database,
      clock,
      random,
      timeZone: config.timeZone,
      logger: logger(kind),
    });
    const bridge = await createBridge({
      origin,
      name: kind,
      clients: clientsOf(origin),
      client: createPlatformClient({ url: origin, apiKey, fetch: (input, init) => fetch(input, init) }),
      database,
      secret: keys.oidc,
      clock,
      random,
      previousSub: (sub) => previousSubOf(database, sub),
      logger: logger(kind),
    });
    const { timeZone } = config;
    const app = new Hono();
    app.route('/', bridge.app);
    app.route('/', createSamplePlatform({ kind, origin, walletUrl, verifier, apiKey, timeZone, clock, random }));
    return { app, bridge };
  });
}
