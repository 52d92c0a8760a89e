// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The client of n PIN guards, all of which are needed.
 *
 * ```text
 * y_i        = VOPRF(k_i, "bauta/pin/v1" || 0 || PIN)                      guard i evaluates, blindly
 * password_i = HKDF-SHA-512(PIN || y_1 || … || y_n, "bauta/guard-password/v1" || 0 || guard i's key), 32 bytes
 * export_i   = OPAQUE(password_i) at guard i                               opens backups: backup.ts
 * ```
 *
 * A record checks a password that hangs on every guard's evaluation, so the records and keys of n - 1
 * guards do not let anyone search for the PIN.
 *
 * A guess is counted at all guards, since fewer than all cannot tell whether it is right. Before it, each
 * guard is asked how the record stands, which counts nothing: when one does not answer, has to be waited
 * for, or has no record, no guess is counted anywhere. Only a guard that fails in the second after that
 * costs the others one guess, which the next right PIN gives back.
 *
 * docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { GuardRecord } from './backup.ts';
import type { GuardConfig } from './environment.ts';
import {
  askStanding,
  beginRegistration,
  eraseAt,
  finishRegistration,
  guess,
  type GuardClientDeps,
  type GuardRefusal,
  logIn,
  type Registering,
} from './guard_client.ts';
import { eraseToken, passwordAt } from './guard_password.ts';
import { PIN_DIGITS, requirePin } from './pin.ts';

/** Records at all guards, with what they gave. */
export interface GuardKeyring {
  /** In the order of the guards. */
  readonly records: readonly GuardRecord[];
  /** OPAQUE's export keys in the same order, 64 bytes each: `sealBackup`, `openBackup`. */
  readonly exportKeys: readonly Uint8Array[];
  /** Tokens that erase the records, in the same order; kept in the vault for a later change of PIN. */
  readonly eraseTokens: readonly Uint8Array[];
}

/** What came of a PIN. */
export type Opening =
  | { readonly outcome: 'opened'; readonly keyring: GuardKeyring }
  /** Guesses left at the guard that has fewest, and from when the next is answered, Unix milliseconds. */
  | { readonly outcome: 'wrong_pin'; readonly attemptsLeft: number; readonly until: number }
  | GuardRefusal;

/** Records with the tokens that erase them. */
export type Erasable = Pick<GuardKeyring, 'records' | 'eraseTokens'>;

/** What came of a change. */
export interface Changed {
  readonly keyring: GuardKeyring;
  /** Records that are to be erased later, since a guard did not answer. */
  readonly left: readonly Erasable[];
}

function unreachable(refusal: GuardRefusal): ProtocolError {
  const cause = refusal.outcome === 'unreachable' ? { cause: refusal.cause } : {};
  return new ProtocolError('guard_unreachable', 'a guard does not answer; nothing was lost, try again later', cause);
}

const keyringOf = (records: readonly GuardRecord[], exportKeys: readonly Uint8Array[]): GuardKeyring => ({
  records,
  exportKeys,
  eraseTokens: exportKeys.map(eraseToken),
});

/**
 * Registers a PIN at all guards under fresh ids.
 *
 * @param guards - At least one.
 * @param birth - The holder's date of birth, YYYYMMDD, if the wallet knows it.
 * @throws {@link ProtocolError} the faults of `requirePin`; `guard_unreachable`: what the others had made
 * by then is erased; `guard_key_mismatch`, `guard_answer_invalid`.
 */
export async function enrolAtGuards(
  deps: GuardClientDeps,
  guards: readonly GuardConfig[],
  pin: string,
  birth?: number,
): Promise<GuardKeyring> {
  requirePin(pin, birth);
  if (guards.length === 0) throw new ProtocolError('guard_unknown', 'the wallet knows no guard');
  const begun: (Registering & { readonly guard: GuardConfig })[] = [];
  for (const guard of guards) {
    const asked = await beginRegistration(deps, guard, pin);
    if ('refusal' in asked) throw unreachable(asked.refusal);
    begun.push({ ...asked.answer, guard });
  }
  const outputs = begun.map(({ output }) => output);
  const made: { readonly guard: GuardConfig; readonly record: GuardRecord; readonly exportKey: Uint8Array }[] = [];
  try {
    for (const { guard, record } of begun) {
      const asked = await finishRegistration(deps, guard, record, passwordAt(guard, pin, outputs));
      if ('refusal' in asked) throw unreachable(asked.refusal);
      made.push({ guard, record, exportKey: asked.answer });
    }
  } catch (error) {
    for (const { guard, record, exportKey } of made) {
      await eraseAt(deps, guard, record, eraseToken(exportKey)).catch(() => false);
    }
    throw error;
  }
  return keyringOf(
    made.map(({ record }) => record),
    made.map(({ exportKey }) => exportKey),
  );
}

function guardsOf(guards: readonly GuardConfig[], records: readonly GuardRecord[]): readonly GuardConfig[] {
  return records.map((record) => {
    const guard = guards.find(({ key }) => toBase64Url(key) === toBase64Url(record.guard));
    if (guard === undefined)
      throw new ProtocolError('guard_unknown', 'a guard of this backup is unknown to the wallet');
    return guard;
  });
}

