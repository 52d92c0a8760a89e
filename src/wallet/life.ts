// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The life of a credential after the first: renewal, second document, a new phone, a lost seed. Each is an
 * enrolment that asks for something else at its end; pages run its steps one by one, programs as a whole.
 *
 * | case                         | seed          | wish             | what becomes of the old leaves       |
 * | ---------------------------- | ------------- | ---------------- | ------------------------------------ |
 * | renewal                      | the same      | {@link sameSeed} | the one of this kind is replaced     |
 * | second document              | the same      | {@link sameSeed} | all stay                             |
 * | new phone                    | from a backup | {@link RESTORED} | one is replaced, the others revoked  |
 * | everything lost              | new           | {@link RESET}    | one is replaced, the others revoked  |
 *
 * docs/protocol.md section 8.
 *
 * @module
 */
import { z } from 'zod';
import type { BackupKind } from '../protocol/backup_form.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { openBackup, readBackup, sealBackup } from './backup.ts';
import type { Credential, SignedCredential } from './credential.ts';
import {
  type Backups,
  backupsForm,
  callSession,
  type CredentialWish,
  type EnrolDeps,
  type Enrolment,
  openEnrolment,
  proveSeed,
  requestCredential,
  type RequestOptions,
} from './enrol.ts';
import type { GuardConfig, Random } from './environment.ts';
import type { GuardClientDeps } from './guard_client.ts';
import { changePin, enrolAtGuards, type Erasable, type GuardKeyring, openAtGuards, type Opening } from './guards.ts';
import { renewHolder } from './holder.ts';
import { accepted, jsonOf } from './http.ts';
import { readPhrase } from './phrase.ts';

/** The other side, in messages. */
const ISSUER = 'the issuer';

/** Renewal or second document, which the issuer tells apart by the kind: the seed is as old as it was. */
export function sameSeed({ attributes }: Pick<Credential, 'attributes'>): CredentialWish {
  const { secretSince, generation } = attributes;
  return { age: { secretSince, generation } };
}

/** On a new phone, with a seed from a backup. */
export const RESTORED: CredentialWish = { age: 'unknown', replaces: 'all' };

/** With a new seed, when the old one is lost: every pseudonym of before is lost with it. */
export const RESET: CredentialWish = { age: 'reset', reset: true };

/**
 * The same session with a seed of before, and a fresh blinding: once a backup is open.
 *
 * @param random - For the blinding.
 */
export function withSeed(enrolment: Enrolment, seed: FieldElement, random: Random): Enrolment {
  return { ...enrolment, ...renewHolder({ seed }, random) };
}

/** Backups as the issuer keeps them, by what opens them. */
export type KeptBackups = Readonly<Partial<Record<BackupKind, Uint8Array>>>;

const sealed = z.string().transform(fromBase64Url).optional();
const backupsAnswer = z.object({
  backups: z.object({ guards: sealed, phrase: sealed, passkey: sealed }),
});

/**
 * Fetches what the issuer keeps for the person whose document and face it has just seen. The session goes on.
 *
 * @throws {@link ProtocolError} `backup_missing`, `enrolment_out_of_order` before the face was accepted.
 */
export async function fetchBackups(deps: EnrolDeps, enrolment: Enrolment): Promise<KeptBackups> {
  const answer = await callSession(deps, enrolment, '/backup', { method: 'POST' });
  return jsonOf(answer, backupsAnswer, ISSUER).backups as KeptBackups;
}

/**
 * Has the issuer keep other backups: after a change of PIN, or a new phrase. Needs no document: the seed is
 * proven in a session of its own.
 *
 * @param backups - Kinds that are not named stay as they are; `null` deletes one.
 * @throws {@link ProtocolError} `person_unknown`, and those of {@link proveSeed}.
 */
export async function storeBackups(deps: EnrolDeps, seed: FieldElement, backups: Backups): Promise<void> {
  const enrolment = await openEnrolment(deps, { seed });
  const { form } = await proveSeed(deps, enrolment);
  const body = JSON.stringify({ ...form, backups: backupsForm(backups) });
  accepted(await callSession(deps, enrolment, '/backup', { method: 'PUT', type: 'application/json', body }), ISSUER);
}

/** What sealing under a PIN needs. */
export type PinDeps = GuardClientDeps & { readonly random: Random };

/** A backup with the records that open it. */
export interface SealedUnderPin {
  readonly keyring: GuardKeyring;
  readonly backup: Uint8Array;
}

/**
 * Registers a PIN at the guards and seals the seed under it.
 *
 * @param birth - YYYYMMDD, if the wallet knows it.
 * @throws {@link ProtocolError} as `enrolAtGuards`.
 */
export async function sealWithPin(
  deps: PinDeps,
  guards: readonly GuardConfig[],
  seed: FieldElement,
  { pin, birth }: { readonly pin: string; readonly birth?: number },
): Promise<SealedUnderPin> {
  const keyring = await enrolAtGuards(deps, guards, pin, birth);
  return { keyring, backup: await sealBackup(seed, { kind: 'guards', ...keyring }, deps.random) };
}

