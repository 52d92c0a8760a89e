// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Configuration of whom an issuer trusts: the folder of `npm run trust`, and what it means where nothing current is
 * known about revocations. docs/operations.md lists the variables.
 *
 * @module
 */
import { z } from 'zod';
import type { UnknownPolicy } from '../documents/revocation.ts';
import { ProtocolError } from '../protocol/errors.ts';

/** Whom an issuer trusts. */
export interface TrustConfig {
  /** Folder of the trust store; undefined for none, as in a demonstration with simulated passports alone. */
  readonly store: string | undefined;
  /** What happens to documents of authorities without a revocation list. */
  readonly missing: UnknownPolicy;
  /** What happens to documents of authorities whose list is past its day. */
  readonly stale: UnknownPolicy;
}

const policy = z.enum(['accept', 'refuse'], 'must be accept or refuse');
const schema = z.object({
  BAUTA_TRUST_STORE: z.string().min(1).optional(),
  // Most states publish no list where everybody finds it; whoever has one knows where its successor will be.
  BAUTA_REVOCATIONS_MISSING: policy.default('accept'),
  BAUTA_REVOCATIONS_STALE: policy.default('refuse'),
});

/**
 * Reads the variables `BAUTA_TRUST_STORE` and `BAUTA_REVOCATIONS_…`.
 *
 * @param env - `process.env`.
 * @throws {@link ProtocolError} `config_invalid`, naming the variable and what it must be.
 */
export function readTrust(env: Readonly<Record<string, string | undefined>>): TrustConfig {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ProtocolError(
      'config_invalid',
      `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is invalid'}`,
      { cause: parsed.error },
    );
  }
  const { data } = parsed;
  return {
    store: data.BAUTA_TRUST_STORE,
    missing: data.BAUTA_REVOCATIONS_MISSING,
    stale: data.BAUTA_REVOCATIONS_STALE,
  };
}
