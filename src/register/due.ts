// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Decisions at the cut: orders become events, announcements whose delay has passed are carried out.
 * An order is checked again here against the approvers and rules that the same cut logs: one that lost
 * an approver, or that now needs more of them, is dropped. docs/protocol.md section 7.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import { type LogEvent, parseEvent, type RevocationReason } from '../log/events.ts';
import type { RegisterTables } from '../storage/register.ts';
import { stillApproved } from './approvals.ts';
import type { RegisterContext } from './config.ts';
import { shuffle } from './shuffle.ts';
import type { EventOf } from './waiting.ts';

type Tx = Transaction<RegisterTables>;

/** Leaves in one statement: below the parameter limits of both databases. */
const BATCH = 1000;

/** The events of one cut, each kind in random order. */
export interface Decisions {
  readonly announced: readonly EventOf<'revocation_announced'>[];
  readonly reversed: readonly EventOf<'revocation_reversed'>[];
  readonly revoked: readonly EventOf<'leaf_revoked'>[];
}

/**
 * Whether orders wait, or an announcement is to be carried out.
 *
 * @param activeFrom - When a checkpoint that were cut now would become active, Unix seconds.
 */
export async function hasPendingDecisions(tx: Tx, activeFrom: number): Promise<boolean> {
  const order = await tx.selectFrom('orders').select('leaf').limit(1).execute();
  const due = await tx
    .selectFrom('announcements')
    .select('leaf')
    .where('status', '=', 'open')
    .where('effective', '<=', activeFrom)
    .limit(1)
    .execute();
  return order.length + due.length > 0;
}

/**
 * What a cut decides.
 *
 * @param added - New leaves of the same cut: one of them may be decided about in it.
 * @param activeFrom - When its checkpoint becomes active, Unix seconds: the time of its events.
 */
export async function pendingDecisions(
  register: RegisterContext,
  tx: Tx,
  added: readonly NewLeaf[],
  activeFrom: number,
): Promise<Decisions> {
  const ordered = await orderedEvents(register, tx, added);
  const announced = ordered.filter((event) => event.kind === 'revocation_announced');
  const reversed = ordered.filter((event) => event.kind === 'revocation_reversed');
  const revoked = ordered.filter((event) => event.kind === 'leaf_revoked');
  // A reversal that came before this cut counts, also when the delay has passed.
  const overtaken = new Set([...reversed, ...revoked].map(({ leaf }) => leaf));
  const due = (await dueEvents(tx, activeFrom)).filter(({ leaf }) => !overtaken.has(leaf));
  return { announced, reversed, revoked: shuffle([...revoked, ...due], register.random) };
}

/** A leaf that the same cut puts into the tree. */
type NewLeaf = EventOf<'leaf_added' | 'leaf_replaced'>;
type Ordered = EventOf<'revocation_announced' | 'revocation_reversed' | 'leaf_revoked'>;

async function orderedEvents(
  register: RegisterContext,
  tx: Tx,
  added: readonly NewLeaf[],
): Promise<readonly Ordered[]> {
  const rows = await tx
    .selectFrom('orders')
    .innerJoin('leaves', 'leaves.leaf', 'orders.leaf')
    .select(['orders.leaf', 'event', 'tree_index'])
    .orderBy('orders.leaf')
    .execute();
  const fresh = new Map(added.map(({ leaf, index }) => [leaf, index]));
  const events = rows.flatMap(({ leaf, event, tree_index: published }) => {
    const index = published ?? fresh.get(leaf);
    // A leaf that the cut has no room for waits, and what was decided about it too.
    return index === undefined ? [] : [parseEvent({ ...(JSON.parse(event) as object), index }) as Ordered];
  });
  return shuffle(
    events.filter((event) => !('approvals' in event) || stillApproved(register, event.approvals)),
    register.random,
  );
}

async function dueEvents(tx: Tx, activeFrom: number): Promise<readonly EventOf<'leaf_revoked'>[]> {
  const rows = await tx
    .selectFrom('announcements')
    .selectAll()
    .where('status', '=', 'open')
    .where('effective', '<=', activeFrom)
    .orderBy('position')
    .execute();
  return rows.map(
    ({ leaf, tree_index: index, reason, position: announced }) =>
      parseEvent({ kind: 'leaf_revoked', leaf, index, reason, announced }) as EventOf<'leaf_revoked'>,
  );
}

/**
 * Notes what a cut decided; afterwards only orders about leaves that still wait are waiting.
 *
 * @param positions - Log position of each event.
 * @param effective - When what is announced in this cut takes effect, Unix seconds.
 */
export async function writeDecisions(
  tx: Tx,
  { announced, reversed, revoked }: Decisions,
  positions: ReadonlyMap<LogEvent, number>,
  effective: number,
): Promise<void> {
  const waiting = tx.selectFrom('leaves').select('leaf').where('status', 'in', ['pending', 'replacing']);
  await tx.deleteFrom('orders').where('leaf', 'not in', waiting).execute();
  await closeAnnouncements(tx, reversed, 'reversed');
  await closeAnnouncements(tx, revoked, 'closed');
  const rows = announced.map((event) => ({
    position: positions.get(event) ?? -1,
    leaf: event.leaf,
    tree_index: event.index,
    reason: event.reason,
    effective,
    status: 'open' as const,
  }));
  for (const batch of batchesOf(rows)) {
    await tx.insertInto('announcements').values(batch).execute();
  }
  for (const batch of batchesOf(revoked.map(({ leaf }) => leaf))) {
    await tx.updateTable('leaves').set({ status: 'revoked' }).where('leaf', 'in', batch).execute();
  }
}

async function closeAnnouncements(
  tx: Tx,
  events: readonly { readonly leaf: string }[],
  status: 'reversed' | 'closed',
): Promise<void> {
  for (const batch of batchesOf(events.map(({ leaf }) => leaf))) {
    await tx
      .updateTable('announcements')
      .set({ status })
      .where('status', '=', 'open')
      .where('leaf', 'in', batch)
      .execute();
  }
}

/** Open announcements. */
export async function countOpen(tx: Tx): Promise<number> {
  const { count } = await tx
    .selectFrom('announcements')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('status', '=', 'open')
    .executeTakeFirstOrThrow();
  return count;
}

/** How many of the events give each reason. */
export function reasonsOf(
  revoked: readonly { readonly reason: RevocationReason }[],
): Partial<Record<RevocationReason, number>> {
  const counted: Partial<Record<RevocationReason, number>> = {};
  for (const { reason } of revoked) counted[reason] = (counted[reason] ?? 0) + 1;
  return counted;
}

function batchesOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH));
}
