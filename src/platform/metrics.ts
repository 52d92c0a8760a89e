// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a verifier tells Prometheus beside its requests: verifications begun, answers by outcome, webhooks. Counts
 * only: no pseudonym, no id, no origin of a wallet. docs/operations.md.
 *
 * @module
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** See the module's description. */
export interface PlatformMetrics {
  readonly registry: Registry;
  /** Verifications begun. */
  readonly begun: Counter;
  /** Wallets' answers, by `accepted` or the code of their refusal. */
  readonly answers: Counter<'outcome'>;
  /** Deliveries of webhooks, by `delivered`, `failed` (will be tried again) or `given_up`. */
  readonly webhooks: Counter<'outcome'>;
}

/**
 * Makes the metrics of one process, with those of Node.
 *
 * @param countWaiting - Webhooks that wait, asked for when metrics are read; undefined when it is not known.
 */
export function createPlatformMetrics(countWaiting: () => Promise<number | undefined>): PlatformMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'bauta_webhooks_waiting',
    help: 'Webhooks that are not delivered yet',
    registers,
    async collect() {
      const count = await countWaiting();
      if (count === undefined) this.reset();
      else this.set(count);
    },
  });
  return {
    registry,
    begun: new Counter({ name: 'bauta_verifications_begun_total', help: 'Verifications begun', registers }),
    answers: new Counter({
      name: 'bauta_answers_total',
      help: "Wallets' answers by outcome",
      labelNames: ['outcome'] as const,
      registers,
    }),
    webhooks: new Counter({
      name: 'bauta_webhook_deliveries_total',
      help: 'Deliveries of webhooks by outcome',
      labelNames: ['outcome'] as const,
      registers,
    }),
  };
}
