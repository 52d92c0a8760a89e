// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A thread of `hashing.ts`.
 *
 * @module
 */
import { parentPort } from 'node:worker_threads';
import { buildWasmPoseidon } from '../commitment/poseidon_wasm.ts';
import { TREE_ARITY } from '../protocol/statement.ts';
import { fieldsFromBytes, fieldsToBytes } from '../storage/field_bytes.ts';

const poseidon = await buildWasmPoseidon();
parentPort?.on('message', (bytes: Uint8Array) => {
  const values = fieldsFromBytes(bytes);
  const hashes = Array.from({ length: values.length / TREE_ARITY }, (_, i) =>
    poseidon(values.slice(i * TREE_ARITY, (i + 1) * TREE_ARITY)),
  );
  const answer = fieldsToBytes(hashes);
  parentPort?.postMessage(answer, [answer.buffer]);
});
