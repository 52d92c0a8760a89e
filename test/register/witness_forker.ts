// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A witness in a process of its own that its test kills. A register with two stories asks it for the
 * checkpoints of both, one after the other, and prints what was cosigned: `story epoch`.
 *
 * @module
 */
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { buildLog, make } from '../log/log_builder.ts';
import { bodyFor, openTestWitness, serveEntries } from './witness_world.ts';

const [url = '', first = '0'] = process.argv.slice(2);
const EPOCHS = 40;
const hash = await buildWasmPoseidon();
const opening = [make.created(), make.key('issuer', 'issuer')];
const stories = ['left', 'right'].map((side) =>
  buildLog(hash, [opening, ...Array.from({ length: EPOCHS }, (_, i) => [make.leaf(`${side} ${String(i)}`, i)])]),
);
const witness = await openTestWitness(url);
witness.now *= 2;

for (let round = Number(first); ; round++) {
  const story = round % 2;
  const cuts = stories[story] ?? [];
  const { size } = await witness.json<{ size: number }>('/');
  // The checkpoint that would follow, with a proof from this story's own state of that size; and the last again.
  const next = cuts.findIndex(({ checkpoint }) => checkpoint.size > size);
  if (next < 0) break;
  witness.tiles = serveEntries(cuts);
  for (const [epoch, old] of [[next, size] as const, [next - 1, size] as const]) {
    if (epoch < 0) continue;
    const response = await witness.post(bodyFor(cuts, epoch, old));
    if (response.status === 200) process.stdout.write(`${String(story)} ${String(epoch)}\n`);
  }
}
