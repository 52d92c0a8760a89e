// SPDX-License-Identifier: Apache-2.0
/**
 * Every domain tag of the project, in one place, so that no two hashes or signatures can be mistaken
 * for each other. The Poseidon numbers stand again in `circuits/lib/domains.circom`, compared by a
 * test. docs/protocol.md section 2.
 *
 * @module
 */

/** First input of each Poseidon hash that carries a meaning. */
export const POSEIDON_TAG = {
  nullifier: 101n,
  holder: 102n,
  leaf: 103n,
  seed: 107n,
} as const;

/** Prefix of each SHA-256 that becomes a field element. */
export const HASH_TAG = {
  scope: 'bauta/scope/v1',
  context: 'bauta/context/v1',
  binding: 'bauta/binding/v1',
  session: 'bauta/session/v1',
} as const;

/** Prefix of each message that a party signs or authenticates. */
export const MESSAGE_TAG = {
  leaf: 'bauta/leaf/v1',
  replacement: 'bauta/replacement/v1',
  revocation: 'bauta/revocation/v1',
  reversal: 'bauta/reversal/v1',
  urgent: 'bauta/urgent/v1',
  request: 'bauta/request/v1',
  resets: 'bauta/resets/v1',
  appeals: 'bauta/appeals/v1',
  turn: 'bauta/turn/v1',
  dedup: 'bauta/dedup/v1',
  phone: 'bauta/phone/v1',
  phoneHolder: 'bauta/phone-holder/v1',
  phoneCode: 'bauta/phone-code/v1',
  decoded: 'bauta/decoded/v1',
  person: 'bauta/person/v1',
  vault: 'bauta/vault/v1',
  pin: 'bauta/pin/v1',
  guardPassword: 'bauta/guard-password/v1',
  guardErase: 'bauta/guard-erase/v1',
  backup: 'bauta/backup/v1',
  passkey: 'bauta/passkey/v1',
  lock: 'bauta/lock/v1',
  transfer: 'bauta/transfer/v1',
} as const;
