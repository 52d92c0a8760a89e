// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * One delivery of a webhook: a POST to the platform's address, which must not lead into the verifier's own network.
 *
 * The name is resolved once, every address it has is looked at, and the connection goes to the one that was looked
 * at: a name that answers differently the second time changes nothing. Redirects are not followed, and of the answer
 * only the status is read.
 *
 * @module
 */
import { lookup as lookupName } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { type Reach, reachOf } from '../http/addresses.ts';
import { ProtocolError } from '../protocol/errors.ts';

/** Milliseconds in which a delivery must be answered. */
export const DELIVERY_TIMEOUT = 10_000;

/** Resolves a name to all of its addresses. */
export type Resolve = (hostname: string) => Promise<readonly { readonly address: string }[]>;

/** What {@link deliverWebhook} is given. */
export interface DeliveryOptions {
  /** Whether addresses of this machine, over http, are allowed: in development. */
  readonly allowLoopback: boolean;
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
  /** Milliseconds. Default {@link DELIVERY_TIMEOUT}. */
  readonly timeout?: number;
}

const resolveAll: Resolve = (hostname) => lookupName(hostname, { all: true });

/**
 * Sends a webhook.
 *
 * @param url - Where to.
 * @param headers - With the signature.
 * @param body - As it was signed.
 * @returns The status of the answer.
 * @throws {@link ProtocolError} `webhook_address_refused` if the address is of no public host, before anything is sent;
 * `webhook_unreachable` if no answer comes.
 */
export async function deliverWebhook(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  { allowLoopback, resolve = resolveAll, timeout = DELIVERY_TIMEOUT }: DeliveryOptions,
): Promise<number> {
  const parsed = checkWebhookUrl(url, allowLoopback);
  const hostname = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const address = await addressOf(hostname, allowLoopback && parsed.protocol === 'http:', allowLoopback, resolve);
  const send = parsed.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise<number>((done, fail) => {
    const refuse = (cause: unknown): void => {
      fail(new ProtocolError('webhook_unreachable', 'the webhook could not be delivered', { cause }));
    };
    const outgoing = send(
      parsed,
      {
        method: 'POST',
        headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
        agent: false,
        // Whatever the name says now, the connection goes to the address that was looked at.
        lookup: (_, options, callback) => {
          const family = isIP(address);
          if (options.all === true) callback(null, [{ address, family }]);
          else callback(null, address, family);
        },
        signal: AbortSignal.timeout(timeout),
      },
      (response) => {
        done(response.statusCode ?? 0);
        // What the other side says is of no interest, however long it is.
        response.on('error', () => undefined);
        response.destroy();
      },
    );
    outgoing.on('error', refuse);
    outgoing.end(body);
  });
}

/**
 * Checks an address as far as it can be without asking the network.
 *
 * @throws {@link ProtocolError} `webhook_address_refused`.
 */
export function checkWebhookUrl(url: string, allowLoopback: boolean): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const secure = parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && allowLoopback);
  if (parsed === undefined || !secure || parsed.username !== '' || parsed.password !== '' || parsed.hash !== '') {
    throw refused('a webhook goes to an https address without credentials');
  }
  const hostname = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(hostname) !== 0 && !isAllowed(reachOf(hostname), parsed.protocol === 'http:', allowLoopback)) {
    throw refused('a webhook goes to a public address');
  }
  return parsed;
}

async function addressOf(
  hostname: string,
  onlyLoopback: boolean,
  allowLoopback: boolean,
  resolve: Resolve,
): Promise<string> {
  let addresses: readonly string[];
  try {
    addresses = isIP(hostname) === 0 ? (await resolve(hostname)).map(({ address }) => address) : [hostname];
  } catch (cause) {
    throw new ProtocolError('webhook_unreachable', 'the webhook’s host name is unknown', { cause });
  }
  const [first] = addresses;
  // One address among them that leads inside is reason enough: the name is in other hands.
  if (first === undefined || !addresses.every((address) => isAllowed(reachOf(address), onlyLoopback, allowLoopback))) {
    throw refused('the webhook’s host name leads to an address that is not public');
  }
  return first;
}

function isAllowed(reach: Reach, onlyLoopback: boolean, allowLoopback: boolean): boolean {
  return reach === 'loopback' ? allowLoopback : reach === 'public' && !onlyLoopback;
}

function refused(message: string): ProtocolError {
  return new ProtocolError('webhook_address_refused', message);
}
