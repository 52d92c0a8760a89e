// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The operator's side of the register: signed orders over HTTP. Used by `npm run register`.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { z } from 'zod';
import type { RevocationReason } from '../log/events.ts';
import { keyIdOf, revocationMessage, sign, turnMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FieldElement } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';

/** Longest wait for an answer, milliseconds; a cut of many leaves takes a while. */
const TIMEOUT = 120_000;

/** An operator with a register to order. */
export interface Operator {
  /** Base URL of the register, without a trailing slash. */
  readonly url: string;
  /** Ed25519 secret key, 32 bytes. */
  readonly key: Uint8Array;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * Revokes a leaf.
 *
 * @returns `pending`: it holds from the next checkpoint on; `revoked`: it holds already.
 * @throws {@link ProtocolError} with the register's code, or `register_unreachable`.
 */
export async function revoke(
  operator: Operator,
  leaf: FieldElement,
  reason: RevocationReason,
): Promise<'pending' | 'revoked'> {
  const body = { leaf: leaf.toString(), reason, ...signed(operator, revocationMessage(leaf, reason)) };
  const { status } = await call(operator, '/v1/revocations', revoked, body);
  return status;
}

/**
 * Has a checkpoint cut, if one is due.
 *
 * @returns The epoch that was to be cut, and whether it was.
 * @throws {@link ProtocolError} as {@link revoke}.
 */
export async function turn(operator: Operator): Promise<{ readonly epoch: number; readonly turned: boolean }> {
  const { epoch: latest } = await call(operator, '/v1/info', z.object({ epoch: z.number() }));
  const epoch = latest + 1;
  return call(operator, '/v1/turns', turned, { epoch, ...signed(operator, turnMessage(epoch)) });
}

const revoked = z.object({ status: z.enum(['pending', 'revoked']) });
const turned = z.object({ epoch: z.number(), turned: z.boolean() });
const problem = z.object({ code: z.string().regex(/^[a-z0-9_]{1,64}$/), detail: z.string().max(500) });

function signed({ key }: Operator, message: Uint8Array): { readonly operator: string; readonly signature: string } {
  return { operator: keyIdOf(ed25519.getPublicKey(key)), signature: toBase64Url(sign(message, key)) };
}

async function call<Answer extends z.ZodType>(
  { url, fetch }: Operator,
  path: string,
  answer: Answer,
  body?: object,
): Promise<z.output<Answer>> {
  const order = body && {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
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
