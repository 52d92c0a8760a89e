// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Stored forms of what belongs to no other module: where published leaves stand, and what the holder has
 * done for a day without this device.
 *
 * @module
 */
import { z } from 'zod';
import { parseField } from '../protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { PublishedLeaf } from './credential.ts';
import type { GuardKeyring } from './guards.ts';

const place = z.strictObject({
  leaf: z.string().transform(parseField),
  index: z.number().int().nonnegative(),
  published: z.number().int().positive(),
});

/** JSON text; nothing of it is secret, but it tells which leaf is this wallet's. */
export function encodePlaces(places: readonly PublishedLeaf[]): string {
  return JSON.stringify(places.map(({ leaf, index, published }) => ({ leaf: String(leaf), index, published })));
}

/** Reads the stored form; an unreadable one is as good as none, since unlocking writes it again. */
export function decodePlaces(text: string): readonly PublishedLeaf[] {
  try {
    return z.array(place).parse(JSON.parse(text));
  } catch {
    return [];
  }
}

/** Which backups there are, and what a later change of PIN needs. */
export interface BackupNotes {
  /** Records at the guards under the present PIN, with the tokens that erase them. */
  readonly guards?: Pick<GuardKeyring, 'records' | 'eraseTokens'> | undefined;
  /** Records of an earlier PIN that a guard did not erase. */
  readonly toErase?: readonly Pick<GuardKeyring, 'records' | 'eraseTokens'>[] | undefined;
  /** Whether the issuer keeps the backup under the present PIN. */
  readonly stored?: boolean | undefined;
  /** Whether a phrase opens a backup. */
  readonly phrase?: boolean | undefined;
}

const bytes = z.string().transform((text) => fromBase64Url(text));
const records = z.strictObject({
  records: z.array(z.strictObject({ id: bytes, guard: bytes, evaluationKey: bytes })),
  eraseTokens: z.array(bytes),
});
const notes = z.strictObject({
  guards: records.optional(),
  toErase: z.array(records).optional(),
  stored: z.boolean().optional(),
  phrase: z.boolean().optional(),
});

/** JSON text for the vault. */
export function encodeBackupNotes(value: BackupNotes): string {
  return JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? toBase64Url(part) : part));
}

/** Reads the stored form; without it a later PIN leaves the records of this one behind. */
export function decodeBackupNotes(text: string): BackupNotes {
  try {
    return notes.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
