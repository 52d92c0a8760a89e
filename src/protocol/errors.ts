// SPDX-License-Identifier: Apache-2.0
/**
 * The one error class of the project. A stable `code` says what went wrong to programs, the message
 * says what to do to people; no message carries a secret. HTTP status codes are chosen in one place,
 * `src/http/statuses.ts`.
 *
 * @module
 */

/** Codes are snake_case, stable, and part of the public interface: docs/protocol.md section 9. */
export type ErrorCode = Lowercase<string>;

/** Thrown for malformed or refused input anywhere in Bauta. */
export class ProtocolError extends Error {
  readonly code: ErrorCode;

  /**
   * @param code - Stable machine-readable code.
   * @param message - What is wrong and what to do; never a secret or a person's data.
   * @param options - `cause`, the error underneath.
   */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProtocolError';
    this.code = code;
  }
}
