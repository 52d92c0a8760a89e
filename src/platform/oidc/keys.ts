// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Keys of the bridge and their succession. A new signing key is published for a day before it signs, so
 * that no client meets a token under a key that its copy of the key set lacks; a superseded one stays
 * published until nothing that it signed is valid. Keys of cookies succeed each other the same way.
 *
 * ```text
 * made, published ──PUBLISHED_AHEAD──▶ signs ──LIFE──▶ superseded, published ──KEPT──▶ deleted
 * ```
 *
 * Keys are stored sealed under a secret of the configuration (AES-256-GCM, bound to their name), so a
 * copy of the database signs nothing.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, generateKeyPair, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import { ProtocolError } from '../../protocol/errors.ts';
import { toBase64Url } from '../../protocol/scope.ts';
import { type OidcDatabase, type OidcKeyRow, updateKeys } from '../../storage/oidc.ts';
import type { Random } from '../secrets.ts';

/** For how long a key is in use, milliseconds. */
export const KEY_LIFE = 30 * 86_400_000;
/** For how long a key is published before it is used, milliseconds; clients may keep a key set that long. */
export const PUBLISHED_AHEAD = 86_400_000;
/** For how long a superseded key is kept, milliseconds: longer than a session and an ID token together. */
export const KEPT = 86_400_000;
/** Bytes of the secret that seals. */
export const SECRET_BYTES = 32;

const RSA_BITS = 3072;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const generate = promisify(generateKeyPair);

/** A private key as a JWK. */
export type SigningKey = JsonWebKey & { readonly kid: string; readonly use: 'sig'; readonly alg: 'RS256' };

/** Keys at a moment. */
export interface BridgeKeys {
  /** Signing keys: the one in use first, then those that are published only. */
  readonly signing: readonly SigningKey[];
  /** Cookie keys: the one in use first. */
  readonly cookies: readonly string[];
  /** Changes when the order or the set changes. */
  readonly version: string;
}

/** What {@link loadKeys} needs. */
export interface KeyDeps {
  readonly database: OidcDatabase;
  /** Seals the keys in the database: {@link SECRET_BYTES} bytes that are not in it. */
  readonly secret: Uint8Array;
  readonly clock: () => number;
  readonly random: Random;
}

type Plan = Pick<OidcKeyRow, 'kid' | 'active_from'>;

/**
 * What becomes of the keys of one purpose.
 *
 * @param keys - By `active_from`, ascending.
 * @param now - Unix milliseconds.
 * @returns When a key to be made becomes active, and the keys to delete.
 */
export function planKeys(
  keys: readonly Plan[],
  now: number,
): { readonly make: number | undefined; readonly remove: readonly string[] } {
  const newest = keys.at(-1);
  if (newest === undefined) return { make: now, remove: [] };
  const due = newest.active_from + KEY_LIFE;
  const superseded = keys.filter((_, i) => now >= (keys[i + 1]?.active_from ?? Infinity) + KEPT);
  return {
    make: now >= due - PUBLISHED_AHEAD ? Math.max(due, now + PUBLISHED_AHEAD) : undefined,
    remove: superseded.map(({ kid }) => kid),
  };
}

/**
 * Reads the keys; makes and deletes what is due.
 *
 * @throws ProtocolError `oidc_secret_wrong` when the stored keys are sealed under another secret.
 */
export async function loadKeys(deps: KeyDeps): Promise<BridgeKeys> {
  const { database, clock, random, secret } = deps;
  const now = clock();
  // Making a key of RSA takes its time, and a transaction may run twice: it is made before.
  const stored = await updateKeys(database, () => ({ add: [], remove: [] }));
  const fresh = await makeDue(stored, now, secret, random);
  const rows =
    fresh.length === 0 && planOf(stored, now).every(({ plan }) => plan.remove.length === 0)
      ? stored
      : await updateKeys(database, (keys) => {
          const plans = planOf(keys, now);
          return {
            // Another process may have made them in between.
            add: fresh.filter((row) =>
              plans.some(({ purpose, plan }) => purpose === row.purpose && plan.make !== undefined),
            ),
            remove: plans.flatMap(({ plan }) => plan.remove),
          };
        });
  const signing = inUse(rows, 'signing', now).map((row) => ({
    ...(JSON.parse(unseal(row, secret)) as JsonWebKey),
    kid: row.kid,
    use: 'sig' as const,
    alg: 'RS256' as const,
  }));
  const cookies = inUse(rows, 'cookies', now).map((row) => unseal(row, secret));
  const version = [...inUse(rows, 'signing', now), ...inUse(rows, 'cookies', now)].map(({ kid }) => kid).join(' ');
  return { signing, cookies, version };
}

const PURPOSES = ['signing', 'cookies'] as const;

function planOf(rows: readonly OidcKeyRow[], now: number) {
  return PURPOSES.map((purpose) => ({
    purpose,
    plan: planKeys(
      rows.filter((row) => row.purpose === purpose),
      now,
    ),
  }));
}

/** Keys of a purpose: the active one first, then the newer, then the older ones. */
function inUse(rows: readonly OidcKeyRow[], purpose: OidcKeyRow['purpose'], now: number): readonly OidcKeyRow[] {
  const all = rows.filter((row) => row.purpose === purpose);
  const active = all.findLast(({ active_from }) => active_from <= now);
  return active === undefined ? all : [active, ...all.filter((row) => row !== active).reverse()];
}

async function makeDue(
  rows: readonly OidcKeyRow[],
  now: number,
  secret: Uint8Array,
  random: Random,
): Promise<readonly OidcKeyRow[]> {
  const made: OidcKeyRow[] = [];
  for (const { purpose, plan } of planOf(rows, now)) {
    if (plan.make === undefined) continue;
    const kid = toBase64Url(random(12));
    const key =
      purpose === 'cookies'
        ? toBase64Url(random(32))
        : JSON.stringify((await generate('rsa', { modulusLength: RSA_BITS })).privateKey.export({ format: 'jwk' }));
    made.push({ kid, purpose, sealed: seal(kid, key, secret, random), active_from: plan.make });
  }
  return made;
}

function seal(kid: string, key: string, secret: Uint8Array, random: Random): string {
  const iv = random(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(Buffer.from(kid));
  const text = Buffer.concat([cipher.update(key, 'utf8'), cipher.final()]);
  return toBase64Url(Buffer.concat([iv, text, cipher.getAuthTag()]));
}

function unseal({ kid, sealed }: OidcKeyRow, secret: Uint8Array): string {
  try {
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, IV_BYTES)).setAAD(Buffer.from(kid));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new ProtocolError(
      'oidc_secret_wrong',
      'the keys in the database are sealed under another secret; give the bridge the secret that it had, or delete the rows of oidc_key: every session ends then',
      { cause },
    );
  }
}
