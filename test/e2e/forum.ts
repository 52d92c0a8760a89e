// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A platform of somebody else, as a process that tests kill: a verifier and a bridge on one port, on databases
 * that outlive it. Its one argument is JSON, see {@link ForumConfig}; prints its origin when it listens.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPlatformApp } from '../../src/platform/app.ts';
import { createLocalVerifier } from '../../src/platform/batch_verifier.ts';
import { createCheckpointSource } from '../../src/platform/checkpoints.ts';
import { createPlatformClient } from '../../src/platform/client/client.ts';
import { createCollector } from '../../src/platform/collector.ts';
import { createBridge } from '../../src/platform/oidc/bridge.ts';
import type { OidcClient } from '../../src/platform/oidc/clients.ts';
import { parseManifest } from '../../src/protocol/artifacts.ts';
import { fromBase64Url } from '../../src/protocol/scope.ts';
import { listen } from '../../src/server/listen.ts';
import { ARTIFACTS } from '../../src/server/pages.ts';
import type { WalletConfig } from '../../src/server/wallet_host.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { oidcMigrations, type OidcSchema } from '../../src/storage/oidc.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { pinOrigin } from '../../src/storage/origin.ts';
import { platformMigrations, type PlatformSchema } from '../../src/storage/platform.ts';
import { openVerificationKey } from '../../src/verifying/artifacts.ts';

/** What the process is told. */
export interface ForumConfig {
  readonly port: number;
  readonly database: string;
  readonly walletUrl: string;
  readonly register: WalletConfig['register'];
  readonly clients: readonly OidcClient[];
  /** Seals the bridge's keys, base64url. */
  readonly secret: string;
}

const API_KEY = 'key-of-the-forum-in-tests';
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const clock = (): number => Date.now();

async function start(config: ForumConfig): Promise<string> {
  const { register, walletUrl } = config;
  const manifest = parseManifest(JSON.parse(await readFile(join(ARTIFACTS, 'manifest.json'), 'utf8')));
  const vkey = new Uint8Array(await readFile(join(ARTIFACTS, manifest.circuits.show.vkey.file)));
  const database = await openDatabase<PlatformSchema & OidcSchema>(config.database);
  await migrate(database, platformMigrations);
  await migrate(database, oidcMigrations, 'oidc');
  const verifier = createLocalVerifier(await openVerificationKey(manifest, 'show', vkey), random);
  const listening = await listen(
    async (origin) => {
      await pinOrigin(database, origin);
      const app = createPlatformApp({
        origin,
        apiKeys: [API_KEY],
        walletUrl,
        manifest,
        checkProof: createCollector(verifier).checkProof,
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
          refreshSeconds: 1,
          maxStaleSeconds: 60,
        }),
        database,
        clock,
        random,
        timeZone: register.timeZone,
      });
      const bridge = await createBridge({
        origin,
        name: 'forum',
        clients: config.clients,
        client: createPlatformClient({ url: origin, apiKey: API_KEY, fetch: (input, init) => fetch(input, init) }),
        database,
        secret: fromBase64Url(config.secret),
        clock,
        random,
      });
      bridge.app.route('/', app);
      return bridge;
    },
    config.port,
    'forum',
  );
  return listening.origin;
}

process.stdout.write(`${await start(JSON.parse(process.argv[2] ?? '') as ForumConfig)}\n`);
