// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A web server that knows files and nothing else, as any CDN or object store does.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** A running file server. */
export interface StaticServer {
  readonly url: string;
  /** Requests as they came: method, path and headers. */
  readonly seen: { readonly method: string; readonly path: string; readonly headers: Record<string, unknown> }[];
  close(): Promise<void>;
}

/**
 * Serves a folder on a free port.
 *
 * @param folder - Its files are found under their paths.
 */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const seen: StaticServer['seen'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    seen.push({ method: request.method ?? '', path, headers: request.headers });
    readFile(join(folder, normalize(path))).then(
      (bytes) => response.end(bytes),
      () => {
        response.statusCode = 404;
        response.end('<h1>Not found</h1>');
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
