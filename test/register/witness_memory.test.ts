// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { KEPT_REFUSALS, keepRefusal, readRefusals } from '../../src/register/witness_store.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { witnessMigrations, type WitnessTables } from '../../src/storage/witness.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { buildLog, EPOCH, goodEpochs, LOG_KEY, make } from '../log/log_builder.ts';
import { expectProblem } from './harness.ts';
import { askAll, bodyFor, expectSize, openTestWitness, serveEntries } from './witness_world.ts';

const hash = await buildWasmPoseidon();
const GOOD = buildLog(hash, goodEpochs());
const sizeOf = (epoch: number): number => GOOD[epoch]?.checkpoint.size ?? 0;
/** Two logs that go on differently after epoch 3. */
const FORKS = ['left', 'right'].map((side) => buildLog(hash, [...goodEpochs().slice(0, 4), [make.leaf(side, 5)]]));
const [LEFT = [], RIGHT = []] = FORKS;

describeOnEachDatabase('the memory of a witness', (fresh) => {
  it('cosigns one of two contradicting checkpoints that come at the same moment', async () => {
    const url = await fresh();
    const one = await openTestWitness(url);
    // On PostgreSQL two processes may share a database; SQLite's writers wait for each other, thread by thread.
    const other = url.startsWith('postgres') ? await openTestWitness(url) : one;
    await askAll(one, GOOD, 3);
    const answers = await Promise.all([
      one.ask(LEFT, 4),
      other === one ? one.post(bodyFor(RIGHT, 4)) : other.ask(RIGHT, 4),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const size = sizeOf(3) + 1;
    for (const [i, fork] of FORKS.entries()) {
      await expectSize(await one.ask(fork, 4), size);
      const won = answers[i]?.status === 200;
      const again = await one.ask(fork, 4, { old: size });
      expect(again.status).toBe(won ? 200 : 409);
    }
    await one.close();
    if (other !== one) await other.close();
  });

  it('looks again at what it cosigned before it cosigns: another process may have been there meanwhile', async () => {
    const url = await fresh();
    const [one, other] = [await openTestWitness(url), await openTestWitness(url)];
    await askAll(one, GOOD, 3);
    other.now = one.now;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      const tiles = serveEntries(RIGHT);
      other.tiles = async (address, init) => {
        resolve();
        await held;
        return tiles(address, init);
      };
    });
    const late = other.post(bodyFor(RIGHT, 4));
    await asked;
    expect((await one.ask(LEFT, 4)).status).toBe(200);
    release();
    await expectSize(await late, sizeOf(3) + 1);
    await one.close();
    await other.close();
  });

  it('holds at most so many bytes of new entries', async () => {
    const lengths = GOOD.map(({ entries }) => entries.reduce((sum, entry) => sum + entry.length, 0));
    const witness = await openTestWitness(await fresh(), 1, { maxAddedBytes: lengths[0] ?? 0 });
    expect((await witness.ask(GOOD, 0)).status).toBe(200);
    await witness.close();
    const smaller = await openTestWitness(await fresh(), 1, { maxAddedBytes: (lengths[0] ?? 0) - 1 });
    await expectProblem(await smaller.ask(GOOD, 0), 422, 'checkpoint_too_large');
    await smaller.close();
  });

  it('is a witness of one log', async () => {
    const url = await fresh();
    const witness = await openTestWitness(url);
    await askAll(witness, GOOD, 0);
    await witness.close();
    const register = { ...LOG_KEY, name: 'other.test/v1', url: 'https://other.test', epochSeconds: EPOCH };
    await expect(openTestWitness(url, 1, { register })).rejects.toMatchObject({ code: 'witness_log_changed' });
  });

  it.each([
    ['two words', { name: 'two words' }],
    ["the register's own name", { name: LOG_KEY.name }],
    ['a short key', { signingKey: new Uint8Array(31) }],
    ['a URL with a slash', { register: { ...LOG_KEY, url: 'https://x.test/', epochSeconds: EPOCH } }],
    ['an epoch of no length', { register: { ...LOG_KEY, url: 'https://x.test', epochSeconds: 0 } }],
  ])('does not open with %s', async (_, change) => {
    await expect(openTestWitness(await fresh(), 1, change)).rejects.toMatchObject({ code: 'witness_config_invalid' });
  });

  it('keeps the first refusals of each kind, each once', async () => {
    const database = await openDatabase<WitnessTables>(await fresh());
    await migrate(database, witnessMigrations);
    const refusal = (code: string, time: number) => ({ code, time, message: '', note: `note ${String(time)}` });
    for (let time = 0; time <= KEPT_REFUSALS; time++) await keepRefusal(database.kysely, refusal('log_fault', time));
    await keepRefusal(database.kysely, refusal('log_fault', 0));
    await keepRefusal(database.kysely, refusal('epoch_too_short', 7));
    const kept = await readRefusals(database.kysely);
    expect(kept).toHaveLength(KEPT_REFUSALS + 1);
    expect(Math.max(...kept.map(({ time }) => time))).toBe(KEPT_REFUSALS - 1);
    await database.close();
  });
});
