// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tells the register how many people were given a new seed, so that everyone can count them.
 * docs/protocol.md section 7, `resets_counted`.
 *
 * @module
 */
import { z } from 'zod';
import { resetsMessage, sign } from '../log/signatures.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { hasReport, nextReport } from '../storage/reset_reports.ts';
import type { IssueDeps } from './issue.ts';

/** Milliseconds between two reports: the log holds one an epoch at most. */
const REPORT_INTERVAL = 60_000;
/** Milliseconds that the register may take to answer. */
const TIMEOUT = 20_000;

const stateAnswer = z.object({ previous: z.number().int().min(-1), pending: z.number().int().nonnegative() });

/** Reports the resets of one issuer. */
export class Resets {
  readonly #deps: IssueDeps;
  readonly #keyId: string;
  #reported = Number.NEGATIVE_INFINITY;

  /**
   * @param deps - Everything from outside.
   * @param keyId - Of the signing key.
   */
  constructor(deps: IssueDeps, keyId: string) {
    this.#deps = deps;
    this.#keyId = keyId;
  }

  /** Reports what waits, once in a while; a register that does not answer is told later. */
  async tend(): Promise<void> {
    const { clock, database } = this.#deps;
    const now = clock();
    if (now < this.#reported + REPORT_INTERVAL || !(await hasReport(database))) return;
    this.#reported = now;
    await this.report().catch(() => undefined);
  }

  /**
   * Reports what waits.
   *
   * @throws Whatever the register's silence looks like.
   */
  async report(): Promise<void> {
    const { database, fetch, registerUrl, signingKey } = this.#deps;
    const signal = AbortSignal.timeout(TIMEOUT);
    const answer = await fetch(`${registerUrl}/v1/resets/${this.#keyId}`, { signal });
    const report = await nextReport(database, stateAnswer.parse(await answer.json()).previous);
    if (report === undefined) return;
    const { count, previous } = report;
    const signature = toBase64Url(sign(resetsMessage(count, previous), signingKey));
    await fetch(`${registerUrl}/v1/resets`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ issuer: this.#keyId, count, previous, signature }),
      signal,
    });
  }
}
