// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What waits for the next cut, as the events that it will become: changed rules, artifacts and keys, and
 * new leaves in random order at the next free indices. `due.ts` has the decisions about leaves.
 *
 * @module
 */
import type { Selectable, Transaction } from 'kysely';
import { TREE_LEAVES } from '../commitment/tree.ts';
import { encodeEvent, type LogEvent } from '../log/events.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fieldFromBytes } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { LeafRow, RegisterTables } from '../storage/register.ts';
import type { RegisterContext } from './config.ts';
import { shuffle } from './shuffle.ts';

type Tx = Transaction<RegisterTables>;
/** An event of one kind. */
export type EventOf<Kind extends LogEvent['kind']> = Extract<LogEvent, { readonly kind: Kind }>;
/** A change of the keys that the log allows. */
export type KeyEvent = EventOf<'key_added' | 'key_removed'>;

/** A change of rules or of what wallets run. */
export type SettingEvent = EventOf<'rules_set' | 'artifacts_published'>;

/** Whether leaves wait. */
export async function hasPendingLeaves(tx: Tx): Promise<boolean> {
  const leaf = await tx.selectFrom('leaves').select('leaf').where('status', '=', 'pending').limit(1).execute();
  return leaf.length > 0;
}

/** Configured rules and artifacts, where the log says otherwise. */
export async function pendingSettings(register: RegisterContext, tx: Tx): Promise<readonly SettingEvent[]> {
  const { approvals, delay } = register.rules;
  const wanted: readonly SettingEvent[] = [
    { kind: 'rules_set', approvals, delay },
    { kind: 'artifacts_published', files: { ...register.artifacts } },
  ];
  const known = await tx.selectFrom('settings').selectAll().execute();
  return wanted.filter((event) => {
    const said = known.find(({ kind }) => kind === event.kind)?.entry;
    const saysNothing = event.kind === 'artifacts_published' && Object.keys(event.files).length === 0;
    return said === undefined ? !saysNothing : said !== encodeEvent(event);
  });
}

/** Notes what the log now says. */
export async function writeSettings(tx: Tx, settings: readonly SettingEvent[]): Promise<void> {
  for (const event of settings) {
    const row = { kind: event.kind, entry: encodeEvent(event) };
    await tx
      .insertInto('settings')
      .values(row)
      .onConflict((conflict) => conflict.column('kind').doUpdateSet({ entry: row.entry }))
      .execute();
  }
}

/** Changes of keys, in a fixed order. */
export interface KeyChanges {
  /** Come before everything that the new keys sign; approvers that left go here too. */
  readonly first: readonly KeyEvent[];
  /** Issuers that left: after what was accepted from them while they were in. */
  readonly last: readonly KeyEvent[];
}

/** The differences between the configured keys and those that the log allows. */
export async function pendingKeys({ issuers, approvers }: RegisterContext, tx: Tx): Promise<KeyChanges> {
  const known = await tx.selectFrom('keys').selectAll().orderBy('role').orderBy('id').execute();
  const wanted = Object.entries({ approver: approvers, issuer: issuers }).flatMap(([role, keys]) =>
    Object.entries(keys).map(([id, key]) => ({ role: role as KeyEvent['role'], id, key: toBase64Url(key) })),
  );
  const missing = <A extends { role: string; id: string }>(
    from: readonly A[],
    others: readonly { role: string; id: string }[],
  ): A[] => from.filter(({ role, id }) => !others.some((other) => other.role === role && other.id === id));
  const removed = missing(known, wanted).map(({ role, id }) => ({ kind: 'key_removed', role, id }) as const);
  const added = missing(wanted, known).map(({ role, id, key }) => ({ kind: 'key_added', role, id, key }) as const);
  return {
    first: [...added, ...removed.filter(({ role }) => role === 'approver')],
    last: removed.filter(({ role }) => role === 'issuer'),
  };
}

/** Leaves that a cut adds at most, and replaces: what a process holds in memory. The others wait for the next. */
export const MAX_LEAVES = 2 ** 19;

/**
 * New leaves.
 *
 * @param issued - Leaves issued before: the next free index.
 * @throws {@link ProtocolError} `tree_full`.
 */
export async function pendingLeaves(
  { random, maxLeaves = MAX_LEAVES }: Pick<RegisterContext, 'random' | 'maxLeaves'>,
  tx: Tx,
  issued: number,
): Promise<readonly EventOf<'leaf_added'>[]> {
  const rows = await chooseLeaves(tx, maxLeaves, random);
  if (issued + rows.length > TREE_LEAVES) {
    throw new ProtocolError('tree_full', 'the tree has no free position left');
  }
  return shuffle(rows, random).map(({ leaf, issuer, signature }, i) => ({
    kind: 'leaf_added',
    leaf,
    index: issued + i,
    issuer,
    signature,
  }));
}

/** Leaves that wait, at most so many: from a random one on, so that none waits for ever and none can push in. */
async function chooseLeaves(
  tx: Tx,
  most: number,
  random: RegisterContext['random'],
): Promise<readonly Selectable<LeafRow>[]> {
  const waiting = tx.selectFrom('leaves').selectAll().where('status', '=', 'pending').orderBy('leaf').limit(most);
  return fromRandom(random, most, (compare, start) => waiting.where('leaf', compare, start).execute());
}

/**
 * Some of many, from a random one on.
 *
 * @param most - How many.
 * @param read - Reads at most so many leaves on one side of another, decimal.
 */
export async function fromRandom<Row>(
  random: RegisterContext['random'],
  most: number,
  read: (compare: '>=' | '<', start: string) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const start = fieldFromBytes(Uint8Array.of(0, ...random(31))).toString();
  const later = await read('>=', start);
  const earlier = await read('<', start);
  return [...later, ...earlier].slice(0, most);
}

/**
 * Issuers of leaves that wait longer than this cut.
 *
 * @param taken - Events of leaves that wait no more.
 */
export async function waitingIssuers(
  tx: Tx,
  taken: readonly { readonly issuer: string }[],
): Promise<ReadonlySet<string>> {
  const rows = await tx
    .selectFrom('leaves')
    .select(({ fn }) => ['issuer', fn.countAll<number>().as('count')])
    .where('status', 'in', ['pending', 'replacing'])
    .groupBy('issuer')
    .execute();
  const counts = new Map(rows.map(({ issuer, count }) => [issuer, count]));
  for (const { issuer } of taken) counts.set(issuer, (counts.get(issuer) ?? 0) - 1);
  return new Set([...counts].flatMap(([issuer, count]) => (count > 0 ? [issuer] : [])));
}
