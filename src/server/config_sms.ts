// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Configuration of the message centre through which an issuer sends codes to phones. docs/operations.md
 * lists the variables.
 *
 * @module
 */
import { z } from 'zod';
import type { SmppAccount } from '../issuer/smpp.ts';
import { ProtocolError } from '../protocol/errors.ts';

/** An account at a message centre. */
export type SmsConfig = Pick<SmppAccount, 'url' | 'systemId' | 'password' | 'source'>;

const schema = z.object({
  BAUTA_SMPP_URL: z.string().regex(/^s?smpp:\/\/[^/?#]+$/, 'must be smpp://HOST:PORT or ssmpp://HOST:PORT'),
  BAUTA_SMPP_SYSTEM_ID: z.string().min(1).max(15),
  BAUTA_SMPP_PASSWORD: z.string().min(1).max(64),
  BAUTA_SMPP_SOURCE: z.string().max(21).optional(),
});

/**
 * Reads the variables `BAUTA_SMPP_…`.
 *
 * @param env - `process.env`.
 * @returns Undefined if none is set.
 * @throws {@link ProtocolError} `config_invalid`, naming the variable and what it must be.
 */
export function readSms(env: Readonly<Record<string, string | undefined>>): SmsConfig | undefined {
  if (Object.keys(schema.shape).every((name) => env[name] === undefined)) return undefined;
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = String(issue?.path[0] ?? '');
    const message = env[name] === undefined ? 'is missing' : (issue?.message ?? 'is invalid');
    throw new ProtocolError('config_invalid', `${name}: ${message}`, { cause: parsed.error });
  }
  const { BAUTA_SMPP_URL, BAUTA_SMPP_SYSTEM_ID, BAUTA_SMPP_PASSWORD, BAUTA_SMPP_SOURCE } = parsed.data;
  return {
    url: BAUTA_SMPP_URL,
    systemId: BAUTA_SMPP_SYSTEM_ID,
    password: BAUTA_SMPP_PASSWORD,
    source: BAUTA_SMPP_SOURCE,
  };
}
