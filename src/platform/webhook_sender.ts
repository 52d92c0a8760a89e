// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sends the outbox of a verifier: each webhook until its receiver answers with 2xx, later and later, for about three
 * days (Standard Webhooks 1.0.0). A webhook may arrive more than once, always under the same `webhook-id`.
 * docs/protocol.md section 6, docs/operations.md.
 *
 * @module
 */
import { Webhook } from 'standardwebhooks';
import type { Logger } from '../http/logs.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { PlatformDatabase, WebhookRow } from '../storage/platform.ts';
import { postponeWebhook, removeWebhook, takeWebhooks } from '../storage/webhooks.ts';
import type { PlatformMetrics } from './metrics.ts';

/** Seconds after each failed delivery until the next; after the last one a webhook is given up. */
export const RETRY_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** Milliseconds for which a process has a webhook that it took; longer than a delivery may last. */
const TAKEN_FOR = 30_000;
/** Webhooks that one process sends at once. */
const AT_ONCE = 16;
/** Milliseconds between two looks into the outbox. */
const INTERVAL = 1_000;
/** Status of a receiver that wants no more: RFC 9110. */
const GONE = 410;

/** What {@link createWebhookSender} is given. */
export interface WebhookSenderOptions {
  readonly database: PlatformDatabase;
  readonly url: string;
  /** `whsec_…`; every delivery is signed with all of them, so that one can replace the other. */
  readonly secrets: readonly string[];
  /** Sends one: `deliverWebhook`. */
  readonly deliver: (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>;
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  readonly logger?: Logger;
  readonly metrics?: PlatformMetrics;
}

/** Delivers in the background. */
export interface WebhookSender {
  /** Says that there may be something new. */
  wake(): void;
  /** Sends what is due, once; for tests and for the end of a process. */
  sendDue(): Promise<void>;
  /** Looks into the outbox by itself from now on. */
  start(): void;
  /** Ends after the deliveries that are under way. */
  close(): Promise<void>;
}

/**
 * Makes a sender.
 *
 * @throws {@link ProtocolError} `webhook_secret_invalid`.
 */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { database, url, deliver, clock, logger, metrics } = options;
  const signers = options.secrets.map(signerOf);
  if (signers.length === 0) throw secretInvalid();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isClosed = false;
  let isAgain = false;

  const send = async (row: WebhookRow): Promise<void> => {
    const time = new Date(clock());
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'bauta-verifier',
      'webhook-id': row.id,
      'webhook-timestamp': String(Math.floor(time.getTime() / 1000)),
      'webhook-signature': signers.map((signer) => signer.sign(row.id, time, row.body)).join(' '),
    };
    const outcome = await deliver(url, headers, row.body).catch((error: unknown) =>
      error instanceof ProtocolError ? error.code : 'webhook_unreachable',
    );
    const delivered = typeof outcome === 'number' && outcome >= 200 && outcome < 300;
    const wait = RETRY_SECONDS[row.attempts];
    if (delivered || outcome === GONE || wait === undefined) await removeWebhook(database, row.id);
    else await postponeWebhook(database, row, clock() + wait * 1000);
    const name = delivered ? 'delivered' : outcome === GONE || wait === undefined ? 'given_up' : 'failed';
    metrics?.webhooks.inc({ outcome: name });
    if (!delivered) logger?.warn({ webhook: name, attempt: row.attempts + 1, answer: outcome });
  };

  const sendDue = async (): Promise<void> => {
    for (;;) {
      const now = clock();
      const { taken, more } = await takeWebhooks(database, now, now + TAKEN_FOR, AT_ONCE);
      await Promise.all(taken.map(send));
      if (!more || isClosed) return;
    }
  };

  /** One round at a time; who asks meanwhile gets another round after it. */
  const round = (): void => {
    if (isClosed) return;
    if (running !== undefined) {
      isAgain = true;
      return;
    }
    running = sendDue()
      // A database that is away keeps what it has.
      .catch(() => logger?.warn({ webhook: 'outbox_unreadable' }))
      .finally(() => {
        running = undefined;
        if (isAgain) {
          isAgain = false;
          round();
        }
      });
  };

  return {
    wake: () => {
      if (timer !== undefined) round();
    },
    sendDue,
    start: () => {
      timer ??= setInterval(round, INTERVAL);
      timer.unref();
    },
    close: async () => {
      isClosed = true;
      clearInterval(timer);
      timer = undefined;
      await running;
    },
  };
}

/**
 * Makes what signs with a secret.
 *
 * @throws {@link ProtocolError} `webhook_secret_invalid`.
 */
export function signerOf(secret: string): Webhook {
  // 24 to 64 bytes, as Standard Webhooks demands.
  if (!/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/.test(secret)) throw secretInvalid();
  try {
    return new Webhook(secret);
  } catch {
    throw secretInvalid();
  }
}

function secretInvalid(): ProtocolError {
  return new ProtocolError(
    'webhook_secret_invalid',
    'a webhook secret is whsec_ and the base64 form of 24 to 64 random bytes',
  );
}
