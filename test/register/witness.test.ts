// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { MAX_ADD_CHECKPOINT_BYTES } from '../../src/log/add_checkpoint.ts';
import { signCheckpoint } from '../../src/log/checkpoint.ts';
import { openWithCosignatures } from '../../src/log/cosignature.ts';
import type { LogEvent } from '../../src/log/events.ts';
import { toBase64 } from '../../src/log/note.ts';
import { toField } from '../../src/protocol/field.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { buildLog, type Cut, EPOCH, FIRST_ACTIVE, goodEpochs, LOG_KEY, LOG_SECRETS, make } from '../log/log_builder.ts';
import { expectProblem } from './harness.ts';
import { askAll, bodyFor, expectSize, openTestWitness, serveEntries } from './witness_world.ts';

const hash = await buildWasmPoseidon();
const GOOD = buildLog(hash, goodEpochs());
const sizeOf = (epoch: number): number => GOOD[epoch]?.checkpoint.size ?? 0;

/** The good log up to an epoch, and then what the test says. */
const goodUntil = (epoch: number, ...then: readonly (LogEvent | string)[][]): readonly Cut[] =>
  buildLog(hash, [...goodEpochs().slice(0, epoch + 1), ...then]);

/** The good log with the checkpoint of an epoch changed before the register signs it. */
const changedAt = (epoch: number, change: (cut: Cut['checkpoint']) => Partial<Cut['checkpoint']>): readonly Cut[] =>
  buildLog(hash, goodEpochs(), (made) => (made.epoch === epoch ? { ...made, ...change(made) } : made));