/**
 * Changes the PIN of the backup that the issuer keeps. Cut short anywhere, old PIN and old backup belong
 * together, or new PIN and new backup do.
 *
 * @param old - Records of the PIN that goes, and of earlier ones that could not be erased.
 * @param steps - `keep` has the new records and tokens in the vault before the issuer has the backup; `stored` is
 * called once it has, before anything is erased.
 * @returns Records that are to be erased later, since a guard did not answer.
 * @throws {@link ProtocolError} as `enrolAtGuards` and {@link storeBackups}, and what a step throws.
 */
export async function changeBackupPin(
  deps: EnrolDeps & PinDeps,
  guards: readonly GuardConfig[],
  { seed, old }: { readonly seed: FieldElement; readonly old: readonly Erasable[] },
  next: { readonly pin: string; readonly birth?: number },
  steps: { readonly keep: (fresh: Erasable) => Promise<void>; readonly stored: () => Promise<void> },
): Promise<readonly Erasable[]> {
  const { left } = await changePin(deps, guards, old, next, async (keyring) => {
    const { records, eraseTokens } = keyring;
    await steps.keep({ records, eraseTokens });
    const backup = await sealBackup(seed, { kind: 'guards', ...keyring }, deps.random);
    await storeBackups(deps, seed, { guards: backup });
    await steps.stored();
  });
  return left;
}

/** What came of a PIN: as at the guards, with the seed. */
export type Opened =
  | { readonly outcome: 'opened'; readonly seed: FieldElement; readonly keyring: GuardKeyring }
  | Exclude<Opening, { readonly outcome: 'opened' }>;

function existing(backups: KeptBackups, kind: BackupKind): Uint8Array {
  const backup = backups[kind];
  if (backup === undefined) {
    throw new ProtocolError('backup_missing', 'the issuer keeps no backup of this kind for this person');
  }
  return backup;
}

/**
 * Opens the backup under the PIN.
 *
 * @throws {@link ProtocolError} `backup_missing`, `backup_malformed`, `backup_wrong_key` if the PIN is right
 * and the backup was changed, and those of `openAtGuards`.
 */
export async function openWithPin(
  deps: GuardClientDeps,
  guards: readonly GuardConfig[],
  backups: KeptBackups,
  pin: string,
): Promise<Opened> {
  const backup = existing(backups, 'guards');
  const opening = await openAtGuards(deps, guards, readBackup(backup).records, pin);
  if (opening.outcome !== 'opened') return opening;
  const { keyring } = opening;
  return { outcome: 'opened', keyring, seed: await openBackup(backup, { kind: 'guards', ...keyring }) };
}

/**
 * Opens the backup under the twelve words.
 *
 * @throws {@link ProtocolError} `backup_missing`, `backup_wrong_key`, and those of `readPhrase`.
 */
export async function openWithPhrase(backups: KeptBackups, phrase: string): Promise<FieldElement> {
  return openBackup(existing(backups, 'phrase'), { kind: 'phrase', entropy: readPhrase(phrase) });
}

/**
 * Opens the backup under a passkey.
 *
 * @param prf - The passkey's output for the backup's input, 32 bytes.
 * @throws {@link ProtocolError} `backup_missing`, `backup_wrong_key`.
 */
export async function openWithPasskey(backups: KeptBackups, prf: Uint8Array): Promise<FieldElement> {
  return openBackup(existing(backups, 'passkey'), { kind: 'passkey', prf });
}

/** Shows the issuer document and live face, and whatever else an enrolment has before the request. */
export type Identify = (enrolment: Enrolment) => Promise<void>;

/** For programs: what each whole case takes besides. */
export type LifeOptions = Pick<RequestOptions, 'onProgress' | 'keep' | 'backups'>;

/**
 * A renewal, or a second document.
 *
 * @param credential - One of the person's.
 * @throws {@link ProtocolError} as `requestCredential`.
 */
export async function issueAgain(
  deps: EnrolDeps,
  credential: Pick<Credential, 'seed' | 'attributes'>,
  identify: Identify,
  options: LifeOptions = {},
): Promise<SignedCredential> {
  const enrolment = await openEnrolment(deps, { seed: credential.seed });
  await identify(enrolment);
  return requestCredential(deps, enrolment, { ...options, ...sameSeed(credential) });
}

/**
 * A new phone: identifies, fetches the backups, opens one, and has all old leaves go.
 *
 * @param open - Opens one of the backups: {@link openWithPin}, {@link openWithPhrase}.
 * @throws {@link ProtocolError} as {@link fetchBackups}, `requestCredential`, and `open`.
 */
export async function restore(
  deps: EnrolDeps,
  identify: Identify,
  open: (backups: KeptBackups) => Promise<FieldElement>,
  options: LifeOptions = {},
): Promise<SignedCredential> {
  const enrolment = await openEnrolment(deps);
  await identify(enrolment);
  const seed = await open(await fetchBackups(deps, enrolment));
  return requestCredential(deps, withSeed(enrolment, seed, deps.random), { ...options, ...RESTORED });
}
