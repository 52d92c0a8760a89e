// SPDX-License-Identifier: Apache-2.0
/**
 * What platforms and their verifier say to each other: the bodies of the verifier's HTTP interface, in
 * one place for the service, its OpenAPI description and the client. The types are those of the description: what
 * else the service read or wrote would not compile. docs/protocol.md section 6.
 *
 * @module
 */
import { z } from 'zod';
import { moveSchema } from '../../protocol/move.ts';
import { AGES, askSchema } from '../../protocol/policy.ts';
import { presentationSchema } from '../../protocol/presentation.ts';
import { MAX_REQUEST_SECONDS, MAX_TRANSACTIONS, requestObjectSchema } from '../../protocol/request.ts';
import { MAX_LIMIT, type Period } from '../../protocol/scope.ts';
import { transactionSchema } from '../../protocol/transaction.ts';

export type {
  CreatedVerification,
  CreateVerification,
  Result,
  Verification,
  VerificationList,
  VerifiedProof,
  VerifyProof,
} from './types.ts';

/** Assurance of a result about the moment, as OpenID Connect's `acr`. */
export const ACR = {
  /** The holder of an active credential answered this request. */
  login: 'urn:bauta:login',
  /** The holder of the expected pseudonym proved possession again, on the active root. */
  step_up: 'urn:bauta:possession',
} as const;

/** Periods of a limit by name, in seconds. */
export const PERIOD_SECONDS = { hour: 3600, day: 86_400, week: 604_800 } as const satisfies Record<string, Period>;

/** Longest `Idempotency-Key`. */
export const MAX_IDEMPOTENCY_KEY = 128;
/** Verifications on a page of the list, at most; 20 unless told. */
export const MAX_PAGE_SIZE = 100;

/** An identifier or a state as the verifier makes them; no other text is looked for in the database. */
export const tokenSchema = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);
/** Text that a database keeps and RFC 8785 writes: without control characters and halves of characters. */
const plain = /^[^\p{Cc}\p{Cs}]*$/u;
const nameSchema = z.string().min(1).max(200).regex(plain).meta({ description: 'Without control characters.' });

/** The ask of the published list. The generator of OpenAPI shows one value of a literal of many; these are all. */
const documentedAskSchema = askSchema
  .extend({
    age_over: askSchema.shape.age_over.meta({ type: 'integer', enum: [...AGES] }),
    min_assurance: askSchema.shape.min_assurance.meta({ type: 'integer', enum: [1, 2, 3] }),
  })
  .meta({ id: 'Ask', description: 'What to ask, from the published list.' });

/** Body of `POST /v1/verifications`. */
export const createVerificationSchema = z
  .strictObject({
    ask: documentedAskSchema,
    purpose: z.enum(['login', 'step_up']).default('login'),
    expect_sub: z.string().length(43).optional().meta({ description: 'Step-up only: the sub that must answer.' }),
    action: z
      .strictObject({
        name: nameSchema,
        opens: z.number().int().meta({ description: 'Day on which the action opened, YYYYMMDD; fixed for a name.' }),
      })
      .optional()
      .meta({ description: 'Something that each person may do once; consumed when the answer is accepted.' }),
    limit: z
      .strictObject({
        name: nameSchema,
        period: z.enum(['hour', 'day', 'week']).meta({ description: 'Periods are counted from 1970 on, in UTC.' }),
        times: z.number().int().min(1).max(MAX_LIMIT),
      })
      .optional()
      .meta({
        description: 'Something that each person may do so many times in a period, with another sub each time.',
      }),
    channel: z.enum(['same_device', 'cross_device']).default('same_device'),
    redirect_uri: z
      .string()
      .max(2048)
      .regex(plain)
      .optional()
      .meta({ description: 'Page of this platform to return to, without a fragment; its front page by default.' }),
    transaction_data: z
      .array(transactionSchema.meta({ id: 'Transaction' }))
      .min(1)
      .max(MAX_TRANSACTIONS)
      .optional()
      .meta({
        description: 'What the holder confirms: the wallet shows it before it asks, and the proof is bound to it.',
      }),
    move: moveSchema.optional().meta({
      description: 'One half of a move to another origin; the other origin asks for the other, with one nonce.',
    }),
    ttl_seconds: z.number().int().min(30).max(MAX_REQUEST_SECONDS).optional(),
  })
  .meta({ id: 'CreateVerification' });

