// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The verifier's addresses as OpenAPI 3.1 describes them. What stands here is what the app checks: the
 * routes validate by these schemas, and a test holds every answer against them.
 *
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi';
import {
  createdVerificationSchema,
  createVerificationSchema,
  MAX_IDEMPOTENCY_KEY,
  MAX_PAGE_SIZE,
  problemSchema,
  responseAcceptedSchema,
  tokenSchema,
  verificationListSchema,
  verificationSchema,
  verifiedProofSchema,
  verifyProofSchema,
  walletResponseSchema,
} from './client/messages.ts';

const PROBLEMS = {
  400: 'Malformed, or off the published list',
  401: 'No valid bearer key',
  403: 'Not from the browser that began, or a wrong response code',
  404: 'Unknown',
  409: 'Used before',
  410: 'Expired',
  413: 'Body too large',
  415: 'Content type not supported',
  422: 'Well formed, and refused',
  429: 'Too many requests: see Retry-After',
  503: 'Database or register have not been heard for too long, or too many proofs wait: see Retry-After',
} as const;

type ProblemResponse = {
  description: string;
  content: { 'application/problem+json': { schema: typeof problemSchema } };
};

function problems<Status extends keyof typeof PROBLEMS>(...statuses: Status[]): Record<Status, ProblemResponse> {
  const responses = statuses.map((status) => [
    status,
    { description: PROBLEMS[status], content: { 'application/problem+json': { schema: problemSchema } } },
  ]);
  return Object.fromEntries(responses) as Record<Status, ProblemResponse>;
}

const json = <Schema extends z.ZodType>(schema: Schema) => ({ 'application/json': { schema } });
const security = [{ Bearer: [] }];
const idSchema = z.object({ id: tokenSchema });

/** Begin a verification. */
export const createVerificationRoute = createRoute({
  method: 'post',
  path: '/v1/verifications',
  summary: 'Begin a verification',
  security,
  request: {
    headers: z.object({
      'idempotency-key': z
        .string()
        .max(MAX_IDEMPOTENCY_KEY)
        .regex(/^[!-~]+$/)
        .optional()
        .meta({ description: 'A request that is repeated within a day under its key gets the first answer again.' }),
    }),
    body: { required: true, content: json(createVerificationSchema) },
  },
  responses: {
    201: {
      description: 'Begun',
      headers: {
        'Idempotent-Replayed': {
          description: '`true` where this is the answer to an earlier request under the same key',
          schema: { type: 'string', enum: ['true'] },
        },
      },
      content: json(createdVerificationSchema),
    },
    ...problems(400, 401, 409, 413, 415, 422, 429, 503),
  },
});

/** List verifications. */
export const listVerificationsRoute = createRoute({
  method: 'get',
  path: '/v1/verifications',
  summary: 'List the verifications that are still kept, newest first',
  security,
  request: {
    query: z.object({
      cursor: z.string().max(128).optional().meta({ description: '`next_cursor` of the page before.' }),
      limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).optional().meta({ type: 'integer' }),
    }),
  },
  responses: {
    200: { description: 'A page of the list', content: json(verificationListSchema) },
    ...problems(400, 401, 429, 503),
  },
});

/** Read a verification; with the response code, collect its result. */
export const readVerificationRoute = createRoute({
  method: 'get',
  path: '/v1/verifications/{id}',
  summary: 'Read a verification; with its response code, collect the result once',
  security,
  request: {
    params: idSchema,
    query: z.object({ response_code: z.string().max(128).optional() }),
    headers: z.object({ 'browser-token': z.string().max(128) }),
  },
  responses: {
    200: { description: 'How it stands', content: json(verificationSchema) },
    ...problems(400, 401, 403, 404, 409, 410, 429, 503),
  },
});

/** Check a presentation without keeping anything. */
export const verifyProofRoute = createRoute({
  method: 'post',
  path: '/v1/proofs/verify',
  summary: 'Check a presentation against a request of this platform; replay is the caller’s to prevent',
  security,
  request: { body: { required: true, content: json(verifyProofSchema) } },
  responses: {
    200: { description: 'Whether it holds', content: json(verifiedProofSchema) },
    ...problems(400, 401, 413, 415, 429, 503),
  },
});

/** The request object, for the wallet. */
export const requestObjectRoute = createRoute({
  method: 'get',
  path: '/oid4vp/requests/{id}',
  summary: 'For the wallet: the request object (OpenID4VP 1.0, RFC 9101)',
  request: { params: idSchema },
  responses: {
    200: {
      description: 'An unsecured JWT',
      content: { 'application/oauth-authz-req+jwt': { schema: z.string() } },
    },
    ...problems(400, 404, 409, 410, 429, 503),
  },
});

/** The wallet's answer. */
export const responseRoute = createRoute({
  method: 'post',
  path: '/oid4vp/responses',
  summary: 'For the wallet: its answer (OpenID4VP 1.0, direct_post)',
  request: {
    body: { required: true, content: { 'application/x-www-form-urlencoded': { schema: walletResponseSchema } } },
  },
  responses: {
    200: { description: 'Accepted, once', content: json(responseAcceptedSchema) },
    ...problems(400, 404, 409, 410, 413, 415, 422, 429, 503),
  },
});
