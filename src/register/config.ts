// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a register is given from outside, and the checks that it makes of it before it opens.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import type { z } from 'zod';
import type { Poseidon } from '../commitment/poseidon.ts';
import { emptyRoots } from '../commitment/tree.ts';
import { buildWasmPoseidon } from '../commitment/poseidon_wasm.ts';
import type { Logger } from '../http/logs.ts';
import { filesSchema, MAX_APPROVALS, MAX_DELAY, rulesSchema } from '../log/events.ts';
import { isKeyName } from '../log/note.ts';
import { keyIdOf } from '../log/signatures.ts';
import { type HashAll, hashInTurn } from '../log/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import type { Database } from '../storage/open.ts';
import type { RegisterTables } from '../storage/register.ts';
import { policyOf, UNWATCHED, type Witnessing } from './witnessing.ts';

/** Ed25519 public keys (32 bytes) by their `keyIdOf`. */
export type KeyList = Readonly<Record<string, Uint8Array>>;

/** How revocations are decided. */
export type Rules = Readonly<z.infer<typeof rulesSchema>>;

/** Rules unless configured: two approvals, and 14 days in which an announced revocation can be appealed. */
export const DEFAULT_RULES: Rules = { approvals: 2, delay: 14 * 86_400 };

/** What the register needs from outside. */
export interface RegisterDeps {
  /** Origin line and key name of its checkpoints, e.g. `register.bauta.example/v1`; never changes. */
  readonly origin: string;
  /** Ed25519 secret key of its checkpoints, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** Who may submit leaves. A change enters the public log. */
  readonly issuers: KeyList;
  /** Who approves revocations. A change enters the public log. */
  readonly approvers: KeyList;
  /** How many approvals a revocation needs, and for how many seconds it is announced. A change enters the log. */
  readonly rules: Rules;
  /** SHA-256, hex, of what wallets run, by file name. A change enters the public log; `{}` publishes nothing. */
  readonly artifacts: Readonly<Record<string, string>>;
  /** Who may have a checkpoint cut that is due, and nothing else. */
  readonly operators: KeyList;
  /** Length of an epoch, whole seconds, at least 1. */
  readonly epochSeconds: number;
  /**
   * When checkpoints are cut: at every multiple of the epoch's length, or whenever something waits and
   * the latest checkpoint has become active (for demonstrations: small epochs hide nobody).
   */
  readonly turn: 'schedule' | 'on_demand';
  /** IANA name of the civil time zone that dates of requests are in. */
  readonly timeZone: string;
  /** Unix time, milliseconds. */
  readonly clock: () => number;
  /** Cryptographically secure bytes. */
  readonly random: (length: number) => Uint8Array;
  /** The register's own; it is migrated when the register opens. */
  readonly database: Database<RegisterTables>;
  readonly logger: Logger;
  /** Who watches it; nobody unless given. */
  readonly witnessing?: Witnessing;
  /** Leaves that a cut publishes at most; `MAX_LEAVES` unless given. */
  readonly maxLeaves?: number;
  /** How cuts hash; one hash after another, in the thread that answers, unless given. */
  readonly hashAll?: HashAll;
}

/** A register's dependencies with what is derived from them. */
export interface RegisterContext extends RegisterDeps {
  readonly publicKey: Uint8Array;
  readonly poseidon: Poseidon;
  /** `emptyRoots(poseidon)`. */
  readonly empty: readonly FieldElement[];
  readonly witnessing: Witnessing;
  readonly hashAll: HashAll;
}

/**
 * Checks a configuration.
 *
 * @throws {@link ProtocolError} `register_config_invalid`, `witness_policy_invalid`.
 */
export async function createContext(deps: RegisterDeps): Promise<RegisterContext> {
  const { issuers, approvers, operators, rules } = deps;
  const keys = [issuers, approvers, operators].flatMap((list) => Object.entries(list));
  const problems = [
    isKeyName(deps.origin) ? '' : 'its origin must be a name without spaces',
    deps.signingKey.length === 32 ? '' : 'its signing key must have 32 bytes',
    Number.isSafeInteger(deps.epochSeconds) && deps.epochSeconds >= 1 ? '' : 'an epoch has whole seconds, at least 1',
    keys.every(([id, key]) => key.length === 32 && keyIdOf(key) === id) ? '' : 'each key stands under its own id',
    new Set(keys.map(([id]) => id)).size === keys.length ? '' : 'each key has one role',
    rulesSchema.safeParse(rules).success
      ? ''
      : `a revocation needs 1 to ${String(MAX_APPROVALS)} approvals and waits 1 to ${String(MAX_DELAY)} seconds`,
    Object.keys(approvers).length >= rules.approvals ? '' : 'there must be as many approvers as approvals are needed',
    filesSchema.safeParse(deps.artifacts).success ? '' : 'artifacts are SHA-256 in hex by file name',
  ].filter((text) => text !== '');
  if (problems.length > 0) {
    throw new ProtocolError('register_config_invalid', `the register cannot open: ${problems.join('; ')}`);
  }
  const { witnessing = UNWATCHED } = deps;
  policyOf(witnessing);
  const poseidon = await buildWasmPoseidon();
  return {
    ...deps,
    witnessing,
    publicKey: ed25519.getPublicKey(deps.signingKey),
    poseidon,
    hashAll: deps.hashAll ?? hashInTurn(poseidon),
    empty: emptyRoots(poseidon),
  };
}

/** A list of keys under their ids. */
export function keyList(...publicKeys: readonly Uint8Array[]): KeyList {
  return Object.fromEntries(publicKeys.map((key) => [keyIdOf(key), key]));
}