/** Answer of `POST /v1/verifications`. */
export const createdVerificationSchema = z
  .object({
    id: z.string(),
    status: z.literal('pending'),
    request_url: z.string().meta({ description: "Send the visitor's browser here, or show it as a QR code." }),
    browser_token: z.string().meta({ description: 'Set it as a __Host- cookie of the browser that began.' }),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'CreatedVerification' });

/** What a verification proved. */
export const resultSchema = z
  .object({
    sub: z.string().length(43).optional().meta({ description: "The holder's pseudonym here; absent if not asked." }),
    claims: z.record(z.string(), z.union([z.boolean(), z.number(), z.string()])),
    acr: z.enum([ACR.login, ACR.step_up]),
    auth_time: z.number().int().meta({ description: 'Unix time in seconds.' }),
    channel: z.enum(['same_device', 'cross_device']),
    trust: z.object({
      keys: z.enum(['development', 'ceremony']).meta({ description: 'Who made the proving keys could forge.' }),
      register: z.string(),
      checkpoint: z.number().int().meta({ description: 'Log size of the checkpoint that the proof is on.' }),
      epoch: z.number().int(),
    }),
  })
  .meta({ id: 'Result' });

/** Answer of `GET /v1/verifications/{id}`. */
export const verificationSchema = z
  .object({
    id: z.string(),
    status: z.enum(['pending', 'answered', 'verified', 'rejected', 'expired']).meta({
      description: 'Without the response code an answered verification says `answered` and nothing more.',
    }),
    result: resultSchema.optional(),
    error: z.object({ code: z.string() }).optional(),
  })
  .meta({ id: 'Verification' });

/** A verification in a list: what was asked for and how it stands, and nothing about the person. */
export const listedVerificationSchema = z
  .object({
    id: z.string(),
    status: z
      .enum(['pending', 'expired', 'answered', 'closed'])
      .meta({ description: '`closed`: its result was collected, or it had too many wrong answers or codes.' }),
    purpose: z.enum(['login', 'step_up']),
    channel: z.enum(['same_device', 'cross_device']),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'ListedVerification' });

/** Answer of `GET /v1/verifications`. */
export const verificationListSchema = z
  .object({
    items: z.array(listedVerificationSchema).meta({ description: 'Newest first.' }),
    next_cursor: z.string().optional().meta({ description: 'Absent on the last page.' }),
  })
  .meta({ id: 'VerificationList' });

/** Body of `POST /v1/proofs/verify`. */
export const verifyProofSchema = z
  .strictObject({
    request: requestObjectSchema.meta({ id: 'RequestObject' }),
    presentation: presentationSchema.meta({ id: 'Presentation' }),
  })
  .meta({ id: 'VerifyProof' });

/** Answer of `POST /v1/proofs/verify`. */
export const verifiedProofSchema = z
  .discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), result: resultSchema }),
    z.object({ ok: z.literal(false), code: z.string() }),
  ])
  .meta({ id: 'VerifiedProof' });

/** Form of `POST /oid4vp/responses`: an answer, or the wallet's refusal to give one. */
export const walletResponseSchema = z
  .object({
    state: tokenSchema,
    vp_token: z.string().optional(),
    error: z.string().max(64).optional(),
    error_description: z.string().max(1024).optional(),
    retry_token: z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}$/)
      .optional()
      .meta({
        description: 'Random; whoever sends the answer again with it, because no reply came, gets the same reply.',
      }),
  })
  .meta({ id: 'WalletResponse' });

/** Answer of `POST /oid4vp/responses`. */
export const responseAcceptedSchema = z
  .object({
    redirect_uri: z.string().optional().meta({ description: 'On the same device: where the wallet goes next.' }),
    confirmation_code: z
      .string()
      .optional()
      .meta({ description: 'From another device: the code to type on the screen that began.' }),
  })
  .meta({ id: 'ResponseAccepted' });

/** A problem document, RFC 9457. */
export const problemSchema = z
  .object({ type: z.string(), title: z.string(), status: z.number().int(), detail: z.string(), code: z.string() })
  .loose()
  .meta({ id: 'Problem' });
