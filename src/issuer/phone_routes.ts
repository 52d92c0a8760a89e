// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * HTTP of the phone's confirmation, a step that a person may leave out. docs/protocol.md section 8.
 *
 * @module
 */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { problem } from '../http/problems.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { MAX_PHONE_TEXT, PHONE_CODE_DIGITS } from '../protocol/phone.ts';
import type { PhoneTables } from '../storage/phone.ts';
import type { Phones } from './phone.ts';
import type { EnrolmentStatus, Sessions } from './session.ts';

/** Largest body, in bytes. */
const MAX_BODY_BYTES = 512;
/** When a phone can be confirmed. */
const STATES: readonly EnrolmentStatus[] = ['document_accepted', 'face_accepted'];

const numberBody = z.strictObject({ number: z.string().min(1).max(MAX_PHONE_TEXT) });
const codeBody = z.strictObject({ code: z.string().regex(new RegExp(`^[0-9]{${String(PHONE_CODE_DIGITS)}}$`)) });

/** What the routes need. */
export interface PhoneRouteDeps<Schema extends PhoneTables> {
  /** Undefined for an issuer without a way to send messages. */
  readonly phones: Phones<Schema> | undefined;
  /** Network address of who asks. */
  readonly address: (c: Context) => string;
}

/**
 * The routes.
 *
 * @param sessions - Open sessions.
 * @param deps - See {@link PhoneRouteDeps}.
 * @param bearer - Reads the token from the Authorization header.
 */
export function phoneRoutes<Schema extends PhoneTables>(
  sessions: Sessions,
  { phones, address }: PhoneRouteDeps<Schema>,
  bearer: (header: string | undefined) => string,
): Hono {
  const app = new Hono();
  const path = '/v1/enrolments/:id/phone';
  const known = (): Phones<Schema> => {
    if (phones === undefined) {
      throw new ProtocolError('sms_unavailable', 'this issuer sends no messages; go on without a phone');
    }
    return phones;
  };
  app.on(['POST', 'PUT'], path, requireContentType('application/json'), bodyLimit(MAX_BODY_BYTES));

  app.post(path, async (c) => {
    const token = bearer(c.req.header('authorization'));
    const { number } = await readJson(c, numberBody);
    const asked = await sessions.run(c.req.param('id'), token, STATES, (session) =>
      known().request(session, number, address(c)),
    );
    if (asked.outcome === 'wait') {
      c.header('Retry-After', String(asked.seconds));
      const refusal = new ProtocolError('too_many_requests', 'a code was asked for too often; wait, and try again');
      return problem(c, refusal, { wait_seconds: asked.seconds });
    }
    const [expires, resend] = [asked.expiresAt, asked.resendAt].map((time) => new Date(time).toISOString());
    return c.json({ expires_at: expires, resend_at: resend }, 202);
  });

  app.put(path, async (c) => {
    const token = bearer(c.req.header('authorization'));
    const { code } = await readJson(c, codeBody);
    const given = await sessions.run(c.req.param('id'), token, STATES, (session) => known().confirm(session, code));
    if (given.outcome === 'wrong') {
      const refusal = new ProtocolError('phone_code_wrong', 'this is not the code that was sent');
      return problem(c, refusal, { attempts_left: given.attemptsLeft });
    }
    return c.json({ status: 'phone_confirmed' });
  });
  return app;
}
