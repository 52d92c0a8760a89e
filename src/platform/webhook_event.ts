// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The webhook of a verification: that it was answered, and nothing more. A result in it would reach the platform
 * without the browser that began, so that somebody's login could be finished elsewhere. docs/protocol.md section 6.
 *
 * @module
 */
import type { WebhookRow } from '../storage/platform.ts';
import type { WebhookEvent } from './client/webhooks.ts';
import { type Random, randomToken } from './secrets.ts';

/** A webhook to be delivered at once. */
export function answeredWebhook(
  { clock, random }: { readonly clock: () => number; readonly random: Random },
  id: string,
): WebhookRow {
  const now = clock();
  const event: WebhookEvent = {
    type: 'verification.answered',
    timestamp: new Date(now).toISOString(),
    data: { id, status: 'answered' },
  };
  return { id: `msg_${randomToken(random)}`, body: JSON.stringify(event), attempts: 0, due_at: now };
}
