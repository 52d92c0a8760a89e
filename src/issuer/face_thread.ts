// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Starts the thread of `face_worker.ts`.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * Starts the thread; it does not keep the process alive.
 *
 * When the program itself runs from TypeScript, the thread must get the loader by hand: the hooks of the
 * main thread do not reach it, and `--import tsx` does nothing outside the main thread.
 */
export function startFaceThread(): Worker {
  const extension = extname(fileURLToPath(import.meta.url));
  const entry = new URL(`./face_worker${extension}`, import.meta.url);
  const options = { execArgv: [] };
  const worker =
    extension === '.ts' ? new Worker(fromTypeScript(entry), { ...options, eval: true }) : new Worker(entry, options);
  // Without a listener an error of the idle thread would end the process; the next task starts another thread.
  worker.on('error', () => undefined);
  worker.unref();
  return worker;
}

function fromTypeScript(entry: URL): string {
  const tsx = createRequire(import.meta.url).resolve('tsx/cjs/api');
  return `require(${JSON.stringify(tsx)}).register(); require(${JSON.stringify(fileURLToPath(entry))});`;
}
