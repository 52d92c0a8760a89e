// SPDX-License-Identifier: Apache-2.0
/**
 * `bauta/platform/client`: what a platform's backend needs to use its verifier.
 *
 * @module
 */
export { type BrowserReturn, createPlatformClient, type PlatformClient, type PlatformClientOptions } from './client.ts';
export { type VerifiedWebhook, verifyWebhook, type WebhookEvent } from './webhooks.ts';
export {
  ACR,
  type CreatedVerification,
  type CreateVerification,
  type Result,
  type Verification,
  type VerificationList,
  type VerifiedProof,
  type VerifyProof,
} from './messages.ts';
