// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a witness is given from outside, and the checks that it makes of it before it opens.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Poseidon } from '../commitment/poseidon.ts';
import { buildWasmPoseidon } from '../commitment/poseidon_wasm.ts';
import { emptyRoots } from '../commitment/tree.ts';
import type { Logger } from '../http/logs.ts';
import { isKeyName, type NoteKey } from '../log/note.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import type { Database } from '../storage/open.ts';
import type { WitnessTables } from '../storage/witness.ts';

/** The register that a witness watches. */
export interface WatchedRegister extends NoteKey {
  /** Where the log's tiles are: the register or a mirror of it, without a slash at the end. */
  readonly url: string;
  /** Length of its epochs, seconds: shorter ones are refused. */
  readonly epochSeconds: number;
}

/** What a witness needs from outside. */
export interface WitnessDeps {
  /** Name of its key, e.g. `witness.example/w1`; its operator's, different from all others. */
  readonly name: string;
  /** Ed25519 secret key of its cosignatures, 32 bytes; used for nothing else. */
  readonly signingKey: Uint8Array;
  readonly register: WatchedRegister;
  /** Its own; it is migrated when the witness opens. */
  readonly database: Database<WitnessTables>;
  /** Unix time, milliseconds. */
  readonly clock: () => number;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly logger: Logger;
  /** Milliseconds for which a request waits while the log is replayed; 30 seconds unless given. */
  readonly patience?: number;
  /** Most bytes of entries that one checkpoint may add: `MAX_ADDED_BYTES` unless given. */
  readonly maxAddedBytes?: number;
}

/** A witness's dependencies with what is derived from them. */
export interface WitnessContext extends WitnessDeps {
  readonly publicKey: Uint8Array;
  readonly poseidon: Poseidon;
  /** `emptyRoots(poseidon)`. */
  readonly empty: readonly FieldElement[];
}

/**
 * Checks a configuration.
 *
 * @throws {@link ProtocolError} `witness_config_invalid`.
 */
export async function createWitnessContext(deps: WitnessDeps): Promise<WitnessContext> {
  const { name, signingKey, register } = deps;
  const problems = [
    isKeyName(name) && name !== register.name ? '' : "its name must have no spaces and be another than the register's",
    signingKey.length === 32 ? '' : 'its key must have 32 bytes',
    isKeyName(register.name) && register.publicKey.length === 32 ? '' : 'the register has a name and a key of 32 bytes',
    Number.isSafeInteger(register.epochSeconds) && register.epochSeconds >= 1 ? '' : 'an epoch has whole seconds',
    URL.canParse(register.url) && !register.url.endsWith('/') ? '' : "the register's URL has no slash at the end",
  ].filter((text) => text !== '');
  if (problems.length > 0) {
    throw new ProtocolError('witness_config_invalid', `the witness cannot open: ${problems.join('; ')}`);
  }
  const poseidon = await buildWasmPoseidon();
  return { ...deps, publicKey: ed25519.getPublicKey(signingKey), poseidon, empty: emptyRoots(poseidon) };
}
