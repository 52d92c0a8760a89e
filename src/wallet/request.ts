// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reading a platform's request. The link holds it in the URL's fragment, so the wallet's host never
 * sees who asks; nothing outside the origin of `client_id` is contacted. docs/protocol.md section 6.
 *
 * @module
 */
import { dateInZone } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Ask } from '../protocol/policy.ts';
import {
  askOf,
  decodeRequestObject,
  REQUEST_TYP,
  type RequestInputs,
  requestInputs,
  type RequestObject,
} from '../protocol/request.ts';
import { isAllowedUrl } from '../protocol/scope.ts';
import { type Transaction, transactionsOf } from '../protocol/transaction.ts';
import type { Clock, Fetch } from './environment.ts';
import { reportRefusal } from './error_response.ts';
import { accepted, send, textOf } from './http.ts';

/** A request that has passed every check but the holder's consent. */
export interface PendingRequest {
  readonly request: RequestObject;
  readonly inputs: RequestInputs;
  readonly ask: Ask;
  /** What the holder confirms: shown as it is, before consent. */
  readonly transactions: readonly Transaction[];
  /** Which of the times that a limit allows this is, from 0; `limits.ts` tells. 0 where there is no limit. */
  readonly index: number;
  /** Who asks: shown large. */
  readonly origin: string;
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
}

/** What {@link readRequest} needs. */
export interface RequestDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Time zone of the register. */
  readonly timeZone: string;
  /** Version of the prover's artifacts: `(await prover.info()).version`. */
  readonly version: number;
  /** Whether the caller shows {@link PendingRequest.transactions}. Default false: such requests are refused. */
  readonly showsTransactions?: boolean;
  readonly signal?: AbortSignal;
}

/** Prefix of the one kind of client identifier that Bauta knows. */
const CLIENT_PREFIX = 'redirect_uri:';
/** Largest request object in bytes. */
const MAX_REQUEST_BYTES = 32 * 1024;

/**
 * Reads the link.
 *
 * @throws {@link ProtocolError} `link_invalid` unless both addresses are there once, allowed, and of one origin.
 */
function parseLink(fragment: string): { readonly clientId: string; readonly requestUri: string } {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ''));
  const [clientId, requestUri] = ['client_id', 'request_uri'].map((name) => {
    const values = parameters.getAll(name);
    return values.length === 1 ? values[0] : undefined;
  });
  if (clientId?.startsWith(CLIENT_PREFIX) === true && requestUri !== undefined) {
    const addresses = [clientId.slice(CLIENT_PREFIX.length), requestUri];
    const [client, request] = addresses.filter((text) => URL.canParse(text)).map((text) => new URL(text));
    if (client !== undefined && request !== undefined && isAllowedUrl(request) && client.origin === request.origin) {
      return { clientId, requestUri };
    }
  }
  throw new ProtocolError('link_invalid', 'this link is no request to a wallet; go back to the platform');
}

/**
 * Fetches and checks the request that a link names. A request that the platform can repair is refused to its
 * origin too: `error_response.ts`.
 *
 * @param fragment - `location.hash`, with or without `#`.
 * @param readTransactions - Reads and checks the transaction data; only `move.ts` reads another kind.
 * @throws {@link ProtocolError} `link_invalid`, `request_invalid`, `request_expired`, `ask_refused`,
 * `policy_mismatch`, `scope_invalid`, `circuit_version_unsupported`,
 * `transaction_data_invalid`, `transaction_data_unsupported`, or the platform's code.
 */
export async function readRequest(
  fragment: string,
  deps: RequestDeps,
  readTransactions: typeof transactionsOf = transactionsOf,
): Promise<PendingRequest> {
  const link = parseLink(fragment);
  const answer = await send(deps.fetch, {
    url: link.requestUri,
    headers: { accept: `application/${REQUEST_TYP}` },
    maxBytes: MAX_REQUEST_BYTES,
    signal: deps.signal,
  });
  if (accepted(answer, 'the platform').type !== `application/${REQUEST_TYP}`) {
    throw new ProtocolError('request_invalid', 'the platform did not answer with a request object');
  }
  const jwt = textOf(answer);
  try {
    return checkRequest(jwt, link, deps, readTransactions);
  } catch (error) {
    await reportRefusal(jwt, link, error, deps);
    throw error;
  }
}

type Link = ReturnType<typeof parseLink>;

function checkRequest(
  jwt: string,
  link: Link,
  deps: RequestDeps,
  readTransactions: typeof transactionsOf,
): PendingRequest {
  const now = deps.clock();
  const request = decodeRequestObject(jwt, {
    ...link,
    now: now / 1000,
    today: dateInZone(now, deps.timeZone),
  });
  if (request.dcql_query.credentials[0].meta.version !== deps.version) {
    throw new ProtocolError(
      'circuit_version_unsupported',
      'the platform asks for a proof of another version; reload the wallet to bring it up to date',
    );
  }
  const transactions = readTransactions(request.transaction_data);
  if (transactions.length > 0 && deps.showsTransactions !== true) {
    // Bound by the proof, so the holder would sign it: never what no page can show.
    throw new ProtocolError('transaction_data_unsupported', 'this wallet can not show the transaction to be confirmed');
  }
  return {
    request,
    inputs: requestInputs(request),
    ask: askOf(request.dcql_query),
    transactions,
    index: 0,
    origin: new URL(request.response_uri).origin,
    expiresAt: request.exp * 1000,
  };
}
