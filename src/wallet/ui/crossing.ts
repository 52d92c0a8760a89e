// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Errors on their way from worker to page: comlink carries name and message only, so the stable code of
 * a {@link ProtocolError} is carried beside them. Imported by both sides.
 *
 * @module
 */
import { transferHandlers, type TransferHandler } from 'comlink';
import { type ErrorCode, ProtocolError } from '../../protocol/errors.ts';

/** What comlink hands to its `throw` handler. */
interface Thrown {
  readonly value: unknown;
}
interface Crossing {
  readonly code?: ErrorCode;
  readonly message: string;
}

/** Installs the handler; both sides call it before anything crosses. */
export function carryErrorCodes(): void {
  const inherited = transferHandlers.get('throw');
  if (inherited === undefined) {
    return;
  }
  const handler: TransferHandler<Thrown, Crossing> = {
    canHandle: (value): value is Thrown => inherited.canHandle(value),
    serialize: ({ value }) => {
      const message = value instanceof Error ? value.message : 'the worker failed';
      return [value instanceof ProtocolError ? { code: value.code, message } : { message }, []];
    },
    deserialize: ({ code, message }) => {
      throw code === undefined ? new Error(message) : new ProtocolError(code, message);
    },
  };
  transferHandlers.set('throw', handler);
}
