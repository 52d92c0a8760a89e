// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { emptyRoots } from '../../src/commitment/tree.ts';
import { updateTree } from '../../src/log/tree.ts';
import { encodeEvent } from '../../src/log/events.ts';
import { entryHash, merkleRoot } from '../../src/log/merkle.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { memoryStore, replay } from '../log/reference.ts';
import { openTestRegister, RULES } from './harness.ts';

/** Runs the appender until it has acknowledged so many leaves, and kills it without warning. */
async function acknowledgedBeforeKill(
  url: string,
  prefix: string,
  count: number,
  ...mode: readonly string[]
): Promise<readonly string[]> {
  const script = fileURLToPath(new URL('appender.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, url, prefix, ...mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const leaves: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      leaves.push(line);
      // What it printed before it died still arrives, and counts.
      if (leaves.length === count) child.kill('SIGKILL');
    }
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  return leaves;
}

describeOnEachDatabase('a register that is killed', (fresh) => {
  it('has every leaf that it acknowledged, and a log, tree and checkpoint that agree', async () => {
    const url = await fresh();
    const acknowledged = [
      ...(await acknowledgedBeforeKill(url, '1', 25)),
      ...(await acknowledgedBeforeKill(url, '2', 40)),
    ];
    expect(acknowledged.length).toBeGreaterThanOrEqual(65);
    const register = await openTestRegister(url, { epochSeconds: 1 });
    register.time.now += 3_000_000_000;
    const statuses = await Promise.all(
      acknowledged.map(async (leaf) => (await register.json<{ status?: string }>(`/v1/leaves/${leaf}`)).status),
    );
    expect(statuses.filter((status) => status !== 'pending' && status !== 'published')).toEqual([]);

    await register.turn();
    const events = await register.events();
    const checkpoint = await register.checkpoint();
    const { leaves, counts, reasons } = replay(events);
    const published = new Set([...leaves.values()].map(String));
    expect(acknowledged.filter((leaf) => !published.has(leaf))).toEqual([]);
    expect(checkpoint).toMatchObject({ size: events.length, counts, reasons });
    expect(checkpoint.epoch).toBeGreaterThan(2);
    expect(checkpoint.rootHash).toEqual(merkleRoot(events.map((event) => entryHash(encodeEvent(event)))));
    const hash = await buildWasmPoseidon();
    const { root } = await updateTree(hash, emptyRoots(hash), memoryStore(), leaves);
    expect(checkpoint.presentationRoot).toBe(root);
    await register.close();
  }, 180_000);

  it('has every announcement that it acknowledged, and carries it out', async () => {
    const url = await fresh();
    const acknowledged = await acknowledgedBeforeKill(url, '1', 25, 'announce');
    const register = await openTestRegister(url, { epochSeconds: 1 });
    register.time.now += 1_500_000_000;
    await register.turn();
    const announced = (await register.events()).flatMap((event) =>
      event.kind === 'revocation_announced' ? [event.leaf] : [],
    );
    expect(acknowledged.filter((leaf) => !announced.includes(leaf))).toEqual([]);
    register.time.now += 2 * RULES.delay * 1000;
    await register.turn();
    const { counts, reasons } = replay(await register.events());
    expect(counts).toMatchObject({ announced: 0, revoked: announced.length });
    expect(await register.checkpoint()).toMatchObject({ counts, reasons });
    await register.close();
  }, 180_000);

  it('and another beside it on the same database lose nothing, and cut one checkpoint an epoch', async () => {
    const url = await fresh();
    // Two names of one number: both processes have the same clock, and submit different leaves.
    const both = await Promise.all([acknowledgedBeforeKill(url, '3', 20), acknowledgedBeforeKill(url, '3.0', 20)]);
    const acknowledged = both.flat();
    const register = await openTestRegister(url, { epochSeconds: 1 });
    register.time.now += 5_000_000_000;
    await register.turn();
    const events = await register.events();
    const { leaves, counts } = replay(events);
    const published = new Set([...leaves.values()].map(String));
    expect(acknowledged.filter((leaf) => !published.has(leaf))).toEqual([]);
    const checkpoint = await register.checkpoint();
    expect(checkpoint).toMatchObject({ size: events.length, counts });
    const { notes } = await register.database.kysely
      .selectFrom('checkpoints')
      .select(({ fn }) => fn.countAll<number>().as('notes'))
      .executeTakeFirstOrThrow();
    expect(notes).toBe(checkpoint.epoch + 1);
    const hash = await buildWasmPoseidon();
    const { root } = await updateTree(hash, emptyRoots(hash), memoryStore(), leaves);
    expect(checkpoint.presentationRoot).toBe(root);
    await register.close();
  }, 180_000);
});
