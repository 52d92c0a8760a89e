// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Armed records of the platforms used most, sealed, so that the next login there waits for nothing. A
 * record serves one platform, policy, day and root only; what is out of date is dropped and may be armed
 * again ahead of the next visit. The list says where its holder logs in: it belongs into the vault.
 *
 * Actions are not kept: nobody does them twice.
 *
 * @module
 */
import { z } from 'zod';
import { type CalendarDate, dateInZone } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toField } from '../protocol/field.ts';
import { type Ask, NATIONALITY_GROUPS, packPolicy, parseAsk, policyOf, unpackPolicy } from '../protocol/policy.ts';
import { deriveContext, deriveScope, fromBase64Url, NO_SCOPE, toBase64Url } from '../protocol/scope.ts';
import { SHOW_SIGNALS, type ShowStatement, toSignals } from '../protocol/statement.ts';
import type { Credential } from './credential.ts';
import { answerTo, type ArmDeps, type ArmedPresentation, type Asked } from './present.ts';
import type { ArmedHandle, SealingProver } from './prover.ts';
import type { Synced } from './sync.ts';

/** A platform that was logged in to. */
export interface Kept {
  readonly origin: string;
  readonly ask: Ask;
  readonly uses: number;
  /** The sealed record and what it proves; missing while it is out of date. */
  readonly record: { readonly statement: string; readonly sealed: Uint8Array } | undefined;
}

/** Platforms that are remembered. */
const MOST = 4;
const ACCOUNT = { kind: 'account' } as const;

/** Everything that a record is bound to: all public signals but the request. */
function nameOf(statement: ShowStatement): string {
  return toSignals(
    SHOW_SIGNALS.filter((name) => name !== 'binding'),
    statement,
  ).join(' ');
}

/** A login at a platform on a day, but for the request. */
function askedOn({ origin, ask }: Pick<Kept, 'origin' | 'ask'>, today: CalendarDate): Asked {
  return {
    origin,
    ask,
    inputs: {
      scope: ask.pseudonym ? deriveScope(origin) : NO_SCOPE,
      context: ask.pseudonym ? deriveContext(ACCOUNT) : toField(0n),
      policy: packPolicy(policyOf(ask, today, ACCOUNT)),
      nationalityMask: toField(NATIONALITY_GROUPS[ask.nationality_group]),
      binding: toField(0n),
    },
  };
}

const sameAsk = (a: Ask, b: Ask): boolean => JSON.stringify(parseAsk(a)) === JSON.stringify(parseAsk(b));

/**
 * Opens the record kept for a statement.
 *
 * @returns Undefined if there is none that still serves; then it must be armed.
 */
export async function openKept(
  list: readonly Kept[],
  statement: ShowStatement,
  prover: SealingProver,
  signal?: AbortSignal,
): Promise<ArmedHandle | undefined> {
  const name = nameOf(statement);
  const record = list.map((kept) => kept.record).find((candidate) => candidate?.statement === name);
  if (record === undefined) return undefined;
  try {
    return await prover.unseal('show', record.sealed, signal);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'sealed_invalid') return undefined;
    throw error;
  }
}

/** Remembers a login, with its record; the list grows to {@link MOST} platforms, the most used first. */
export function keep(list: readonly Kept[], armed: ArmedPresentation, sealed: Uint8Array): readonly Kept[] {
  const { pending, statement } = armed;
  const { origin, ask, request } = pending;
  if (request.context.kind !== 'account') return list;
  const isThis = (kept: Kept): boolean => kept.origin === origin && sameAsk(kept.ask, ask);
  const uses = (list.find(isThis)?.uses ?? 0) + 1;
  const others = list.filter((kept) => !isThis(kept)).slice(0, MOST - 1);
  const added = { origin, ask, uses, record: { statement: nameOf(statement), sealed } };
  return [added, ...others].sort((a, b) => b.uses - a.uses);
}

/** Drops the records of other days and of roots that are no longer presented. */
export function dropOutdated(list: readonly Kept[], synced: Synced, today: CalendarDate): readonly Kept[] {
  const roots = synced.positions.map(({ root }) => String(root));
  const serves = (statement: string): boolean => {
    const signals = statement.split(' ');
    const valueOf = (name: (typeof SHOW_SIGNALS)[number]): string => signals[SHOW_SIGNALS.indexOf(name)] ?? '';
    return roots.includes(valueOf('root')) && unpackPolicy(toField(BigInt(valueOf('policy')))).today === today;
  };
  return list.map((kept) =>
    kept.record !== undefined && serves(kept.record.statement) ? kept : { ...kept, record: undefined },
  );
}

/**
 * Arms ahead what has no record.
 *
 * @param list - From {@link dropOutdated}.
 * @throws The signal's reason if aborted, and the errors of the prover.
 */
export async function armAhead(
  list: readonly Kept[],
  credential: Credential,
  synced: Synced,
  deps: Pick<ArmDeps, 'poseidon' | 'clock' | 'signal'> & { readonly prover: SealingProver; readonly timeZone: string },
): Promise<readonly Kept[]> {
  const { prover, clock, signal, timeZone } = deps;
  const today = dateInZone(clock(), timeZone);
  const result: Kept[] = [];
  for (const kept of list) {
    result.push(kept.record === undefined ? { ...kept, record: await armedFor(kept) } : kept);
  }
  return result;

  async function armedFor(kept: Kept): Promise<Kept['record']> {
    try {
      const { statement, task } = answerTo(askedOn(kept, today), credential, synced, deps);
      const handle = await prover.arm(task, undefined, signal);
      const sealed = await prover.seal(handle).finally(() => prover.release(handle));
      return { statement: nameOf(statement), sealed };
    } catch (error) {
      // The credential no longer meets what is asked, e.g. since the document expired.
      if (error instanceof ProtocolError && error.code === 'policy_unmet') return undefined;
      throw error;
    }
  }
}

const stored = z.array(
  z.strictObject({
    origin: z.string(),
    ask: z.unknown().transform((ask) => parseAsk(ask)),
    uses: z.number().int().positive(),
    record: z.strictObject({ statement: z.string(), sealed: z.string().transform(fromBase64Url) }).optional(),
  }),
);

/** Stored form; JSON text for the vault. */
export function encodeKept(list: readonly Kept[]): string {
  return JSON.stringify(
    list.map(({ record, ...kept }) => ({
      ...kept,
      ...(record === undefined ? {} : { record: { ...record, sealed: toBase64Url(record.sealed) } }),
    })),
  );
}

/** Reads the stored form; what this version can not read is not missed for long. */
export function decodeKept(text: string): readonly Kept[] {
  try {
    return stored.parse(JSON.parse(text)).map((kept) => ({ ...kept, record: kept.record }));
  } catch {
    return [];
  }
}
