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
import type { Random } from './secrets.ts';

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
}

/** Address of the verifier, as wallets see it. */
export function baseUrl({ origin, basePath = '' }: PlatformDeps): string {
  return `${origin}${basePath}`;
}
