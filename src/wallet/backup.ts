// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The backup of a seed: the seed and nothing else, never a blinding, so that it brings back the person's
 * pseudonyms and not the credential, which has to be issued again.
 *
 * ```text
 * backup = header || IV || AES-256-GCM(key, seed, AAD = header)
 * header = version (1) || kind (1) || salt (32) || for kind 1: n (1) || n x (id 16 || guard key 32 || evaluation key 32)
 * key    = HKDF-SHA-256(secret, salt, "bauta/backup/v1/" || kind's name)
 * secret = the guards' export keys in the header's order | the phrase's 16 bytes | the passkey's PRF output
 * ```
 *
 * docs/protocol.md section 8; test/vectors/backup.json.
 *
 * @module
 */
import {
  BACKUP_KIND_NAMES,
  BACKUP_KINDS,
  BACKUP_VERSION,
  type BackupKind,
  checkBackupForm,
  MAX_GUARDS,
} from '../protocol/backup_form.ts';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { bytesToInteger, type FieldElement, fieldToBytes, toField } from '../protocol/field.ts';
import type { Random } from './environment.ts';
import { PHRASE_BYTES } from './phrase.ts';
import { seal, unseal } from './sealing.ts';

export { type BackupKind, MAX_GUARDS } from '../protocol/backup_form.ts';

const SALT_BYTES = 32;
const SEED_BYTES = 31;
const ID_BYTES = 16;
const KEY_BYTES = 32;
const RECORD_BYTES = ID_BYTES + 2 * KEY_BYTES;
/** Bytes of an export key of OPAQUE. */
const EXPORT_BYTES = 64;
/** Bytes of a passkey's PRF output. */
export const PRF_BYTES = 32;

/** Names a record at a guard. No secret, but whoever knows it can use up the record's guesses. */
export interface GuardRecord {
  /** The record's id, 16 bytes. */
  readonly id: Uint8Array;
  /** The guard's OPAQUE key, 32 bytes: which guard it is. */
  readonly guard: Uint8Array;
  /** Public key of the record's evaluations, 32 bytes. */
  readonly evaluationKey: Uint8Array;
}

/** A secret that seals and opens backups. */
export type BackupSecret =
  | { readonly kind: 'guards'; readonly records: readonly GuardRecord[]; readonly exportKeys: readonly Uint8Array[] }
  | { readonly kind: 'phrase'; readonly entropy: Uint8Array }
  | { readonly kind: 'passkey'; readonly prf: Uint8Array };

/** What a backup says without a key. */
export interface BackupHeader {
  readonly kind: BackupKind;
  /** At which guards to ask, for kind `guards`. */
  readonly records: readonly GuardRecord[];
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

function secretBytes(secret: BackupSecret): Uint8Array {
  const parts = secret.kind === 'guards' ? secret.exportKeys : [secret.kind === 'phrase' ? secret.entropy : secret.prf];
  const length = { guards: EXPORT_BYTES, phrase: PHRASE_BYTES, passkey: PRF_BYTES }[secret.kind];
  if (parts.length === 0 || parts.some((part) => part.length !== length)) {
    throw new ProtocolError('backup_secret_invalid', 'a secret of another length cannot seal or open a backup');
  }
  return joined(...parts);
}

function encodeRecords(records: readonly GuardRecord[]): Uint8Array {
  const rightLengths = records.every(
    ({ id, guard, evaluationKey }) =>
      id.length === ID_BYTES && guard.length === KEY_BYTES && evaluationKey.length === KEY_BYTES,
  );
  if (records.length === 0 || records.length > MAX_GUARDS || !rightLengths) {
    throw new ProtocolError('backup_secret_invalid', `a backup names 1 to ${String(MAX_GUARDS)} records at guards`);
  }
  return joined(
    Uint8Array.of(records.length),
    ...records.flatMap(({ id, guard, evaluationKey }) => [id, guard, evaluationKey]),
  );
}

interface Parsed extends BackupHeader {
  readonly salt: Uint8Array;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
}

function parse(bytes: Uint8Array): Parsed {
  // A kind that there is not has the form of none.
  const kind = BACKUP_KIND_NAMES.find((name) => BACKUP_KINDS[name] === bytes[1]) ?? 'phrase';
  checkBackupForm(kind, bytes);
  const begin = 2 + SALT_BYTES;
  const count = kind === 'guards' ? (bytes[begin] ?? 0) : 0;
  const end = kind === 'guards' ? begin + 1 + count * RECORD_BYTES : begin;
  const records = Array.from({ length: count }, (_, i) => {
    const at = begin + 1 + i * RECORD_BYTES;
    const part = (offset: number, length: number): Uint8Array => bytes.slice(at + offset, at + offset + length);
    return {
      id: part(0, ID_BYTES),
      guard: part(ID_BYTES, KEY_BYTES),
      evaluationKey: part(ID_BYTES + KEY_BYTES, KEY_BYTES),
    };
  });
  return { kind, records, salt: bytes.slice(2, begin), header: bytes.slice(0, end), sealed: bytes.slice(end) };
}

const infoOf = (kind: BackupKind): string => `${MESSAGE_TAG.backup}/${kind}`;

/**
 * Seals a seed.
 *
 * @param seed - Of 248 bits.
 * @param secret - What shall open it.
 * @param random - For salt and IV.
 * @returns The backup; may be given to anyone who shall keep it.
 * @throws {@link ProtocolError} `backup_secret_invalid`.
 */
export async function sealBackup(seed: FieldElement, secret: BackupSecret, random: Random): Promise<Uint8Array> {
  if (secret.kind === 'guards' && secret.records.length !== secret.exportKeys.length) {
    throw new ProtocolError('backup_secret_invalid', 'a backup needs one export key of each guard that it names');
  }
  const key = secretBytes(secret);
  const salt = random(SALT_BYTES);
  const header = joined(
    Uint8Array.of(BACKUP_VERSION, BACKUP_KINDS[secret.kind]),
    salt,
    secret.kind === 'guards' ? encodeRecords(secret.records) : new Uint8Array(),
  );
  const plain = fieldToBytes(seed).subarray(1);
  const sealed = await seal({ secret: key, salt, info: infoOf(secret.kind) }, plain, header, random(12));
  return joined(header, sealed);
}

/**
 * Reads what a backup says without a key: what opens it, and where to ask.
 *
 * @throws {@link ProtocolError} `backup_malformed`, `backup_version_unsupported`.
 */
export function readBackup(bytes: Uint8Array): BackupHeader {
  const { kind, records } = parse(bytes);
  return { kind, records };
}

/**
 * Opens a backup.
 *
 * @returns The seed.
 * @throws {@link ProtocolError} `backup_malformed`, `backup_version_unsupported`, `backup_secret_invalid`;
 * `backup_wrong_key` if the secret is another one or the backup was changed, which cannot be told apart.
 */
export async function openBackup(bytes: Uint8Array, secret: BackupSecret): Promise<FieldElement> {
  const { kind, salt, header, sealed } = parse(bytes);
  const key = secretBytes(secret);
  const wrongKey = new ProtocolError('backup_wrong_key', 'this does not open the backup, or the backup was changed');
  if (kind !== secret.kind) throw wrongKey;
  const plain = await unseal({ secret: key, salt, info: infoOf(kind) }, sealed, header);
  if (plain?.length !== SEED_BYTES) throw wrongKey;
  return toField(bytesToInteger(plain));
}
