// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The operator's side of the register: the order to turn, signed, and how orders go over HTTP. Used by
 * `npm run register`.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { z } from 'zod';
import { keyIdOf, sign, turnMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toBase64Url } from '../protocol/scope.ts';

/** Longest wait for an answer, milliseconds; a cut of many leaves takes a while. */
const TIMEOUT = 120_000;

/** A register to call. */
export interface RegisterAddress {
  /** Base URL, without a trailing slash. */
  readonly url: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** An operator with a register to order. */
export interface Operator extends RegisterAddress {
  /** Ed25519 secret key, 32 bytes. */
  readonly key: Uint8Array;
}

/**
 * Has a checkpoint cut, if one is due.
 *
 * @returns The epoch that was to be cut, and whether it was.
 * @throws {@link ProtocolError} with the register's code, or `register_unreachable`.
 */
export async function turn(operator: Operator): Promise<{ readonly epoch: number; readonly turned: boolean }> {
  const { epoch: latest } = await callRegister(operator, '/v1/info', z.object({ epoch: z.number() }));
  const epoch = latest + 1;
  return callRegister(operator, '/v1/turns', turned, { epoch, ...signed(operator, turnMessage(epoch)) });
}

const turned = z.object({ epoch: z.number(), turned: z.boolean() });
const problem = z.object({ code: z.string().regex(/^[a-z0-9_]{1,64}$/), detail: z.string().max(500) });

function signed({ key }: Operator, message: Uint8Array): { readonly operator: string; readonly signature: string } {
  return { operator: keyIdOf(ed25519.getPublicKey(key)), signature: toBase64Url(sign(message, key)) };
}

/**
 * Calls a service of the register's kind.
 *
 * @param address - Where.
 * @param path - From `/` on.
 * @param answer - Form of its answer.
 * @param body - Posted as JSON; without one it is a GET.
 * @param headers - Further headers.
 * @throws {@link ProtocolError} with the service's code, or `register_unreachable`.
 */
export async function callRegister<Answer extends z.ZodType>(
  { url, fetch }: RegisterAddress,
  path: string,
  answer: Answer,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<z.output<Answer>> {
  const order: RequestInit =
    body === undefined
      ? { headers }
      : { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  let value: unknown;
  let ok: boolean;
  try {
    const response = await fetch(`${url}${path}`, { ...order, signal: AbortSignal.timeout(TIMEOUT) });
    ok = response.ok;
    value = await response.json();
  } catch (cause) {
    throw new ProtocolError('register_unreachable', 'the register does not answer; check the URL', { cause });
  }
  const refusal = problem.safeParse(value);
  if (!ok && refusal.success) {
    throw new ProtocolError(refusal.data.code as Lowercase<string>, refusal.data.detail);
  }
  const parsed = answer.safeParse(value);
  if (!ok || !parsed.success) {
    throw new ProtocolError('register_unreachable', 'there is no register of this version at the URL');
  }
  return parsed.data;
}
