// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Leaves between two checkpoints: issuers submit them, everyone may ask about them. What is accepted here
 * waits for the next cut; it is durable before the answer leaves.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import { isSignedBy, leafMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { AnnouncementRow } from '../storage/decisions.ts';
import type { LeafRow, RegisterTables } from '../storage/register.ts';
import type { KeyList, RegisterContext } from './config.ts';

/** Where a leaf stands, in wire form. */
export interface LeafState {
  /** Decimal. */
  readonly leaf: string;
  readonly status: 'pending' | 'published' | 'replaced' | 'revoked';
  /** Position in the tree, from when it is published until it is replaced. */
  readonly index?: number;
  /** Size of the first checkpoint that holds it, once published. */
  readonly checkpoint?: number;
  /** The leaf that has taken its position, decimal, once replaced. */
  readonly replaced_by?: string;
  /** The latest announcement that it will be revoked. */
  readonly announcement?: Announcement;
}

/** An announcement, in wire form. */
export interface Announcement {
  /** Log position. */
  readonly position: number;
  readonly reason: string;
  /** Unix seconds: no root that is active before this lacks the leaf on its account. */
  readonly effective: number;
  readonly status: AnnouncementRow['status'];
}

/** A leaf as an issuer submits it. */
export interface Submission {
  readonly leaf: FieldElement;
  /** Key id of the issuer. */
  readonly issuer: string;
  /** Over `leafMessage(leaf)`, 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * Accepts a leaf. Repeating a submission changes nothing and answers with the leaf's state.
 *
 * @throws {@link ProtocolError} `leaf_zero`, `issuer_unknown`, `signature_invalid`, `leaf_revoked`,
 * `leaf_replaced`, or `leaf_taken` if another issuer submitted it.
 */
export async function submitLeaf(register: RegisterContext, submission: Submission): Promise<LeafState> {
  const { leaf, issuer, signature } = submission;
  requireLeaf(leaf);
  requireSignature(leafMessage(leaf), signature, issuerKey(register, issuer));
  return register.database.transaction(async (tx) => {
    const text = leaf.toString();
    const known = await tx.selectFrom('leaves').selectAll().where('leaf', '=', text).executeTakeFirst();
    if (known === undefined) {
      const row = {
        leaf: text,
        status: 'pending',
        replaces: null,
        issuer,
        signature: toBase64Url(signature),
        tree_index: null,
        checkpoint: null,
      } as const;
      await tx.insertInto('leaves').values(row).execute();
      return stateOf(row);
    }
    await requireStanding(tx, known);
    if (known.issuer !== issuer) {
      throw new ProtocolError('leaf_taken', 'another issuer submitted this leaf');
    }
    return stateOf(known);
  });
}

/**
 * Where a leaf stands.
 *
 * @throws {@link ProtocolError} `leaf_unknown`.
 */
export async function leafState({ database }: RegisterContext, leaf: FieldElement): Promise<LeafState> {
  const text = leaf.toString();
  const row = await database.kysely.selectFrom('leaves').selectAll().where('leaf', '=', text).executeTakeFirst();
  if (row === undefined) {
    throw leafUnknown();
  }
  const announcement = await database.kysely
    .selectFrom('announcements')
    .select(['position', 'reason', 'effective', 'status'])
    .where('leaf', '=', text)
    .orderBy('position', 'desc')
    .executeTakeFirst();
  const successor =
    row.status === 'replaced'
      ? await database.kysely.selectFrom('leaves').select('leaf').where('replaces', '=', text).executeTakeFirst()
      : undefined;
  return {
    ...stateOf(row),
    ...(successor === undefined ? {} : { replaced_by: successor.leaf }),
    ...(announcement === undefined ? {} : { announcement }),
  };
}

/** A leaf's row in wire form. */
export function stateOf({ leaf, status, tree_index: index, checkpoint }: LeafRow): LeafState {
  return {
    leaf,
    status: status === 'replacing' ? 'pending' : status,
    ...(index === null ? {} : { index }),
    ...(checkpoint === null ? {} : { checkpoint }),
  };
}

/** Throws `leaf_zero`. */
export function requireLeaf(leaf: FieldElement): void {
  if (leaf === 0n) {
    throw new ProtocolError('leaf_zero', 'the leaf 0 stands for an empty position');
  }
}

/** Throws `leaf_revoked` or `leaf_replaced` for a leaf that is in the tree no more, or will not be after the cut. */
export async function requireStanding(tx: Transaction<RegisterTables>, { leaf, status }: LeafRow): Promise<void> {
  const order = await tx.selectFrom('orders').select('kind').where('leaf', '=', leaf).executeTakeFirst();
  if (status === 'revoked' || order?.kind === 'leaf_revoked') {
    throw leafRevoked();
  }
  if (status === 'replaced') {
    throw leafReplaced();
  }
}

/** The key of an issuer; throws `issuer_unknown`. */
export function issuerKey({ issuers }: RegisterContext, id: string): Uint8Array {
  const key = findKey(issuers, id);
  if (key === undefined) {
    throw new ProtocolError('issuer_unknown', 'this register does not take leaves from that issuer key');
  }
  return key;
}

/** Finds a key without following inherited names. */
export function findKey(keys: KeyList, id: string): Uint8Array | undefined {
  return Object.hasOwn(keys, id) ? keys[id] : undefined;
}

/** Throws `signature_invalid` unless the key signed the message. */
export function requireSignature(message: Uint8Array, signature: Uint8Array, key: Uint8Array): void {
  if (!isSignedBy(message, signature, key)) {
    throw new ProtocolError('signature_invalid', 'the signature does not hold for this message and key');
  }
}

/** The refusal of a leaf that was revoked. */
export function leafRevoked(): ProtocolError {
  return new ProtocolError('leaf_revoked', 'the leaf was revoked and stays so; issue a new one');
}

/** The refusal of a leaf that another has replaced. */
export function leafReplaced(): ProtocolError {
  return new ProtocolError('leaf_replaced', 'another leaf has replaced this one; ask about this one which it is');
}

/** The refusal of a leaf that was never submitted. */
export function leafUnknown(): ProtocolError {
  return new ProtocolError('leaf_unknown', 'the register does not have this leaf');
}
