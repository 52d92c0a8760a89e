// SPDX-License-Identifier: Apache-2.0
/**
 * Webhooks as a platform's backend receives them: checks who sent one, and reads it (Standard Webhooks 1.0.0,
 * `v1` signatures: HMAC-SHA-256). docs/protocol.md section 6.
 *
 * ```ts
 * const { id, event } = verifyWebhook(secret, headers, await request.text());
 * // A webhook may come more than once, always with the same id: forget those that were handled.
 * ```
 *
 * @module
 */
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { ProtocolError } from '../../protocol/errors.ts';

/** What a webhook says: a verification was answered. Its result waits for the browser that began. */
export const webhookEventSchema = z
  .object({
    type: z.literal('verification.answered'),
    timestamp: z.iso.datetime(),
    data: z.object({ id: z.string(), status: z.literal('answered') }),
  })
  .meta({ id: 'WebhookEvent' });
/** See {@link webhookEventSchema}. */
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

/** A webhook whose signature holds. */
export interface VerifiedWebhook {
  /** The same at every delivery of one webhook. */
  readonly id: string;
  readonly event: WebhookEvent;
}

/**
 * Checks a webhook's signature and time, and reads it.
 *
 * @param secret - As in the verifier's configuration, `whsec_…`; while it is replaced, the old or the new one.
 * @param headers - Of the request: `Headers`, or names in lower case with values.
 * @param body - Of the request, as it came: text that was parsed and written again has another signature.
 * @throws {@link ProtocolError} `webhook_invalid` if the signature does not hold, the time is more than five minutes
 * off, or the event is of another form.
 */
export function verifyWebhook(
  secret: string,
  headers: Headers | Readonly<Record<string, string | undefined>>,
  body: string,
): VerifiedWebhook {
  const valueOf = (name: string): string => (headers instanceof Headers ? headers.get(name) : headers[name]) ?? '';
  const id = valueOf('webhook-id');
  let event: unknown;
  try {
    event = new Webhook(secret).verify(body, {
      'webhook-id': id,
      'webhook-timestamp': valueOf('webhook-timestamp'),
      'webhook-signature': valueOf('webhook-signature'),
    });
  } catch (cause) {
    throw new ProtocolError('webhook_invalid', 'the webhook is not signed by the verifier, or is too old', { cause });
  }
  const parsed = webhookEventSchema.safeParse(event);
  if (!parsed.success) {
    throw new ProtocolError('webhook_invalid', 'the webhook is of an unknown form', { cause: parsed.error });
  }
  return { id, event: parsed.data };
}
