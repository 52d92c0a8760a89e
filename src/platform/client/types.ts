// SPDX-License-Identifier: Apache-2.0
/**
 * The bodies of the verifier's interface by name, from its OpenAPI document.
 *
 * @module
 */
import type { components, paths } from './openapi.ts';

type Verifications = paths['/v1/verifications'];
type Json<T extends { content: { 'application/json': unknown } }> = T['content']['application/json'];

/** Body of `POST /v1/verifications`. */
export type CreateVerification = Json<Verifications['post']['requestBody']>;
/** Answer of `POST /v1/verifications`. */
export type CreatedVerification = Json<Verifications['post']['responses'][201]>;
/** Answer of `GET /v1/verifications`. */
export type VerificationList = Json<Verifications['get']['responses'][200]>;
/** Answer of `GET /v1/verifications/{id}`. */
export type Verification = Json<paths['/v1/verifications/{id}']['get']['responses'][200]>;
/** What a verification proved. */
export type Result = components['schemas']['Result'];
/** Body of `POST /v1/proofs/verify`. */
export type VerifyProof = Json<paths['/v1/proofs/verify']['post']['requestBody']>;
/** Answer of `POST /v1/proofs/verify`. */
export type VerifiedProof = Json<paths['/v1/proofs/verify']['post']['responses'][200]>;