/**
 * Opens the records with a PIN: to restore a backup on a new device.
 *
 * @param records - From the backup's header.
 * @throws {@link ProtocolError} `pin_form` (nothing was asked), `guard_unknown`, `guard_key_mismatch`,
 * `guard_answer_invalid`.
 */
export async function openAtGuards(
  deps: GuardClientDeps,
  guards: readonly GuardConfig[],
  records: readonly GuardRecord[],
  pin: string,
): Promise<Opening> {
  if (!new RegExp(`^[0-9]{${String(PIN_DIGITS)}}$`).test(pin)) {
    throw new ProtocolError('pin_form', 'a PIN has eight digits');
  }
  const pairs = guardsOf(guards, records).flatMap((guard, i) => {
    const record = records[i];
    return record === undefined ? [] : [{ guard, record }];
  });
  const refusal = await firstRefusal(deps, pairs);
  if (refusal !== undefined) return refusal;

  const guesses = [];
  for (const { guard, record } of pairs) {
    const asked = await guess(deps, guard, record, pin);
    if ('refusal' in asked) return asked.refusal;
    guesses.push({ guard, ...asked.answer });
  }
  const outputs = guesses.map(({ output }) => output);
  const exportKeys: Uint8Array[] = [];
  for (const { guard, login } of guesses) {
    const asked = await logIn(deps, guard, login, passwordAt(guard, pin, outputs));
    if ('refusal' in asked) return asked.refusal;
    if (asked.answer.exportKey === undefined) {
      if (exportKeys.length > 0) {
        throw new ProtocolError(
          'guard_answer_invalid',
          'the PIN is right, but a guard does not have its record as it was',
        );
      }
      // The other guards need not be asked: each counted the guess, and none would say otherwise.
      return {
        outcome: 'wrong_pin',
        attemptsLeft: Math.min(...guesses.map(({ standing }) => standing.attemptsLeft)),
        until: Math.max(...guesses.map(({ standing }) => standing.until)),
      };
    }
    exportKeys.push(asked.answer.exportKey);
  }
  return { outcome: 'opened', keyring: keyringOf(records, exportKeys) };
}

/** Asks all guards how their record stands; counts nothing. The gravest refusal comes first. */
async function firstRefusal(
  deps: GuardClientDeps,
  pairs: readonly { readonly guard: GuardConfig; readonly record: GuardRecord }[],
): Promise<GuardRefusal | undefined> {
  const asked = await Promise.all(
    pairs.map(async ({ guard, record }) => ({ guard, ...(await askStanding(deps, guard, record)) })),
  );
  const refusals = asked.flatMap((each): GuardRefusal[] => {
    if ('refusal' in each) return [each.refusal];
    const { until } = each.answer;
    return until > deps.clock() ? [{ outcome: 'wait', guard: each.guard, until }] : [];
  });
  const waits = refusals.filter((refusal) => refusal.outcome === 'wait').sort((a, b) => b.until - a.until);
  return (
    refusals.find(({ outcome }) => outcome === 'record_deleted') ??
    refusals.find(({ outcome }) => outcome === 'unreachable') ??
    waits[0]
  );
}

/**
 * Erases records, e.g. those of a PIN that was changed.
 *
 * @returns Whether all are gone; if not, the caller keeps the tokens and tries again.
 */
export async function eraseAtGuards(
  deps: GuardClientDeps,
  guards: readonly GuardConfig[],
  keyring: Erasable,
): Promise<boolean> {
  const found = guardsOf(guards, keyring.records);
  const erased = await Promise.all(
    keyring.records.map(async (record, i) => {
      const [guard, token] = [found[i], keyring.eraseTokens[i]];
      return guard === undefined || token === undefined ? false : eraseAt(deps, guard, record, token);
    }),
  );
  return erased.every(Boolean);
}

/**
 * Changes the PIN: makes new records under new ids, has the caller seal and store the backup under them,
 * and only then erases the old ones. Wherever this is cut short, the old backup with the old PIN and the
 * new one with the new PIN both open, whichever was stored. The old PIN is not needed: whoever may change
 * it has the seed.
 *
 * @param old - Records of the PIN that goes, and of earlier ones that could not be erased.
 * @param store - Keeps the new records and tokens in the vault, then seals and stores the backup. When it
 * fails nothing is erased, since what failed may have been the answer alone.
 * @throws {@link ProtocolError} as {@link enrolAtGuards} does; whatever `store` throws.
 */
export async function changePin(
  deps: GuardClientDeps,
  guards: readonly GuardConfig[],
  old: readonly Erasable[],
  next: { readonly pin: string; readonly birth?: number },
  store: (keyring: GuardKeyring) => Promise<void>,
): Promise<Changed> {
  const keyring = await enrolAtGuards(deps, guards, next.pin, next.birth);
  await store(keyring);
  const erased = await Promise.all(old.map((each) => eraseAtGuards(deps, guards, each).catch(() => false)));
  return { keyring, left: old.filter((_, i) => erased[i] !== true) };
}
