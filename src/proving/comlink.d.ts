// SPDX-License-Identifier: GPL-3.0-or-later
/** Comlink over threads of Node; the package ships no types for this part. */
declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { Endpoint } from 'comlink';
  import type { MessagePort, Worker } from 'node:worker_threads';

  const nodeEndpoint: (thread: Worker | MessagePort) => Endpoint;
  export { nodeEndpoint as default };
}
