// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A proxy between a browser and the servers, which cuts some of them off: unlike a route of playwright's it
 * also stands between service workers, their workers and the network.
 *
 * @module
 */
import { createServer, request } from 'node:http';

/** See the module's description. */
export interface Switchboard {
  /** For `browser.newContext`. */
  readonly proxy: { readonly server: string; readonly bypass: string };
  /** Addresses that were asked for since the last look, without those that were cut off. */
  readonly take: () => string[];
  /** Origins that do not answer from now on. */
  readonly cut: (origins: readonly string[]) => void;
  readonly close: () => Promise<void>;
}

/** Opens one. */
export async function openSwitchboard(): Promise<Switchboard> {
  const asked: string[] = [];
  let dead: readonly string[] = [];
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '', 'http://none.invalid');
    if (dead.includes(url.origin)) {
      outgoing.destroy();
      return;
    }
    asked.push(url.href);
    const { method, headers } = incoming;
    const onward = request(url, { ...(method === undefined ? {} : { method }), headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  // Nothing here speaks TLS; what would is the browser's own traffic, and goes nowhere.
  server.on('connect', (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    proxy: { server: `http://127.0.0.1:${String(port)}`, bypass: '<-loopback>' },
    take: () => asked.splice(0),
    cut: (origins) => {
      dead = origins;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
