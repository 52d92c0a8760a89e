// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Binds an app to a port of this machine.
 *
 * @module
 */
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';
import { ProtocolError } from '../protocol/errors.ts';

/** An app that answers requests, as hono apps do. */
export interface App {
  fetch(request: Request, env: object): Response | Promise<Response>;
}

/** A bound service. */
export interface Listening {
  /** `http://localhost:PORT`, or under the given name. */
  readonly origin: string;
  /** Refuses new connections, ends open ones, and resolves when the port is free. */
  close(): Promise<void>;
  /**
   * Refuses new connections and lets the requests that are under way finish.
   *
   * @param milliseconds - After which those that are left are ended.
   * @returns Whether all finished.
   */
  drain(milliseconds: number): Promise<boolean>;
}

/** Milliseconds between two looks for connections that have become idle. */
const IDLE_INTERVAL = 50;

/** Network address of the other end of the connection. */
export function connectionAddress(c: Context): string {
  return getConnInfo(c).remote.address ?? 'unknown';
}

/**
 * The caller's address as the outermost of the trusted proxies saw it: callers choose what stands before.
 *
 * @param proxies - In front of the service, each appending to `X-Forwarded-For`; with 0 the connection counts.
 */
export function addressOf(c: Context, proxies: number): string {
  if (proxies === 0) return connectionAddress(c);
  const passed = (c.req.header('x-forwarded-for') ?? '').split(',').map((address) => address.trim());
  const seen = passed.at(-proxies) ?? '';
  return seen === '' ? connectionAddress(c) : seen;
}

/** Time that a client has to send a whole request, in milliseconds. */
const REQUEST_TIMEOUT = 60_000;

/**
 * Serves an app on localhost.
 *
 * @param make - Makes the app, given the origin on which it will answer.
 * @param port - Port number, or 0 for any free one.
 * @param program - Name of the program, for the error.
 * @param setting - How to choose another port, for the error.
 * @param hostname - Name or number of this machine to which it is bound.
 * @throws {@link ProtocolError} `port_taken`, naming the port and how to choose another.
 */
export async function listen(
  make: (origin: string) => Promise<{ readonly app: App }>,
  port: number,
  program: string,
  setting = `BAUTA_${program.toUpperCase()}_PORT`,
  hostname = 'localhost',
): Promise<Listening> {
  // The origin must be known before the app exists, so the port is bound first.
  let app: App | undefined;
  let opened: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const server = await new Promise<ReturnType<typeof serve>>((resolve, reject) => {
    const bound = serve(
      {
        port,
        hostname,
        fetch: async (request, env) => {
          await ready;
          return app === undefined ? new Response(null, { status: 503 }) : app.fetch(request, env);
        },
        serverOptions: { requestTimeout: REQUEST_TIMEOUT },
      },
      () => {
        resolve(bound);
      },
    );
    bound.on('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new ProtocolError(
              'port_taken',
              `port ${String(port)} is taken, and the ${program} needs it: end the program that uses it, ` +
                `or choose another with ${setting}`,
              { cause },
            )
          : cause,
      );
    });
  });
  const address = server.address();
  // A number of IPv6 is bracketed in addresses, or its colons would end the host.
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  const origin = `http://${host}:${String(typeof address === 'object' && address !== null ? address.port : port)}`;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
  const drain = async (milliseconds: number): Promise<boolean> => {
    let finished = true;
    const ended = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    const hasConnections = 'closeIdleConnections' in server;
    const idle = setInterval(() => {
      // A connection that is kept alive for more requests would hold up the end.
      if (hasConnections) server.closeIdleConnections();
    }, IDLE_INTERVAL);
    const late = setTimeout(() => {
      finished = false;
      if (hasConnections) server.closeAllConnections();
    }, milliseconds);
    await ended;
    clearInterval(idle);
    clearTimeout(late);
    return finished;
  };
  try {
    ({ app } = await make(origin));
  } catch (error) {
    await close();
    throw error;
  } finally {
    opened();
  }
  return { origin, close, drain };
}
