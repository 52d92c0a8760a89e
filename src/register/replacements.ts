// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Replacements: at a renewal the new leaf takes the position of the old one in one event, so that there
 * is no moment at which both are in the tree, or neither. A replacement waits for the first cut at which
 * the old leaf is published. It falls if a revocation of the old leaf is announced or made before that:
 * nobody renews out of a revocation. docs/protocol.md section 7.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import { replacementMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { LeafRow, RegisterTables } from '../storage/register.ts';
import type { RegisterContext } from './config.ts';
import {
  issuerKey,
  type LeafState,
  leafUnknown,
  requireLeaf,
  requireSignature,
  requireStanding,
  stateOf,
} from './leaves.ts';
import { shuffle } from './shuffle.ts';
import { type EventOf, fromRandom, type KeyChanges, MAX_LEAVES } from './waiting.ts';

type Tx = Transaction<RegisterTables>;

/** A replacement as an issuer submits it. */
export interface Replacement {
  /** The leaf that loses its position. */
  readonly replaced: FieldElement;
  /** The leaf that takes it; the register must not have it yet. */
  readonly leaf: FieldElement;
  /** Key id of the issuer that signed the old leaf; of any issuer, once that one's key is in force no more. */
  readonly issuer: string;
  /** Over `replacementMessage(replaced, leaf)`, 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * Accepts a replacement. Repeating one changes nothing and answers with the new leaf's state.
 *
 * @returns State of the new leaf.
 * @throws {@link ProtocolError} `leaf_zero`, `issuer_unknown`, `signature_invalid`; `leaf_taken` if the
 * register has the new leaf for another place or from another issuer; of the old leaf `leaf_unknown`,
 * `leaf_revoked`, `leaf_replaced`, `leaf_of_another`, `replacement_waits` if another leaf is to replace it,
 * `revocation_announced`.
 */
export async function submitReplacement(register: RegisterContext, order: Replacement): Promise<LeafState> {
  const { replaced, leaf, issuer, signature } = order;
  requireLeaf(replaced);
  requireLeaf(leaf);
  requireSignature(replacementMessage(replaced, leaf), signature, issuerKey(register, issuer));
  return register.database.transaction(async (tx) => {
    const known = await rowOf(tx, leaf.toString());
    if (known !== undefined) {
      if (known.replaces !== replaced.toString() || known.issuer !== issuer) {
        throw new ProtocolError('leaf_taken', 'the register has this leaf for another place, or from another issuer');
      }
      await requireStanding(tx, known);
      return stateOf(known);
    }
    const old = await rowOf(tx, replaced.toString());
    if (old === undefined) {
      throw leafUnknown();
    }
    await requireStanding(tx, old);
    await requireOwn(tx, old, issuer);
    await requireFree(tx, old);
    const row = {
      leaf: leaf.toString(),
      status: 'replacing',
      replaces: old.leaf,
      issuer,
      signature: toBase64Url(signature),
      tree_index: null,
      checkpoint: null,
    } as const;
    await tx.insertInto('leaves').values(row).execute();
    return stateOf(row);
  });
}

function rowOf(tx: Tx, leaf: string): Promise<LeafRow | undefined> {
  return tx.selectFrom('leaves').selectAll().where('leaf', '=', leaf).executeTakeFirst();
}

/** The leaves of an issuer that left are anyone's to renew; of one that is in force, only its own. */
async function requireOwn(tx: Tx, old: LeafRow, issuer: string): Promise<void> {
  if (old.issuer !== issuer && (await issuersInForce(tx)).has(old.issuer)) {
    throw new ProtocolError('leaf_of_another', 'the replacement must come from the issuer that signed the old leaf');
  }
}

async function requireFree(tx: Tx, { leaf }: LeafRow): Promise<void> {
  const other = await tx.selectFrom('leaves').select('leaf').where('replaces', '=', leaf).executeTakeFirst();
  if (other !== undefined) {
    throw new ProtocolError('replacement_waits', 'another leaf waits to replace this one; replace that one');
  }
  const order = await tx.selectFrom('orders').select('kind').where('leaf', '=', leaf).executeTakeFirst();
  const open = await tx
    .selectFrom('announcements')
    .select('position')
    .where('leaf', '=', leaf)
    .where('status', '=', 'open')
    .executeTakeFirst();
  if (order !== undefined || open !== undefined) {
    throw new ProtocolError(
      'revocation_announced',
      'a revocation of this leaf is announced; it can be renewed if that is reversed',
    );
  }
}

/**
 * Lets the replacement of a leaf that waits fall, and those that wait for it in turn: the register then
 * does not know the new leaves. For transactions that decide about the old leaf.
 *
 * @param leaf - Decimal.
 */
export async function dropReplacement(tx: Tx, leaf: string): Promise<void> {
  for (let old = leaf; ;) {
    const next = await tx
      .selectFrom('leaves')
      .select('leaf')
      .where('replaces', '=', old)
      .where('status', '=', 'replacing')
      .executeTakeFirst();
    if (next === undefined) return;
    await tx.deleteFrom('orders').where('leaf', '=', next.leaf).execute();
    await tx.deleteFrom('leaves').where('leaf', '=', next.leaf).execute();
    old = next.leaf;
  }
}

/** Replacements whose old leaf is published. */
function ready(tx: Tx) {
  return tx
    .selectFrom('leaves as fresh')
    .innerJoin('leaves as old', 'old.leaf', 'fresh.replaces')
    .where('fresh.status', '=', 'replacing')
    .where('old.status', '=', 'published');
}

/** Whether a replacement could be logged now. */
export async function hasPendingReplacements(tx: Tx): Promise<boolean> {
  return (await ready(tx).select('fresh.leaf').limit(1).execute()).length > 0;
}

/**
 * The replacements of a cut, in random order. Those that the keys which the cut puts in force do not allow fall.
 *
 * @param first - Changes of keys that come before them in the log.
 */
export async function pendingReplacements(
  { random, maxLeaves = MAX_LEAVES }: Pick<RegisterContext, 'random' | 'maxLeaves'>,
  tx: Tx,
  first: KeyChanges['first'],
): Promise<readonly EventOf<'leaf_replaced'>[]> {
  const columns = ['fresh.leaf', 'fresh.issuer', 'fresh.signature', 'old.leaf as replaced', 'old.tree_index'] as const;
  const rows = await fromRandom(random, maxLeaves, (compare, start) =>
    ready(tx)
      .select([...columns, 'old.issuer as signer'])
      .where('fresh.leaf', compare, start)
      .orderBy('fresh.leaf')
      .limit(maxLeaves)
      .execute(),
  );
  const inForce = await issuersInForce(tx, first);
  const events: EventOf<'leaf_replaced'>[] = [];
  for (const { replaced, leaf, tree_index: index, issuer, signature, signer } of rows) {
    if (index === null || (issuer !== signer && inForce.has(signer))) {
      await dropReplacement(tx, replaced);
    } else {
      events.push({ kind: 'leaf_replaced', replaced, leaf, index, issuer, signature });
    }
  }
  return shuffle(events, random);
}

async function issuersInForce(tx: Tx, first: KeyChanges['first'] = []): Promise<ReadonlySet<string>> {
  const logged = await tx.selectFrom('keys').select('id').where('role', '=', 'issuer').execute();
  const added = first.filter(({ kind, role }) => kind === 'key_added' && role === 'issuer');
  return new Set([...logged, ...added].map(({ id }) => id));
}
