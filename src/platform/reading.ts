// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifications as the platform's backend reads them: how one stands, its result, and the list.
 *
 * The result needs three things: the verification's id, the response code that the wallet brought to
 * the page, and the token of the browser that began. Without the code an answered verification says
 * only that it was answered, so that nobody's login can be finished in another browser.
 * docs/protocol.md section 6.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { requestObjectSchema } from '../protocol/request.ts';
import { findVerification, type ListedRow, type ListPosition, listVerifications } from '../storage/platform.ts';
import { collectVerification } from '../storage/platform_answers.ts';
import { resultSchema, type Verification, type VerificationList } from './client/messages.ts';
import { KEPT_AFTER_EXPIRY, type PlatformDeps } from './deps.ts';
import { normalizeTypedCode, secretMatches } from './secrets.ts';

/** Wrong response codes after which the result is forgotten. */
export const WRONG_CODES = 5;
/** What a verification ends with that was answered or asked for wrongly too often. */
const CLOSED = 'too_many_attempts';
/** Verifications on a page of the list unless told. */
const PAGE_SIZE = 20;

/** Reads how a verification stands and, with the response code, collects its result once. */
export async function readVerification(
  deps: PlatformDeps,
  id: string,
  browserToken: string,
  responseCode: string | undefined,
): Promise<Verification> {
  const row = await findVerification(deps.database, 'id', id);
  if (row === undefined) {
    throw new ProtocolError('verification_unknown', 'there is no such verification, or it has been deleted');
  }
  if (!secretMatches(browserToken, row.browser_token_hash)) {
    throw new ProtocolError('browser_token_invalid', 'this verification was begun in another browser');
  }
  const now = deps.clock();
  if (row.status === 'pending') {
    return { id, status: now < row.expires_at ? 'pending' : 'expired' };
  }
  // No result will come: too many answers were refused, and then no code was given out, or too many codes were wrong.
  if (row.error_code === CLOSED && (responseCode === undefined || row.wrong_codes < WRONG_CODES)) {
    return { id, status: 'rejected', error: { code: CLOSED } };
  }
  if (responseCode === undefined) return { id, status: 'answered' };
  if (now >= row.expires_at + KEPT_AFTER_EXPIRY) {
    throw new ProtocolError('verification_expired', 'the result was not collected in time; begin again');
  }
  const code = row.redirect_uri === null ? normalizeTypedCode(responseCode) : responseCode;
  const collected = await collectVerification(deps.database, id, (hash) => secretMatches(code, hash), WRONG_CODES);
  if (collected.outcome !== 'collected') {
    throw new ProtocolError(collected.outcome, COLLECTION_REFUSALS[collected.outcome]);
  }
  const { status, result, error_code } = collected.row;
  return {
    id,
    status: status === 'verified' ? 'verified' : 'rejected',
    ...(result === null ? {} : { result: resultSchema.parse(JSON.parse(result)) }),
    ...(error_code === null ? {} : { error: { code: error_code } }),
  };
}

const COLLECTION_REFUSALS = {
  response_code_invalid: 'the response code is not the one that the wallet was given',
  response_code_used: 'the result has been collected; a response code works once',
  too_many_attempts: 'too many wrong response codes; begin again',
} as const;

/** Lists what the verifier still keeps, newest first: for operators, and for backends that lost their place. */
export async function readList(
  deps: PlatformDeps,
  { cursor, limit = PAGE_SIZE }: { readonly cursor?: string | undefined; readonly limit?: number | undefined },
): Promise<VerificationList> {
  // One more than the page tells whether there is another.
  const rows = await listVerifications(deps.database, cursor === undefined ? undefined : readCursor(cursor), limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map((row) => listed(row, deps.clock())),
    ...(last === undefined || rows.length <= limit ? {} : { next_cursor: cursorOf(last) }),
  };
}

function listed(row: ListedRow, now: number): VerificationList['items'][number] {
  const { purpose, channel } = requestObjectSchema.parse(JSON.parse(row.request));
  const ended = row.response_code_hash === null ? 'closed' : 'answered';
  const open = now < row.expires_at ? 'pending' : 'expired';
  return {
    id: row.id,
    status: row.status === 'pending' ? open : ended,
    purpose,
    channel,
    created_at: new Date(row.created_at).toISOString(),
    expires_at: new Date(row.expires_at).toISOString(),
  };
}

function cursorOf({ created_at, id }: ListedRow): string {
  return `${String(created_at)}.${id}`;
}

/**
 * Where the next page begins. The cursor is opaque to those who send it, and holds nothing that a page did not.
 *
 * @throws {@link ProtocolError} `cursor_invalid`.
 */
function readCursor(cursor: string): ListPosition {
  const [, createdAt, id] = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/.exec(cursor) ?? [];
  if (createdAt === undefined || id === undefined) {
    throw new ProtocolError('cursor_invalid', 'send next_cursor of the page before, as it was');
  }
  return { createdAt: Number(createdAt), id };
}
