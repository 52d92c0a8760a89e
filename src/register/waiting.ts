// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What waits for the next cut, as the events that it will become: changed keys, then new leaves in
 * random order at the next free indices, then revocations in random order.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import { TREE_LEAVES } from '../commitment/tree.ts';
import { type LogEvent, reasonSchema } from '../log/events.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { RegisterTables } from '../storage/register.ts';
import type { RegisterContext } from './config.ts';
import { shuffle } from './shuffle.ts';

type Tx = Transaction<RegisterTables>;
/** An event of one kind. */
export type EventOf<Kind extends LogEvent['kind']> = Extract<LogEvent, { readonly kind: Kind }>;
/** A change of the keys that the log allows. */
export type KeyEvent = EventOf<'key_added' | 'key_removed'>;

/** Whether leaves or revocations wait. */
export async function hasPendingLeaves(tx: Tx): Promise<boolean> {
  const leaf = await tx.selectFrom('leaves').select('leaf').where('status', '=', 'pending').limit(1).execute();
  const revocation = await tx.selectFrom('revocations').select('leaf').limit(1).execute();
  return leaf.length + revocation.length > 0;
}

/** The differences between the configured keys and those that the log allows, in a fixed order. */
export async function pendingKeys({ issuers, operators }: RegisterContext, tx: Tx): Promise<readonly KeyEvent[]> {
  const known = await tx.selectFrom('keys').selectAll().orderBy('role').orderBy('id').execute();
  const wanted = Object.entries({ issuer: issuers, operator: operators }).flatMap(([role, keys]) =>
    Object.entries(keys).map(([id, key]) => ({ role: role as KeyEvent['role'], id, key: toBase64Url(key) })),
  );
  const missing = <A extends { role: string; id: string }>(
    from: readonly A[],
    others: readonly { role: string; id: string }[],
  ): A[] => from.filter(({ role, id }) => !others.some((other) => other.role === role && other.id === id));
  return [
    ...missing(known, wanted).map(({ role, id }) => ({ kind: 'key_removed', role, id }) as const),
    ...missing(wanted, known).map(({ role, id, key }) => ({ kind: 'key_added', role, id, key }) as const),
  ];
}

/**
 * New leaves.
 *
 * @param issued - Leaves issued before: the next free index.
 * @throws {@link ProtocolError} `tree_full`.
 */
export async function pendingLeaves(
  { random }: RegisterContext,
  tx: Tx,
  issued: number,
): Promise<readonly EventOf<'leaf_added'>[]> {
  const rows = await tx.selectFrom('leaves').selectAll().where('status', '=', 'pending').orderBy('leaf').execute();
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

/**
 * Revocations.
 *
 * @param added - New leaves of the same cut: one of them may be revoked in it.
 */
export async function pendingRevocations(
  { random }: RegisterContext,
  tx: Tx,
  added: readonly EventOf<'leaf_added'>[],
): Promise<readonly EventOf<'leaf_revoked'>[]> {
  const rows = await tx
    .selectFrom('revocations')
    .innerJoin('leaves', 'leaves.leaf', 'revocations.leaf')
    .select(['revocations.leaf', 'reason', 'operator', 'revocations.signature', 'tree_index'])
    .orderBy('revocations.leaf')
    .execute();
  const fresh = new Map(added.map(({ leaf, index }) => [leaf, index]));
  return shuffle(rows, random).map(({ leaf, reason, operator, signature, tree_index: published }) => {
    const index = published ?? fresh.get(leaf);
    if (index === undefined) {
      throw new ProtocolError('register_inconsistent', 'a revoked leaf has no position; restore the database');
    }
    return { kind: 'leaf_revoked', leaf, index, reason: reasonSchema.parse(reason), operator, signature };
  });
}
