// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Starts threads for work that would hold the processor while a service has to answer.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * Starts a thread; it does not keep the process alive.
 *
 * When the program itself runs from TypeScript, the thread must get the loader by hand: the hooks of the
 * main thread do not reach it, and `--import tsx` does nothing outside the main thread.
 *
 * @param beside - `import.meta.url` of the module that starts it.
 * @param name - Its module, a path from there without extension, e.g. `./verifying_worker`.
 * @param data - What it finds as `workerData`.
 */
export function startThread(beside: string, name: string, data?: unknown): Worker {
  const extension = extname(fileURLToPath(beside));
  const entry = new URL(`${name}${extension}`, beside);
  const options = { execArgv: [], workerData: data };
  const worker =
    extension === '.ts' ? new Worker(fromTypeScript(entry), { ...options, eval: true }) : new Worker(entry, options);
  // Without a listener an error of an idle thread would end the process; its owner learns of the exit.
  worker.on('error', () => undefined);
  worker.unref();
  return worker;
}

function fromTypeScript(entry: URL): string {
  // `require` finds the CommonJS build, whose hooks do not load; the other stands beside it.
  const found = createRequire(import.meta.url).resolve('tsx/esm/api');
  const tsx = new URL('index.mjs', pathToFileURL(found));
  return `import(${JSON.stringify(tsx)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(entry)}); });`;
}
