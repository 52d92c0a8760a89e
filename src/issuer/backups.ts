// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The sealed backups that an issuer keeps for a person: one of each kind, of exactly the form that wallets
 * make. It cannot open any. docs/protocol.md section 8, "Backup".
 *
 * @module
 */
import { z } from 'zod';
import { type BackupKind, checkBackupForm, MAX_BACKUP_BYTES } from '../protocol/backup_form.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { IssuerSchema } from '../storage/issuer.ts';
import { type BackupChange, readBackups, storeBackups } from '../storage/lives.ts';
import type { Database } from '../storage/open.ts';

/** One backup on the wire: base64url, or null to delete the one that is kept. */
const backup = (kind: BackupKind) =>
  z
    .string()
    .max(Math.ceil((MAX_BACKUP_BYTES * 4) / 3))
    .transform((text) => {
      const bytes = fromBase64Url(text);
      checkBackupForm(kind, bytes);
      return toBase64Url(bytes);
    })
    .nullable()
    .optional();

/** Backups in a body; kinds that it leaves out stay as they are. */
export const backupsSchema = z
  .strictObject({ guards: backup('guards'), phrase: backup('phrase'), passkey: backup('passkey') })
  .transform((all): BackupChange => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));

/**
 * Keeps other backups for the person of a seed that was proven.
 *
 * @throws {@link ProtocolError} `person_unknown`.
 */
export async function keepBackups(db: Database<IssuerSchema>, seedTag: string, change: BackupChange): Promise<void> {
  if (!(await storeBackups(db, seedTag, change))) {
    throw new ProtocolError('person_unknown', 'this issuer has made no credential for that person or seed');
  }
}

/**
 * What is kept for a person who has shown document and face.
 *
 * @throws {@link ProtocolError} `backup_missing`.
 */
export async function backupsOf(
  db: Database<IssuerSchema>,
  dedupTag: string,
): Promise<Readonly<Partial<Record<BackupKind, string>>>> {
  const backups = await readBackups(db, dedupTag);
  if (Object.keys(backups).length === 0) {
    throw new ProtocolError('backup_missing', 'this issuer keeps no backup for this person');
  }
  return backups;
}
