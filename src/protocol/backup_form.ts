// SPDX-License-Identifier: Apache-2.0
/**
 * The outer form of a sealed backup, which its keeper checks without being able to read it: version, kind,
 * and a length that follows from both. What is inside is the wallet's matter. docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from './errors.ts';

/** Version of the bytes. */
export const BACKUP_VERSION = 1;
/** Kinds of backup by number: what opens them. */
export const BACKUP_KINDS = { guards: 1, phrase: 2, passkey: 3 } as const;

/** What opens a backup. */
export type BackupKind = keyof typeof BACKUP_KINDS;

/** Names of the kinds. */
export const BACKUP_KIND_NAMES = Object.keys(BACKUP_KINDS) as readonly BackupKind[];

/** Most guards of a backup. */
export const MAX_GUARDS = 8;
/** Bytes before the records: version, kind, salt. */
const HEAD_BYTES = 2 + 32;
/** Bytes of a record at a guard: id, guard's key, evaluation key. */
const RECORD_BYTES = 16 + 32 + 32;
/** Bytes after the header: IV, seed, tag. */
const SEALED_BYTES = 12 + 31 + 16;

/**
 * The length that a backup of a kind has.
 *
 * @param kind - What opens it.
 * @param guards - How many guards it names, 1 to {@link MAX_GUARDS}; for kind `guards` only.
 */
export function backupLength(kind: BackupKind, guards = 0): number {
  return HEAD_BYTES + (kind === 'guards' ? 1 + guards * RECORD_BYTES : 0) + SEALED_BYTES;
}

/** Bytes of the largest backup. */
export const MAX_BACKUP_BYTES = backupLength('guards', MAX_GUARDS);

/**
 * Checks the outer form.
 *
 * @param kind - What the backup is said to be.
 * @throws {@link ProtocolError} `backup_malformed` for another kind or length, `backup_version_unsupported`.
 */
export function checkBackupForm(kind: BackupKind, bytes: Uint8Array): void {
  if (bytes.length > 0 && bytes[0] !== BACKUP_VERSION) {
    throw new ProtocolError('backup_version_unsupported', 'this backup is of another version; update the wallet');
  }
  const guards = kind === 'guards' ? (bytes[HEAD_BYTES] ?? 0) : 0;
  const counted = kind !== 'guards' || (guards >= 1 && guards <= MAX_GUARDS);
  if (bytes[1] !== BACKUP_KINDS[kind] || !counted || bytes.length !== backupLength(kind, guards)) {
    throw new ProtocolError('backup_malformed', 'this is not a backup of a Bauta wallet');
  }
}
