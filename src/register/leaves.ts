// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What issuers and operators may do to leaves between two checkpoints: submit, revoke, ask. What is
 * accepted here waits for the next cut; it is durable before the answer leaves.
 *
 * @module
 */
import { reasonSchema, type RevocationReason } from '../log/events.ts';
import { isSignedBy, leafMessage, revocationMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';
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
    const revoking = await tx.selectFrom('revocations').select('leaf').where('leaf', '=', text).executeTakeFirst();
    if (known.status === 'revoked' || revoking !== undefined) {
      throw new ProtocolError('leaf_revoked', 'the leaf was revoked and stays so; issue a new one');
    }
    if (known.issuer !== issuer) {
      throw new ProtocolError('leaf_taken', 'another issuer submitted this leaf');
    }
    return stateOf(known);
  });
}

/** A revocation as an operator submits it. */
export interface Revocation {
  readonly leaf: FieldElement;
  readonly reason: RevocationReason;
  /** Key id of the operator. */
  readonly operator: string;
  /** Over `revocationMessage(leaf, reason)`, 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * Accepts a revocation. It holds from the next checkpoint on. A second revocation of a leaf changes
 * nothing: the first reason stays.
 *
 * @returns `pending` until the checkpoint is cut, then `revoked`.
 * @throws {@link ProtocolError} `operator_unknown`, `signature_invalid`, `leaf_unknown`.
 */
export async function revokeLeaf(
  register: RegisterContext,
  { leaf, reason, operator, signature }: Revocation,
): Promise<'pending' | 'revoked'> {
  const key = findKey(register.operators, operator);
  if (key === undefined) {
    throw new ProtocolError('operator_unknown', 'this register does not take revocations from that key');
  }
  requireSignature(revocationMessage(leaf, reasonSchema.parse(reason)), signature, key);
  return register.database.transaction(async (tx) => {
    const text = leaf.toString();
    const known = await tx.selectFrom('leaves').select('status').where('leaf', '=', text).executeTakeFirst();
    if (known === undefined) {
      throw leafUnknown();
    }
    if (known.status === 'revoked') {
      return 'revoked';
    }
    await tx
      .insertInto('revocations')
      .values({ leaf: text, reason, operator, signature: toBase64Url(signature) })
      .onConflict((conflict) => conflict.column('leaf').doNothing())
      .execute();
    return 'pending';
  });
}

/**
 * Where a leaf stands.
 *
 * @throws {@link ProtocolError} `leaf_unknown`.
 */
export async function leafState({ database }: RegisterContext, leaf: FieldElement): Promise<LeafState> {
  const row = await database.kysely
    .selectFrom('leaves')
    .selectAll()
    .where('leaf', '=', leaf.toString())
    .executeTakeFirst();
  if (row === undefined) {
    throw leafUnknown();
  }
  return stateOf(row);
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

function leafUnknown(): ProtocolError {
  return new ProtocolError('leaf_unknown', 'the register does not have this leaf');
}
