// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Leaves between two checkpoints: issuers submit them, everyone may ask about them. What is accepted here
 * waits for the next cut; it is durable before the answer leaves.
 *
 * @module
 */
import { isSignedBy, leafMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { AnnouncementRow } from '../storage/decisions.ts';
import type { LeafRow } from '../storage/register.ts';
import type { KeyList, RegisterContext } from './config.ts';

/** Where a leaf stands, in wire form. */
export interface LeafState {
  /** Decimal. */
  readonly leaf: string;
  readonly status: 'pending' | 'published' | 'revoked';
  /** Position in the tree, once published. */
  readonly index?: number;
  /** Size of the first checkpoint that holds it, once published. */
  readonly checkpoint?: number;
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
 * @throws {@link ProtocolError} `leaf_zero`, `issuer_unknown`, `signature_invalid`, `leaf_revoked`, or
 * `leaf_taken` if another issuer submitted it.
 */
export async function submitLeaf(register: RegisterContext, submission: Submission): Promise<LeafState> {
  const { leaf, issuer, signature } = submission;
  if (leaf === 0n) {
    throw new ProtocolError('leaf_zero', 'the leaf 0 stands for an empty position');
  }
  const key = findKey(register.issuers, issuer);
  if (key === undefined) {
    throw new ProtocolError('issuer_unknown', 'this register does not take leaves from that issuer key');
  }
  requireSignature(leafMessage(leaf), signature, key);
  return register.database.transaction(async (tx) => {
    const text = leaf.toString();
    const known = await tx.selectFrom('leaves').selectAll().where('leaf', '=', text).executeTakeFirst();
    if (known === undefined) {
      const row = {
        leaf: text,
        status: 'pending',
        issuer,
        signature: toBase64Url(signature),
        tree_index: null,
        checkpoint: null,
      } as const;
      await tx.insertInto('leaves').values(row).execute();
      return stateOf(row);
    }
    const order = await tx.selectFrom('orders').select('kind').where('leaf', '=', text).executeTakeFirst();
    if (known.status === 'revoked' || order?.kind === 'leaf_revoked') {
      throw new ProtocolError('leaf_revoked', 'the leaf was revoked and stays so; issue a new one');
    }
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
  return { ...stateOf(row), ...(announcement === undefined ? {} : { announcement }) };
}

function stateOf({ leaf, status, tree_index: index, checkpoint }: LeafRow): LeafState {
  return {
    leaf,
    status,
    ...(index === null ? {} : { index }),
    ...(checkpoint === null ? {} : { checkpoint }),
  };
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

/** The refusal of a leaf that was never submitted. */
export function leafUnknown(): ProtocolError {
  return new ProtocolError('leaf_unknown', 'the register does not have this leaf');
}
