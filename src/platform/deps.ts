// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a platform's verifier is given.
 *
 * @module
 */
import type { Logger } from '../http/logs.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import type { Manifest } from '../protocol/artifacts.ts';
import type { PlatformDatabase } from '../storage/platform.ts';
import type { Collector } from './collector.ts';
import type { PlatformLimits } from './limits.ts';
import type { PlatformMetrics } from './metrics.ts';
import type { Random } from './secrets.ts';
import type { WebhookSender } from './webhook_sender.ts';

/** Milliseconds after its expiry for which a verification is kept, for its result to be collected. */
export const KEPT_AFTER_EXPIRY = 600_000;

/**
 * The register's checkpoints that matter now: previous, active, next. Their signatures are checked.
 *
 * @param size - A log size that a presentation names: a source that does not know it asks the register.
 * @throws ProtocolError `checkpoints_unavailable` when there is none to rely on.
 */
export type CheckpointSource = (size?: number) => Promise<readonly Checkpoint[]>;

/** Dependencies of `createPlatformApp`. */
export interface PlatformDeps {
  /** The platform's own origin. Every pseudonym follows from it: with another origin, every sub changes. */
  readonly origin: string;
  /** Path below the origin at which the host mounts the app, e.g. `/bauta`; empty by default. */
  readonly basePath?: string;
  /** Bearer keys of the platform's backend. */
  readonly apiKeys: readonly string[];
  /** Where visitors answer requests, e.g. `https://wallet.example/present`. */
  readonly walletUrl: string;
  readonly manifest: Manifest;
  /** Checks proofs of `show` under the key of the manifest: of `createCollector`. */
  readonly checkProof: Collector['checkProof'];
  readonly checkpoints: CheckpointSource;
  /** Migrated with `platformMigrations`. */
  readonly database: PlatformDatabase;
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  readonly random: Random;
  /** The register's time zone, an IANA name. */
  readonly timeZone: string;
  readonly logger?: Logger;
  /** Delivers webhooks; without it none are written. */
  readonly webhooks?: Pick<WebhookSender, 'wake'>;
  /** How often a backend and an address may call; without it as often as they like. */
  readonly limits?: PlatformLimits;
  /** Presentations worked on at once; `MOST_UNDER_WAY` by default. */
  readonly mostUnderWay?: number;
  readonly metrics?: PlatformMetrics;
  /** The login button for the platform's pages, a script: served as `/bauta-login.js`. */
  readonly button?: string;
}

/** Address of the verifier, as wallets see it. */
export function baseUrl({ origin, basePath = '' }: PlatformDeps): string {
  return `${origin}${basePath}`;
}
