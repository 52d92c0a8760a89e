// SPDX-License-Identifier: Apache-2.0
/**
 * The presentation: what a wallet puts into `vp_token` for the format `bauta_zk_v1`.
 * docs/protocol.md section 6.
 *
 * @module
 */
import { z } from 'zod';
import { ProtocolError } from './errors.ts';
import { disclosedSchema } from './policy.ts';
import { FORMAT, QUERY_ID } from './request.ts';

const coordinate = z.string().regex(/^(0|[1-9][0-9]{0,77})$/);
const pair = z.tuple([coordinate, coordinate]);

/** A Groth16 proof as snarkjs writes it: affine points with a last coordinate of one. */
export const proofSchema = z.strictObject({
  pi_a: z.tuple([coordinate, coordinate, z.literal('1')]),
  pi_b: z.tuple([pair, pair, z.tuple([z.literal('1'), z.literal('0')])]),
  pi_c: z.tuple([coordinate, coordinate, z.literal('1')]),
  protocol: z.literal('groth16'),
  curve: z.literal('bn128'),
});
/** See {@link proofSchema}. */
export type Groth16Proof = z.infer<typeof proofSchema>;

/** A presentation. */
export const presentationSchema = z.strictObject({
  format: z.literal(FORMAT),
  circuit: z.literal('show'),
  /** Version of the artifacts that made the proof. */
  version: z.number().int().positive(),
  /** Log size of the checkpoint whose root the proof is on. */
  checkpoint: z.number().int().positive(),
  proof: proofSchema,
  /** Decimal field element; `0` where no pseudonym was asked. */
  nullifier: coordinate,
  disclosed: disclosedSchema,
});
/** See {@link presentationSchema}. */
export type Presentation = z.infer<typeof presentationSchema>;

/** Content of `vp_token`: one presentation under the request's query identifier. */
export const vpTokenSchema = z.strictObject({ [QUERY_ID]: z.tuple([presentationSchema]) });

/**
 * Reads a `vp_token`.
 *
 * @param text - The form parameter, JSON.
 * @throws {@link ProtocolError} `vp_token_invalid`.
 */
export function parseVpToken(text: string): Presentation {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('vp_token_invalid', 'vp_token must be JSON', { cause });
  }
  const parsed = vpTokenSchema.safeParse(value);
  if (!parsed.success) {
    throw new ProtocolError('vp_token_invalid', 'vp_token does not hold one presentation of the asked format', {
      cause: parsed.error,
    });
  }
  return parsed.data[QUERY_ID][0];
}
