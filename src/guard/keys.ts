// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Secret keys of one guard: OPAQUE's server setup, and the seed of the evaluation keys, one for each
 * record. As text, one line: `bauta-guard-1 SETUP SEED`, both base64url. Whoever loses it loses every
 * record; whoever steals it together with the records, from **every** guard, can search for PINs.
 *
 * ```text
 * (k, K) = DeriveKeyPair(seed, id)        RFC 9497, ristretto255-SHA512, mode VOPRF
 * ```
 *
 * docs/protocol.md section 8.
 *
 * @module
 */
import { ristretto255_oprf } from '@noble/curves/ed25519.js';
import { ready, server } from '@serenity-kit/opaque';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';

const FORM = /^bauta-guard-1 ([A-Za-z0-9_-]{171}) ([A-Za-z0-9_-]{43})\n?$/;

/** An opened key. */
export interface GuardKeys {
  /** OPAQUE's server setup, in the library's form. */
  readonly setup: string;
  /** OPAQUE's static public key, base64url: the guard's identity to wallets. */
  readonly publicKey: string;
  /** The evaluation key of a record. */
  evaluationKey(id: string): { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array };
}

/**
 * Makes the key of a new guard.
 *
 * @param random - Cryptographically secure bytes; the setup comes from the library's own source.
 */
export async function createGuardKey(random: (length: number) => Uint8Array): Promise<string> {
  await ready;
  return `bauta-guard-1 ${server.createSetup()} ${toBase64Url(random(32))}\n`;
}

/**
 * Opens a guard's key.
 *
 * @param text - From {@link createGuardKey}.
 * @throws {@link ProtocolError} `guard_key_invalid`, which tells nothing of the text.
 */
export async function openGuardKey(text: string): Promise<GuardKeys> {
  await ready;
  const [, setup, seed] = FORM.exec(text) ?? [];
  const invalid = new ProtocolError('guard_key_invalid', 'this is not the key of a guard; restore it from its copy');
  if (setup === undefined || seed === undefined) throw invalid;
  const seedBytes = fromBase64Url(seed);
  try {
    return {
      setup,
      publicKey: server.getPublicKey(setup),
      evaluationKey: (id) => ristretto255_oprf.voprf.deriveKeyPair(seedBytes, new TextEncoder().encode(id)),
    };
  } catch {
    throw invalid;
  }
}
