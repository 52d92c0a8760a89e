// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What approvers and issuers may order about leaves: announce a revocation, reverse it, revoke at once
 * where that may be, revoke because the holder asked. An order is durable before it is acknowledged and
 * waits for the next cut; a repeated one changes nothing. One order a leaf waits at a time, and one that
 * revokes at once takes the place of any other. docs/protocol.md section 7.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import {
  announcedReasonSchema,
  type Approval,
  type RevocationReason,
  URGENT_REASONS,
  urgentReasonSchema,
} from '../log/events.ts';
import { NO_EVENT, requestMessage, reversalMessage, revocationMessage, urgentMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { AnnouncementRow, OrderRow } from '../storage/decisions.ts';
import type { LeafRow, RegisterTables } from '../storage/register.ts';
import { requireApprovals } from './approvals.ts';
import type { RegisterContext } from './config.ts';
import { findKey, leafReplaced, leafRevoked, leafUnknown, requireSignature } from './leaves.ts';
import { dropReplacement } from './replacements.ts';

type Tx = Transaction<RegisterTables>;

/** Where an order stands: `pending` until the next cut. */
export type OrderStatus = 'pending' | 'announced' | 'reversed' | 'revoked';

/** An announcement as approvers submit it. */
export interface AnnounceOrder {
  readonly leaf: FieldElement;
  readonly reason: RevocationReason;
  /** Log position of the leaf's latest announcement, reversed since; -1 for none. */
  readonly after: number;
  /** Over `revocationMessage(leaf, reason, after)`. */
  readonly approvals: readonly Approval[];
}

/**
 * Accepts an announcement.
 *
 * @returns `announced` if the log holds it already.
 * @throws {@link ProtocolError} `reason_not_announced`, those of `requireApprovals`, `leaf_unknown`,
 * `leaf_revoked`, `announced_otherwise` if another reason is announced, or a reversal waits, `announcement_outdated`
 * if `after` is not the leaf's latest announcement.
 */
export async function announce(register: RegisterContext, order: AnnounceOrder): Promise<OrderStatus> {
  const { leaf, reason, after, approvals } = order;
  if (!announcedReasonSchema.safeParse(reason).success) {
    throw new ProtocolError('reason_not_announced', 'a request comes from the holder, through the issuer');
  }
  requireApprovals(register, revocationMessage(leaf, reason, after), approvals);
  return decide(register, leaf, async (tx, { row, waiting, latest, isRevoked }) => {
    requireNamed(row, isRevoked);
    if (latest?.status === 'open' && latest.reason === reason && waiting === undefined) {
      return 'announced';
    }
    if (
      waiting?.kind === 'revocation_announced' &&
      (JSON.parse(waiting.event) as { reason: string }).reason === reason
    ) {
      return 'pending';
    }
    if (latest?.status === 'open' || waiting !== undefined) {
      throw new ProtocolError('announced_otherwise', 'another decision about this leaf stands or waits');
    }
    if (after !== (latest?.position ?? NO_EVENT)) {
      throw new ProtocolError('announcement_outdated', 'approve again, naming the latest announcement of this leaf');
    }
    // An announcement stands above a renewal that waits: nobody renews out of it.
    await dropReplacement(tx, row.leaf);
    return wait(tx, leaf, { kind: 'revocation_announced', reason, approvals });
  });
}

/** A reversal as approvers submit it. */
export interface ReverseOrder {
  readonly leaf: FieldElement;
  /** Log position of the announcement. */
  readonly announcement: number;
  /** Over `reversalMessage(leaf, announcement)`. */
  readonly approvals: readonly Approval[];
}

/**
 * Accepts a reversal: until the cut that carries the announcement out, also when its delay has passed.
 *
 * @returns `reversed` if the log holds it already.
 * @throws {@link ProtocolError} those of `requireApprovals`, `leaf_unknown`, `announcement_unknown`,
 * `leaf_revoked`.
 */
export async function reverse(register: RegisterContext, order: ReverseOrder): Promise<OrderStatus> {
  const { leaf, announcement, approvals } = order;
  requireApprovals(register, reversalMessage(leaf, announcement), approvals);
  return decide(register, leaf, async (tx, { row, waiting, isRevoked }) => {
    const named = await tx
      .selectFrom('announcements')
      .select('status')
      .where('position', '=', announcement)
      .where('leaf', '=', leaf.toString())
      .executeTakeFirst();
    if (named === undefined) {
      throw new ProtocolError('announcement_unknown', 'the log has no announcement of this leaf at that position');
    }
    if (named.status === 'reversed') {
      return 'reversed';
    }
    requireNamed(row, isRevoked);
    return waiting === undefined ? wait(tx, leaf, { kind: 'revocation_reversed', approvals }) : 'pending';
  });
}

/** A revocation without a delay, as approvers submit it. */
export interface UrgentOrder {
  readonly leaf: FieldElement;
  readonly reason: RevocationReason;
  /** Over `urgentMessage(leaf, reason)`. */
  readonly approvals: readonly Approval[];
}

/**
 * Accepts an urgent revocation.
 *
 * @returns `revoked` if the log holds it already.
 * @throws {@link ProtocolError} `reason_not_urgent`, those of `requireApprovals`, `leaf_unknown`.
 */
export async function revokeUrgently(register: RegisterContext, order: UrgentOrder): Promise<OrderStatus> {
  const { leaf, reason, approvals } = order;
  if (!urgentReasonSchema.safeParse(reason).success) {
    throw new ProtocolError('reason_not_urgent', `only ${URGENT_REASONS.join(' and ')} are urgent; announce it`);
  }
  requireApprovals(register, urgentMessage(leaf, reason), approvals);
  return revokeNow(register, leaf, { kind: 'leaf_revoked', reason, urgent: true, approvals });
}

/** A holder's wish to be revoked, as the issuer passes it on. */
export interface RequestOrder {
  readonly leaf: FieldElement;
  /** Key id of the issuer that signed the leaf. */
  readonly issuer: string;
  /** Over `requestMessage(leaf)`, 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * Accepts a holder's request.
 *
 * @returns `revoked` if the leaf is revoked already.
 * @throws {@link ProtocolError} `issuer_unknown`, `signature_invalid`, `leaf_unknown`, `leaf_of_another` if
 * another issuer signed the leaf.
 */
export async function revokeOnRequest(
  register: RegisterContext,
  { leaf, issuer, signature }: RequestOrder,
): Promise<OrderStatus> {
  const key = findKey(register.issuers, issuer);
  if (key === undefined) {
    throw new ProtocolError('issuer_unknown', 'this register does not take requests from that issuer key');
  }
  requireSignature(requestMessage(leaf), signature, key);
  const reason = 'holder_request';
  const body = { kind: 'leaf_revoked', reason, requested: true, issuer, signature: toBase64Url(signature) } as const;
  return revokeNow(register, leaf, body, (row) => {
    if (row.issuer !== issuer) {
      throw new ProtocolError('leaf_of_another', 'the request must come from the issuer that signed the leaf');
    }
  });
}

interface Standing {
  readonly row: LeafRow;
  /** The leaf is empty already, or will be at the next cut. */
  readonly isRevoked: boolean;
  readonly waiting: OrderRow | undefined;
  readonly latest: AnnouncementRow | undefined;
}

type OrderBody = { readonly kind: OrderRow['kind'] } & Readonly<Record<string, unknown>>;

function decide(
  register: RegisterContext,
  leaf: FieldElement,
  step: (tx: Tx, standing: Standing) => OrderStatus | Promise<OrderStatus>,
): Promise<OrderStatus> {
  const text = leaf.toString();
  return register.database.transaction(async (tx) => {
    const row = await tx.selectFrom('leaves').selectAll().where('leaf', '=', text).executeTakeFirst();
    if (row === undefined) {
      throw leafUnknown();
    }
    const waiting = await tx.selectFrom('orders').selectAll().where('leaf', '=', text).executeTakeFirst();
    const latest = await tx
      .selectFrom('announcements')
      .selectAll()
      .where('leaf', '=', text)
      .orderBy('position', 'desc')
      .executeTakeFirst();
    const isRevoked = row.status === 'revoked' || waiting?.kind === 'leaf_revoked';
    return step(tx, { row, isRevoked, waiting, latest });
  });
}

function revokeNow(
  register: RegisterContext,
  leaf: FieldElement,
  body: OrderBody,
  check: (row: LeafRow) => void = () => undefined,
): Promise<OrderStatus> {
  return decide(register, leaf, async (tx, { row, isRevoked, waiting }) => {
    check(row);
    if (isRevoked) {
      return row.status === 'revoked' ? 'revoked' : 'pending';
    }
    requireNamed(row, isRevoked);
    if (waiting !== undefined) {
      await tx.deleteFrom('orders').where('leaf', '=', leaf.toString()).execute();
    }
    await dropReplacement(tx, row.leaf);
    return wait(tx, leaf, body);
  });
}

function requireNamed({ status }: LeafRow, isRevoked: boolean): void {
  if (isRevoked) {
    throw leafRevoked();
  }
  if (status === 'replaced') {
    throw leafReplaced();
  }
}

async function wait(tx: Tx, leaf: FieldElement, body: OrderBody): Promise<'pending'> {
  const text = leaf.toString();
  const event = JSON.stringify({ ...body, leaf: text });
  await tx.insertInto('orders').values({ leaf: text, kind: body.kind, event }).execute();
  return 'pending';
}
