// SPDX-License-Identifier: Apache-2.0
/**
 * `bauta/protocol`: what a platform needs beside the check of presentations: how it asks, what it
 * reads, and what goes wrong by which code.
 *
 * @module
 */
export { type CircuitName, type Manifest, parseManifest, requireProductionKeys } from './artifacts.ts';
export { ASSURANCE_LEVELS, DOCUMENT_KINDS, type DocumentKind } from './attributes.ts';
export { type CalendarDate, dateInZone } from './dates.ts';
export { type ErrorCode, ProtocolError } from './errors.ts';
export { type FieldElement, parseField, toField } from './field.ts';
export { type Ask, type Disclosed, packPolicy, parseAsk, policyOf } from './policy.ts';
export { type Groth16Proof, parseVpToken, type Presentation, presentationSchema } from './presentation.ts';
export {
  dcqlOf,
  decodeRequestObject,
  encodeRequestObject,
  type RequestObject,
  requestInputs,
  requestObjectSchema,
} from './request.ts';
export { type Context, deriveScope, type Nullifier, nullifierOf, type Scope, subOf } from './scope.ts';
export { encodeTransaction, type Transaction, transactionSchema, transactionsOf } from './transaction.ts';
export { fromSignals, SHOW_SIGNALS, type ShowStatement, toSignals } from './statement.ts';