describeOnEachDatabase('a witness', (fresh) => {
  it('cosigns an honest log, checkpoint after checkpoint, over a restart', async () => {
    const url = await fresh();
    const first = await openTestWitness(url);
    expect(await first.json('/')).toMatchObject({ name: first.key.name, origin: LOG_KEY.name, size: 0 });
    await askAll(first, GOOD, 3);
    await first.close();

    const second = await openTestWitness(url);
    for (let epoch = 4; epoch < GOOD.length; epoch++) {
      const response = await second.ask(GOOD, epoch);
      expect(response.status).toBe(200);
      const policy = { keys: [second.key], threshold: 1 };
      const { checkpoint, cosignatures } = openWithCosignatures(
        (GOOD[epoch]?.note ?? '') + (await response.text()),
        LOG_KEY,
        policy,
      );
      expect(checkpoint).toEqual(GOOD[epoch]?.checkpoint);
      expect(cosignatures).toMatchObject([{ time: second.now / 1000 }]);
    }
    const last = GOOD.at(-1)?.checkpoint;
    expect(await second.json('/')).toEqual({
      name: second.key.name,
      public_key: expect.any(String) as string,
      origin: LOG_KEY.name,
      size: last?.size,
      root: toBase64(last?.rootHash ?? new Uint8Array()),
      epoch: last?.epoch,
      presentation_root: String(last?.presentationRoot),
      time: second.now / 1000,
    });
    expect(await second.json('/refusals')).toEqual({ refusals: [] });
    await second.close();
  });

  it('answers as the specification has it', async () => {
    const witness = await openTestWitness(await fresh());
    const { post } = witness;
    await expectProblem(await post('new 0\n'), 400, 'add_checkpoint_invalid');
    await expectProblem(await post('old 0\n\nno note\n'), 400, 'note_invalid');
    await expectProblem(await post('x'.repeat(MAX_ADD_CHECKPOINT_BYTES + 1)), 413, 'body_too_large');
    await expectProblem(await post(bodyFor(GOOD, 0).replaceAll(LOG_KEY.name, 'other.test/v1')), 404, 'log_unknown');
    const forged = GOOD[0] && {
      ...GOOD[0],
      note: signCheckpoint(GOOD[0].checkpoint, LOG_SECRETS.stranger, LOG_KEY.name),
    };
    await expectProblem(await post(bodyFor(forged ? [forged] : [], 0)), 403, 'signature_invalid');
    await expectProblem(await post(bodyFor(GOOD, 0, sizeOf(0) + 1)), 400, 'add_checkpoint_invalid');
    await expectSize(await post(bodyFor(GOOD, 1)), 0);
    // Nothing can be proven from an empty log.
    const hashes = bodyFor(GOOD, 2).split('\n\n')[0]?.split('\n').slice(1).join('\n') ?? '';
    witness.tiles = serveEntries(GOOD);
    await expectProblem(await post(bodyFor(GOOD, 0).replace('\n', `\n${hashes}\n`)), 422, 'consistency_invalid');
    await askAll(witness, GOOD, 2);
    for (const old of [0, sizeOf(0), sizeOf(1)]) {
      await expectSize(await witness.ask(GOOD, 3, { old }), sizeOf(2));
    }
    await expectProblem(
      await post(bodyFor(GOOD, 3).replace(/old (\d+)\n[^\n]+\n/, 'old $1\n')),
      422,
      'consistency_invalid',
    );
    await expectProblem(await post(bodyFor(GOOD, 3).replace(/\n[A-Z]/, '\n9')), 422, 'consistency_invalid');
    expect((await witness.ask(GOOD, 3)).status).toBe(200);
    await witness.close();
  });

  it('cosigns again what it cosigned, when its answer was lost, and nothing older', async () => {
    const witness = await openTestWitness(await fresh());
    await askAll(witness, GOOD, 5);
    const again = await witness.ask(GOOD, 5, { old: sizeOf(5) });
    expect(again.status).toBe(200);
    // Epoch 5 published nothing: the checkpoint before it has the same size, and was cosigned as well.
    expect((await witness.ask(GOOD, 4, { old: sizeOf(5) })).status).toBe(200);
    await expectSize(await witness.ask(GOOD, 3), sizeOf(5));
    await expectProblem(await witness.ask(GOOD, 3, { old: sizeOf(5) }), 400, 'add_checkpoint_invalid');
    await witness.close();
  });

  it('remembers that a leaf was replaced, over checkpoints and restarts', async () => {
    const url = await fresh();
    const first = await openTestWitness(url);
    await askAll(first, GOOD, 7);
    await first.close();
    const second = await openTestWitness(url);
    for (const event of [make.replace('e', 'x', 4), make.request('e', 4), make.announce('g', 4), make.leaf('g', 7)]) {
      await expectProblem(await second.ask(goodUntil(7, [event]), 8), 422, 'log_fault');
    }
    expect((await second.ask(goodUntil(7, [make.replace('h', 'x', 4)]), 8)).status).toBe(200);
    await second.close();
  });

  it('refuses a fork, and keeps both sides', async () => {
    const witness = await openTestWitness(await fresh());
    await askAll(witness, GOOD, 3);
    const forked = goodUntil(2, [make.reverse('c', 3, 14), make.leaf('x', 5), make.resets(1, 12)]);
    expect(forked[3]?.checkpoint.size).toBe(sizeOf(3));
    // Of the size that it cosigned: another root.
    await expectSize(await witness.ask(forked, 3, { old: sizeOf(3) }), sizeOf(3));
    // A larger one, with a proof from the state before the fork.
    const longer = goodUntil(2, [make.leaf('x', 5)], [make.leaf('y', 6), make.leaf('z', 7), make.leaf('w', 8)]);
    await expectProblem(await witness.ask(longer, 4, { old: sizeOf(3) }), 422, 'consistency_invalid');
    const { refusals } = await witness.json<{ refusals: { code: string; note: string }[] }>('/refusals');
    expect(refusals).toMatchObject(
      [
        { code: 'consistency_invalid', note: longer[4]?.note },
        { code: 'checkpoint_second_root', note: forked[3]?.note },
      ].sort((a, b) => a.code.localeCompare(b.code)),
    );
    expect(witness.logged.join('')).toContain('checkpoint_second_root');
    expect((await witness.ask(GOOD, 4)).status).toBe(200);
    await witness.close();
  });

  it('refuses a second presentation root for an epoch, also a consistent one', async () => {
    const witness = await openTestWitness(await fresh());
    await askAll(witness, GOOD, 3);
    // The log of epoch 3 and one entry more, signed as epoch 3 again: nothing in it is forged.
    const extra = buildLog(hash, [...goodEpochs().slice(0, 4), [make.leaf('victim', 5)]], (made) =>
      made.epoch === 4 ? { ...made, epoch: 3, activeFrom: made.activeFrom - EPOCH } : made,
    );
    await expectProblem(await witness.ask(extra, 4), 422, 'checkpoint_second_root');
    // The same log and another time for it.
    const moved = changedAt(3, ({ activeFrom }) => ({ activeFrom: activeFrom + 1 }));
    await expectProblem(await witness.ask(moved, 3, { old: sizeOf(3) }), 422, 'checkpoint_second_root');
    // A root between two epochs.
    const between = buildLog(hash, [...goodEpochs().slice(0, 4), [make.leaf('victim', 5)]], (made) =>
      made.epoch === 4 ? { ...made, activeFrom: made.activeFrom - 1 } : made,
    );
    await expectProblem(await witness.ask(between, 4), 422, 'epoch_too_short');
    expect((await witness.ask(GOOD, 4)).status).toBe(200);
    await witness.close();
  });

  it.each<[string, string, readonly (LogEvent | string)[]]>([
    ['a leaf that nobody signed', 'signature', [{ ...make.leaf('x', 5), signature: 'A'.repeat(86) } as LogEvent]],
    ['a leaf by a stranger', 'key_unknown', [make.leaf('x', 5, 'stranger')]],
    ['a leaf that was there before', 'leaf_repeated', [make.leaf('a', 5)]],
    ['a revoked leaf that comes back', 'leaf_repeated', [make.leaf('d', 5)]],
    ['a revocation that nobody approved', 'approvals', [make.urgent('e', 4, ['approver1'])]],
    ['a revocation before its time', 'delay', [make.carryOut('b', 0, 18, 'document_withdrawn')]],
    ['an entry that is none', 'entry_form', ['{"kind":"nothing"}']],
  ])('refuses %s, and changes nothing', async (_, rule, events) => {
    const witness = await openTestWitness(await fresh());
    await askAll(witness, GOOD, 3);
    const response = await witness.ask(goodUntil(3, [...events]), 4);
    const { detail } = (await response.clone().json()) as { detail: string };
    await expectProblem(response, 422, 'log_fault');
    expect(detail).toContain(`breaks the rule ${rule} at entry ${String(sizeOf(3))}`);
    expect(await witness.json('/')).toMatchObject({ size: sizeOf(3), epoch: 3 });
    expect(await witness.json('/refusals')).toMatchObject({ refusals: [{ code: 'log_fault' }] });
    for (let epoch = 4; epoch < GOOD.length; epoch++) {
      expect((await witness.ask(GOOD, epoch)).status).toBe(200);
    }
    await witness.close();
  });

  it.each<[string, string, (made: Cut['checkpoint']) => Partial<Cut['checkpoint']>]>([
    ['another presentation root', 'presentation_root', () => ({ presentationRoot: toField(5n) })],
    [
      'other counts',
      'counts',
      ({ counts }) => ({ counts: { ...counts, issued: counts.issued + 1, active: counts.active + 1 } }),
    ],
    ['a skipped epoch', 'epoch', () => ({ epoch: 5, activeFrom: FIRST_ACTIVE + 5 * EPOCH })],
  ])('refuses a checkpoint with %s', async (_, rule, change) => {
    const witness = await openTestWitness(await fresh());
    await askAll(witness, GOOD, 3);
    const response = await witness.ask(changedAt(4, change), 4);
    expect(await response.json()).toMatchObject({ code: 'log_fault', detail: expect.stringContaining(rule) as string });
    expect((await witness.ask(GOOD, 4)).status).toBe(200);
    await witness.close();
  });

  it('refuses a time that lies too far ahead: delays would pass unseen', async () => {
    const witness = await openTestWitness(await fresh());
    await askAll(witness, GOOD, 3);
    const later = changedAt(4, () => ({ activeFrom: witness.now / 1000 + 2 * EPOCH + 601 }));
    witness.tiles = serveEntries(later);
    await expectProblem(await witness.post(bodyFor(later, 4)), 422, 'epoch_too_far');
    witness.now += 1000;
    expect((await witness.post(bodyFor(later, 4))).status).toBe(200);
    await witness.close();
  });

  it('waits for tiles that are away or damaged, and blames nobody for them', async () => {
    const witness = await openTestWitness(await fresh());
    await askAll(witness, GOOD, 3);
    const body = bodyFor(GOOD, 4);
    witness.tiles = serveEntries(GOOD.slice(0, 4));
    await expectProblem(await witness.post(body), 503, 'tiles_unavailable');
    witness.tiles = () => Promise.reject(new TypeError('fetch failed'));
    await expectProblem(await witness.post(body), 503, 'tiles_unavailable');
    witness.tiles = () => Promise.resolve(new Response(new Uint8Array(5)));
    await expectProblem(await witness.post(body), 503, 'tiles_unavailable');
    expect(await witness.json('/refusals')).toEqual({ refusals: [] });
    // Tiles of another log than the checkpoint's.
    witness.tiles = serveEntries(
      goodUntil(3, [make.leaf('u', 5), make.leaf('v', 6), make.leaf('w', 7), make.leaf('x', 8), make.leaf('y', 9)]),
    );
    await expectProblem(await witness.post(body), 422, 'tiles_mismatch');
    expect((await witness.ask(GOOD, 4)).status).toBe(200);
    await witness.close();
  });

  it('asks for patience while it replays, and answers when it is done', async () => {
    const witness = await openTestWitness(await fresh(), 1, { patience: 20 });
    const honest = serveEntries(GOOD);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    witness.tiles = async (url, init) => {
      await held;
      return honest(url, init);
    };
    await expectProblem(await witness.post(bodyFor(GOOD, 0)), 503, 'witness_busy');
    await expectProblem(await witness.post(bodyFor(GOOD, 1)), 503, 'witness_busy');
    expect(await witness.json('/')).toMatchObject({ size: 0 });
    release();
    await expect.poll(async () => (await witness.json<{ size: number }>('/')).size).toBe(sizeOf(0));
    // Its patience is short: a busy machine may need more than one question.
    await expect.poll(async () => (await witness.ask(GOOD, 0, { old: sizeOf(0) })).status).toBe(200);
    await witness.close();
  });
});
