// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The approvers' side of the register. Each approver signs alone, where the key is, without a network;
 * what comes out is a small JSON text. Whoever has enough of them submits them. Used by `npm run register`.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { z } from 'zod';
import { announcedReasonSchema, type Approval, bytesSchema, leafSchema, urgentReasonSchema } from '../log/events.ts';
import { keyIdOf, reversalMessage, revocationMessage, sign, urgentMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { callRegister, type RegisterAddress } from './operator.ts';

const leaf = leafSchema;

/** What an approver approves. */
export const actSchema = z.discriminatedUnion('act', [
  z.object({ act: z.literal('announce'), leaf, reason: announcedReasonSchema, after: z.number().int().min(-1) }),
  z.object({ act: z.literal('reverse'), leaf, announcement: z.number().int().nonnegative() }),
  z.object({ act: z.literal('revoke'), leaf, reason: urgentReasonSchema }),
]);

/** An act: to announce a revocation, to reverse an announcement, to revoke at once. */
export type Act = z.infer<typeof actSchema>;

const approvalSchema = z.object({ approver: bytesSchema(8), signature: bytesSchema(64) });

/** An act with one approver's signature, as it is handed around. */
export type SignedAct = Act & Approval;

function messageOf(act: Act): Uint8Array {
  const field = parseField(act.leaf);
  switch (act.act) {
    case 'announce':
      return revocationMessage(field, act.reason, act.after);
    case 'reverse':
      return reversalMessage(field, act.announcement);
    case 'revoke':
      return urgentMessage(field, act.reason);
  }
}

/**
 * Approves an act.
 *
 * @param act - What is approved.
 * @param key - The approver's Ed25519 secret key, 32 bytes.
 */
export function approve(act: Act, key: Uint8Array): SignedAct {
  return {
    ...act,
    approver: keyIdOf(ed25519.getPublicKey(key)),
    signature: toBase64Url(sign(messageOf(act), key)),
  };
}

/**
 * Reads an approval.
 *
 * @param value - Parsed JSON.
 * @throws {@link ProtocolError} `approval_invalid`.
 */
export function parseSignedAct(value: unknown): SignedAct {
  const act = actSchema.safeParse(value);
  const approval = approvalSchema.safeParse(value);
  if (!act.success || !approval.success) {
    throw new ProtocolError('approval_invalid', 'this is not an approval; make it with approve');
  }
  return { ...act.data, ...approval.data };
}

const answer = z.object({ status: z.enum(['pending', 'announced', 'reversed', 'revoked']) });

/** Where each act is submitted. */
const PATHS = { announce: '/v1/announcements', reverse: '/v1/reversals', revoke: '/v1/revocations' } as const;

/**
 * Submits an act with its approvals.
 *
 * @param register - Where.
 * @param act - Of which kind all approvals must be.
 * @param signed - Approvals of one and the same act.
 * @returns The leaf, and `pending` until the next checkpoint.
 * @throws {@link ProtocolError} `approvals_differ`, the register's codes, `register_unreachable`.
 */
export async function submit(
  register: RegisterAddress,
  act: Act['act'],
  signed: readonly SignedAct[],
): Promise<{ readonly leaf: string; readonly status: string }> {
  const [first] = signed;
  const text = (one: Act): string => new TextDecoder('latin1').decode(messageOf(one));
  if (first === undefined || signed.some((one) => one.act !== act || text(one) !== text(first))) {
    throw new ProtocolError('approvals_differ', `these are not approvals of one and the same wish to ${act}`);
  }
  const { act: _act, approver: _approver, signature: _signature, ...order } = first;
  const approvals = signed.map(({ approver, signature }) => ({ approver, signature }));
  const { status } = await callRegister(register, PATHS[act], answer, { ...order, approvals });
  return { leaf: first.leaf, status };
}
