// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Presentations ready to be sent: each answers a request of its own, begun at the verifiers over HTTP. One
 * armed record serves all of them, since they differ in nothing but the request.
 *
 * @module
 */
import { poseidon } from '../../src/commitment/poseidon.ts';
import type { CreatedVerification } from '../../src/platform/client/messages.ts';
import { FORMAT, QUERY_ID } from '../../src/protocol/request.ts';
import { answerTo, readRequest } from '../../src/wallet/present.ts';
import { type LoadHolder, postJson } from './holder.ts';

/** Requests that are begun at the same time. */
const AT_ONCE = 16;

/** A presentation, and how to collect its result. */
export interface Prepared {
  /** Body of the wallet's answer. */
  readonly body: Buffer;
  readonly id: string;
  readonly browserToken: string;
  /** The pseudonym that the result must show. */
  readonly sub: string;
}

/** Where to begin verifications. */
export interface Place {
  readonly urls: readonly string[];
  /** The origin that the verifiers answer for. */
  readonly origin: string;
  readonly apiKey: string;
}

/** Prepares so many presentations. */
export async function prepare(count: number, place: Place, holder: LoadHolder): Promise<readonly Prepared[]> {
  const { credential, synced, prover, register } = holder;
  const { version } = await prover.info();
  const clock = (): number => Date.now();
  const prepared: Prepared[] = [];
  let armed: number | undefined;

  const one = async (i: number): Promise<void> => {
    const url = place.urls[i % place.urls.length] ?? '';
    const created = (await postJson(
      `${url}/v1/verifications`,
      { ask: { age_over: 18 }, redirect_uri: `${place.origin}/`, ttl_seconds: 300 },
      { authorization: `Bearer ${place.apiKey}` },
    )) as CreatedVerification;
    const pending = await readRequest(new URL(created.request_url).hash, {
      // The origin is the balancer's; this one talks to the process behind it.
      fetch: (address, init) => fetch(address.replace(place.origin, url), init),
      clock,
      timeZone: register.timeZone,
      version,
    });
    const { statement, disclosed, sub, checkpoint, task } = answerTo(pending, credential, synced, { poseidon, clock });
    armed ??= await prover.arm(task);
    const { proof } = await prover.fire(armed, statement);
    const presentation = {
      format: FORMAT,
      circuit: 'show',
      version,
      checkpoint,
      proof,
      nullifier: String(statement.nullifier),
      disclosed,
    };
    const form = new URLSearchParams({
      vp_token: JSON.stringify({ [QUERY_ID]: [presentation] }),
      state: pending.request.state,
    });
    prepared.push({
      body: Buffer.from(form.toString()),
      id: created.id,
      browserToken: created.browser_token,
      sub: sub ?? '',
    });
  };

  await one(0);
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (armed !== undefined) await prover.release(armed);
  return prepared;
}
