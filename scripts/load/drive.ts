// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sends prepared presentations to verifiers, as many at a time as are asked for (closed loop) or at a rate
 * that does not wait for answers (open loop), and notes each answer.
 *
 * @module
 */
import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Prepared } from './prepare.ts';

/** Milliseconds after which an answer counts as lost. */
const PATIENCE = 60_000;

/** What became of one presentation. */
export interface Sent {
  readonly prepared: Prepared;
  /** HTTP status; 0 if no answer came. */
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
  readonly ms: number;
}

/** A driver with connections of its own. */
export interface Driver {
  /** Keeps so many presentations under way until all are sent. */
  closed(all: readonly Prepared[], atOnce: number): Promise<readonly Sent[]>;
  /** Sends so many a second, whatever the answers do; tells how many a second it really sent. */
  open(
    all: readonly Prepared[],
    perSecond: number,
  ): Promise<{ readonly sent: readonly Sent[]; readonly offered: number }>;
  close(): void;
}

/** Makes a driver; presentations go to all verifiers alike. */
export function createDriver(urls: readonly string[]): Driver {
  let agent = new Agent();
  let turn = 0;

  /** Fresh connections: the verifiers close those that were idle while presentations were prepared. */
  const reconnect = (): void => {
    agent.destroy();
    agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  };

  const send = (prepared: Prepared, to: number): Promise<Sent> => {
    const began = performance.now();
    const url = `${urls[to % urls.length] ?? ''}/oid4vp/responses`;
    return new Promise((resolve) => {
      const done = (status: number, body: string, retryAfter?: string): void =>
        resolve({ prepared, status, body, retryAfter, ms: performance.now() - began });
      const sending = request(url, {
        method: 'POST',
        agent,
        timeout: PATIENCE,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(prepared.body.length),
        },
      });
      sending.on('timeout', () => sending.destroy(new Error('no answer in time')));
      sending.on('error', (error) => done(0, error.message));
      sending.on('response', (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', (error) => done(0, error.message));
        answer.on('end', () =>
          done(answer.statusCode ?? 0, Buffer.concat(parts).toString('utf8'), answer.headers['retry-after']),
        );
      });
      sending.end(prepared.body);
    });
  };

  return {
    async closed(all, atOnce) {
      reconnect();
      const sent: Sent[] = [];
      let next = 0;
      // Each keeps to one verifier, so that none has more under way than its share, however slow it is.
      const worker = async (to: number): Promise<void> => {
        for (let prepared = all[next++]; prepared !== undefined; prepared = all[next++]) {
          sent.push(await send(prepared, to));
        }
      };
      await Promise.all(Array.from({ length: atOnce }, (_, to) => worker(to)));
      return sent;
    },
    async open(all, perSecond) {
      reconnect();
      const began = performance.now();
      const sending: Promise<Sent>[] = [];
      while (sending.length < all.length) {
        const due = Math.min(all.length, Math.floor(((performance.now() - began) / 1000) * perSecond) + 1);
        for (const prepared of all.slice(sending.length, due)) sending.push(send(prepared, turn++));
        await setTimeout(1);
      }
      const offered = all.length / ((performance.now() - began) / 1000);
      return { sent: await Promise.all(sending), offered };
    },
    close: () => agent.destroy(),
  };
}
