// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Keeping the tree path fresh: signed checkpoints, whole blocks, never one leaf. docs/protocol.md
 * section 8.
 *
 * @module
 */
import type { Poseidon } from '../commitment/poseidon.ts';
import type { TreePath } from '../commitment/tree.ts';
import type { FieldElement } from '../protocol/field.ts';
import type { Credential } from './credential.ts';
import type { Clock, Fetch, RegisterConfig } from './environment.ts';

/** A leaf's place under one presentation root. */
export interface Position {
  /** The signed checkpoint as received. */
  readonly note: string;
  /** Log size: the number by which a presentation names the checkpoint. */
  readonly size: number;
  readonly epoch: number;
  /** Unix time in seconds. */
  readonly activeFrom: number;
  readonly root: FieldElement;
  readonly path: TreePath;
}

/** Result of a sync: one or two positions, oldest first. */
export interface Synced {
  readonly positions: readonly [Position, ...Position[]];
}

/** What a sync needs. */
export interface SyncDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly poseidon: Poseidon;
  readonly signal?: AbortSignal;
}

/**
 * Downloads checkpoints and the block of the credential's leaf, and verifies all of it.
 *
 * @param previous - The last result, so that the register can not go back or show a second root.
 * @throws {@link ProtocolError} `checkpoint_invalid`, `checkpoint_rolled_back`, `checkpoint_second_root`,
 * `block_invalid`, `path_invalid`, `credential_not_published`, `credential_revoked`.
 */
export declare function sync(
  credential: Credential,
  register: RegisterConfig,
  deps: SyncDeps,
  previous?: Synced,
): Promise<Synced>;
/** Whether the wallet must sync before it can present; it says so to the holder. */
export declare function needsSync(synced: Synced | undefined, register: RegisterConfig, nowMs: number): boolean;
/** Stored form. */
export declare function encodeSynced(synced: Synced): string;
/** Reads the stored form and verifies it again. */
export declare function decodeSynced(
  text: string,
  credential: Credential,
  register: RegisterConfig,
  poseidon: Poseidon,
): Synced;
