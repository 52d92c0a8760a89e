// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Approvals: signatures by m distinct approvers over one message. docs/protocol.md section 7.
 *
 * @module
 */
import type { Approval } from '../log/events.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import type { RegisterContext } from './config.ts';
import { findKey, requireSignature } from './leaves.ts';

type Approving = Pick<RegisterContext, 'approvers' | 'rules'>;

/**
 * Checks approvals.
 *
 * @param register - Whose approvers and rules count.
 * @param message - What each must have signed.
 * @param approvals - Of well-formed signatures; every one must hold, also those beyond what is needed.
 * @throws {@link ProtocolError} `approver_repeated`, `approver_unknown`, `signature_invalid`,
 * `approvals_missing`.
 */
export function requireApprovals(register: Approving, message: Uint8Array, approvals: readonly Approval[]): void {
  if (new Set(approvals.map(({ approver }) => approver)).size !== approvals.length) {
    throw new ProtocolError('approver_repeated', 'each approver counts once');
  }
  for (const { approver, signature } of approvals) {
    const key = findKey(register.approvers, approver);
    if (key === undefined) {
      throw new ProtocolError('approver_unknown', 'this register does not take approvals from that key');
    }
    requireSignature(message, fromBase64Url(signature), key);
  }
  if (approvals.length < register.rules.approvals) {
    throw new ProtocolError('approvals_missing', `${String(register.rules.approvals)} approvals are needed`);
  }
}

/** Whether approvals that were checked when they came still count under the keys and rules of now. */
export function stillApproved({ approvers, rules }: Approving, approvals: readonly Approval[]): boolean {
  return (
    approvals.length >= rules.approvals && approvals.every(({ approver }) => findKey(approvers, approver) !== undefined)
  );
}
