// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { cosign } from '../../src/log/cosignature.ts';
import { openNotes } from '../../src/log/witnessed.ts';
import { createCheckpointSource } from '../../src/platform/checkpoints.ts';
import { fetchCheckpoints } from '../../src/wallet/checkpoints.ts';
import { buildLog, type Cut, EPOCH, FIRST_ACTIVE, goodEpochs, LOG_KEY, make } from '../log/log_builder.ts';
import { POLICY } from './witnesses.ts';
import { openTestWitness, witnessKeys } from './witness_world.ts';

const hash = await buildWasmPoseidon();
const NUMBERS = [1, 2, 3] as const;
type TestWitness = Awaited<ReturnType<typeof openTestWitness>>;

const openThree = (): Promise<TestWitness[]> =>
  Promise.all(NUMBERS.map((number) => openTestWitness(':memory:', number)));

/** Shows a story, up to an epoch, to a witness; what it cosigns of the last is appended to that note. */
async function show(witness: TestWitness | undefined, cuts: readonly Cut[], last: number): Promise<string> {
  let line = '';
  for (let epoch = 0; epoch <= last && witness !== undefined; epoch++) {
    const { size } = await witness.json<{ size: number }>('/');
    const known = (cuts[epoch]?.checkpoint.size ?? 0) < size;
    if (known) continue;
    const response = await witness.ask(cuts, epoch, { old: Math.min(size, cuts[epoch]?.checkpoint.size ?? 0) });
    line = response.status === 200 ? await response.text() : '';
  }
  return line;
}

/** What a wallet and a verifier accept of the notes that are shown to them, by log size. */
async function acceptedBy(notes: readonly string[], now: number): Promise<{ wallet: number[]; verifier: number[] }> {
  const fetch = () => Promise.resolve(Response.json({ checkpoints: notes }));
  const wallet = await fetchCheckpoints(
    {
      ...{ url: 'https://register.test', name: LOG_KEY.name, key: LOG_KEY.publicKey, timeZone: 'Asia/Shanghai' },
      ...{ epochSeconds: EPOCH, turn: 'schedule', witnesses: POLICY.keys, threshold: POLICY.threshold },
    },
    { fetch, clock: () => now },
  );
  const source = createCheckpointSource({
    ...{ register: 'https://register.test', name: LOG_KEY.name, publicKey: LOG_KEY.publicKey, witnesses: POLICY },
    ...{ epochs: { epochSeconds: EPOCH, turn: 'schedule' }, fetch, clock: () => now },
  });
  return {
    wallet: wallet.map(({ checkpoint }) => checkpoint.size),
    verifier: (await source()).map(({ size }) => size),
  };
}

const CLEAN = goodEpochs();
const story = (...events: ReturnType<typeof make.leaf>[]): readonly Cut[] =>
  buildLog(hash, [...CLEAN.slice(0, 4), events]);
const NOW = (FIRST_ACTIVE + 4 * EPOCH) * 1000;

describe('a register that tells two stories under one key', () => {
  const left = story(make.leaf('left', 5));
  const right = story(make.leaf('right', 5));
  const noteOf = (cuts: readonly Cut[], epoch: number): string => cuts[epoch]?.note ?? '';

  it.each([
    ['each half of the witnesses another one first', [left, right, left]],
    ['the other one first', [right, left, right]],
    ['all the same', [left, left, left]],
  ])('cannot have both accepted: shown to %s', async (_, first) => {
    const witnesses = await openThree();
    const lines = new Map([left, right].map((cuts) => [cuts, [] as string[]]));
    for (const [i, witness] of witnesses.entries()) {
      const before = first[i] ?? left;
      // Then each is shown the other story as well.
      for (const cuts of [before, before === left ? right : left]) {
        const line = await show(witness, cuts, 4);
        if (line !== '') lines.get(cuts)?.push(line);
      }
    }
    const accepted = [left, right].filter((cuts) => {
      const note = noteOf(cuts, 4) + (lines.get(cuts)?.join('') ?? '');
      return openNotes([note], LOG_KEY, POLICY, NOW).witnessed.length === 1;
    });
    expect(accepted).toHaveLength(1);
    expect(lines.get(left)?.length).toBe(first.filter((cuts) => cuts === left).length);
    for (const witness of witnesses) await witness.close();
  });

  it('is proven by what any witness keeps: two notes with its signature', async () => {
    const [witness] = await openThree();
    await show(witness, left, 4);
    await show(witness, right, 4);
    const size = left[4]?.checkpoint.size;
    expect(await witness?.json('/')).toMatchObject({ size });
    const { refusals } = (await witness?.json('/refusals')) as { refusals: { code: string; note: string }[] };
    expect(refusals).toMatchObject([{ code: 'checkpoint_second_root', note: noteOf(right, 4) }]);
  });

  it('needs one witness of three that lies, which is 2k - n, and no honest one', async () => {
    const [first, second] = await openThree();
    const lie = (note: string): string => {
      const { secret, key } = witnessKeys(3);
      return cosign(note, key.name, secret, NOW / 1000);
    };
    const both = [
      noteOf(left, 4) + (await show(first, left, 4)) + lie(noteOf(left, 4)),
      noteOf(right, 4) + (await show(second, right, 4)) + lie(noteOf(right, 4)),
    ];
    for (const note of both) expect(openNotes([note], LOG_KEY, POLICY, NOW).witnessed).toHaveLength(1);
    // Of five with four needed, the same takes three.
    const five = { keys: [1, 2, 3, 4, 5].map((number) => witnessKeys(number).key), threshold: 4 };
    for (const note of both) expect(openNotes([note], LOG_KEY, five, NOW).witnessed).toHaveLength(0);
  });
});

describe('a root for one victim', () => {
  const honest = buildLog(hash, CLEAN.slice(0, 5));
  /** The log of epoch 4 and one entry more, signed as epoch 4 again: consistent, and nothing in it is forged. */
  const extra = buildLog(hash, [...CLEAN.slice(0, 5), [make.leaf('victim', 6)]], (made) =>
    made.epoch === 5 ? { ...made, epoch: 4, activeFrom: FIRST_ACTIVE + 4 * EPOCH } : made,
  );

  it('is refused by every witness, and so by the wallet and by the verifier', async () => {
    const witnesses = await openThree();
    const notes = new Map<number, string>();
    for (const epoch of [3, 4]) {
      let note = honest[epoch]?.note ?? '';
      for (const witness of witnesses) note += await show(witness, honest, epoch);
      notes.set(epoch, note);
    }
    const victims = extra[5]?.note ?? '';
    const lines: string[] = [];
    for (const witness of witnesses) {
      const response = await witness.ask(extra, 5, { old: honest[4]?.checkpoint.size ?? 0 });
      expect(response.status).toBe(422);
      if (response.status === 200) lines.push(await response.text());
    }
    const sizes = [3, 4].map((epoch) => honest[epoch]?.checkpoint.size);
    const shown = [notes.get(3) ?? '', notes.get(4) ?? '', victims + lines.join('')];
    expect(await acceptedBy(shown, NOW)).toEqual({ wallet: sizes, verifier: sizes });
    // Shown alone, it is nothing at all.
    await expect(acceptedBy([victims], NOW)).rejects.toMatchObject({ code: 'checkpoint_not_witnessed' });
    for (const witness of witnesses) await witness.close();
  });
});
