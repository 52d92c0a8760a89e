// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { emptyRoots, pathRoot } from '../../src/commitment/tree.ts';
import { decodeBlock, pathFromBlock } from '../../src/log/block.ts';
import { acceptedCheckpoints, type Checkpoint, openCheckpoint } from '../../src/log/checkpoint.ts';
import { encodeEvent } from '../../src/log/events.ts';
import { MemoryStore } from '../../src/log/memory_store.ts';
import { Replay } from '../../src/log/replay.ts';
import { initialState } from '../../src/log/replay_state.ts';
import { FIELD_ORDER, type FieldElement } from '../../src/protocol/field.ts';
import { keyList } from '../../src/register/config.ts';
import { isSignedByNode } from '../../src/register/signatures_node.ts';
import { describeOnEachDatabase } from '../databases.ts';
import {
  expectProblem,
  leafOf,
  LEAF,
  openTestRegister,
  positionOf,
  publicKey,
  REGISTER_KEY,
  replacement,
  submission,
  type TestRegister,
  withLeaf,
} from './harness.ts';

const NEW = leafOf('new');

/** Replays the whole log with every signature, as a witness does; throws at the first fault. */
async function expectSound(register: TestRegister): Promise<Checkpoint> {
  const hash = await buildWasmPoseidon();
  const { checkpoints } = await register.json<{ checkpoints: string[] }>('/checkpoints/0.json');
  const entries = (await register.events()).map((event) => new TextEncoder().encode(encodeEvent(event)));
  const store = new MemoryStore();
  let state = initialState(hash);
  for (const note of checkpoints) {
    const checkpoint = openCheckpoint(note, REGISTER_KEY);
    const tools = { hash, empty: emptyRoots(hash), store, isSigned: isSignedByNode };
    const step = new Replay(state, checkpoint, tools);
    store.write(await step.take(entries.slice(step.size, checkpoint.size)));
    state = step.finish();
  }
  return register.checkpoint();
}

const stateOf = (register: TestRegister, leaf: FieldElement): Promise<Record<string, unknown>> =>
  register.json(`/v1/leaves/${String(leaf)}`);

describeOnEachDatabase('a renewal', (fresh) => {
  it('puts the new leaf in the place of the old one, in one event', async () => {
    const register = await withLeaf(await fresh());
    await register.submit(leafOf('other'));
    const response = await register.replace(LEAF, NEW);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ leaf: NEW.toString(), status: 'pending' });
    expect(await stateOf(register, NEW)).toEqual({ leaf: NEW.toString(), status: 'pending' });
    // Who asks before the cut learns nothing of what waits.
    expect(await stateOf(register, LEAF)).toMatchObject({ status: 'published', index: 0 });
    expect(await stateOf(register, LEAF)).not.toHaveProperty('replaced_by');

    expect(await register.nextEpoch()).toBe(true);
    const { size, counts } = await expectSound(register);
    expect(counts).toEqual({ issued: 2, revoked: 0, active: 2, announced: 0, resets: 0, replaced: 1 });
    expect(await stateOf(register, NEW)).toEqual({
      leaf: NEW.toString(),
      status: 'published',
      index: 0,
      checkpoint: size,
    });
    expect(await stateOf(register, LEAF)).toMatchObject({ status: 'replaced', replaced_by: NEW.toString() });
    expect(await stateOf(register, LEAF)).not.toHaveProperty('index');
    const events = (await register.events()).filter(({ kind }) => kind.startsWith('leaf_'));
    expect(events.filter(({ kind }) => kind === 'leaf_replaced')).toMatchObject([
      { replaced: LEAF.toString(), leaf: NEW.toString(), index: 0 },
    ]);
    expect(events.filter(({ kind }) => kind === 'leaf_revoked')).toEqual([]);
    await register.close();
  });

  it('leaves no path from the old leaf to any root of later: a store of before is dead', async () => {
    const register = await withLeaf(await fresh());
    const hash = await buildWasmPoseidon();
    const pathAt = async (size: number) => {
      const response = await register.get(`/blocks/${String(size)}/0.bin`);
      return pathFromBlock(decodeBlock(new Uint8Array(await response.arrayBuffer())), 0);
    };
    const before = await register.checkpoint();
    const stolen = await pathAt(before.size);
    expect(pathRoot(hash, LEAF, 0, stolen)).toBe(before.presentationRoot);
    await register.replace(LEAF, NEW);
    await register.nextEpoch();
    const after = await register.checkpoint();
    const path = await pathAt(after.size);
    expect(pathRoot(hash, NEW, 0, path)).toBe(after.presentationRoot);
    expect(() => pathRoot(hash, LEAF, 0, path)).toThrow(expect.objectContaining({ code: 'path_invalid' }) as Error);
    const forged = path.map((children, level) => (level === 0 ? [LEAF, ...children.slice(1)] : children));
    expect(() => pathRoot(hash, LEAF, 0, forged)).toThrow(expect.objectContaining({ code: 'path_invalid' }) as Error);
    expect(pathRoot(hash, LEAF, 0, stolen)).not.toBe(after.presentationRoot);
    // The root with the old leaf is the active one, then for some minutes the previous one, then nobody's.
    const usable = async (): Promise<boolean> =>
      acceptedCheckpoints(await register.current(), register.time.now).some(
        ({ presentationRoot }) => presentationRoot === before.presentationRoot,
      );
    expect(await usable()).toBe(true);
    register.time.now = (after.activeFrom + 600) * 1000;
    expect(await usable()).toBe(false);
    await register.close();
  });

  it('is accepted once, however often and however many times at once it is sent', async () => {
    const register = await withLeaf(await fresh());
    const answers = await Promise.all(Array.from({ length: 6 }, () => register.replace(LEAF, NEW)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 202));
    await register.nextEpoch();
    const again = await register.replace(LEAF, NEW);
    expect(await again.json()).toMatchObject({ status: 'published', index: 0 });
    expect(await register.nextEpoch()).toBe(false);
    expect((await expectSound(register)).counts.replaced).toBe(1);
    await register.close();
  });

  it('lets one of two leaves in, when two want the same place at once', async () => {
    const register = await withLeaf(await fresh());
    const answers = await Promise.all([leafOf('x'), leafOf('y')].map((leaf) => register.replace(LEAF, leaf)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    const refused = answers.find(({ status }) => status === 409);
    await expectProblem(refused ?? Response.error(), 409, 'replacement_waits');
    await register.nextEpoch();
    expect((await expectSound(register)).counts).toMatchObject({ issued: 1, replaced: 1 });
    await expectProblem(await register.replace(LEAF, leafOf('z')), 409, 'leaf_replaced');
    await register.close();
  });

  it('of a leaf that still waits comes an epoch later, and a chain of them one by one', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(LEAF);
    expect((await register.replace(LEAF, NEW)).status).toBe(202);
    expect((await register.replace(NEW, leafOf('newer'))).status).toBe(202);
    await register.nextEpoch();
    expect(await stateOf(register, LEAF)).toMatchObject({ status: 'published', index: 0 });
    expect(await stateOf(register, NEW)).toMatchObject({ status: 'pending' });
    await register.nextEpoch();
    expect(await stateOf(register, NEW)).toMatchObject({ status: 'published', index: 0 });
    await register.nextEpoch();
    expect(await stateOf(register, leafOf('newer'))).toMatchObject({ status: 'published', index: 0 });
    expect(await register.nextEpoch()).toBe(false);
    expect((await expectSound(register)).counts).toMatchObject({ issued: 1, active: 1, replaced: 2 });
    await register.close();
  });

  it('needs the signature of a known issuer over both leaves', async () => {
    const register = await withLeaf(await fresh());
    const good = replacement(LEAF, NEW);
    const cases: readonly (readonly [object, number, string])[] = [
      [replacement(LEAF, NEW, 'stranger'), 403, 'issuer_unknown'],
      [replacement(LEAF, NEW, 'approver1'), 403, 'issuer_unknown'],
      [replacement(LEAF, NEW, 'otherIssuer'), 403, 'leaf_of_another'],
      [{ ...good, signature: replacement(LEAF, leafOf('z'))['signature'] }, 403, 'signature_invalid'],
      [{ ...good, signature: replacement(leafOf('z'), NEW)['signature'] }, 403, 'signature_invalid'],
      [{ ...good, signature: replacement(NEW, LEAF)['signature'] }, 403, 'signature_invalid'],
      [{ ...good, signature: submission(NEW)['signature'] }, 403, 'signature_invalid'],
      [{ ...good, replaced: '0' }, 400, 'leaf_zero'],
      [{ ...good, leaf: '0' }, 400, 'leaf_zero'],
      [{ ...good, replaced: (LEAF + FIELD_ORDER).toString() }, 400, 'field_not_canonical'],
      [{ ...good, leaf: FIELD_ORDER.toString() }, 400, 'field_not_canonical'],
      [{ ...good, more: 1 }, 400, 'body_invalid'],
      [{ ...good, replaced: undefined }, 400, 'body_invalid'],
      [replacement(leafOf('unknown'), NEW), 404, 'leaf_unknown'],
      [replacement(NEW, NEW), 404, 'leaf_unknown'],
      [replacement(LEAF, LEAF), 409, 'leaf_taken'],
    ];
    for (const [body, status, code] of cases) {
      await expectProblem(await register.post('/v1/replacements', body), status, code);
    }
    // A replacement's signature admits no leaf of its own.
    const added = { ...submission(NEW), signature: good['signature'] };
    await expectProblem(await register.post('/v1/leaves', added), 403, 'signature_invalid');
    expect(await register.nextEpoch()).toBe(false);
    await register.close();
  });

  it('takes no leaf that the register has, and brings none back', async () => {
    const register = await withLeaf(await fresh());
    await register.submit(leafOf('other'));
    await expectProblem(await register.replace(LEAF, leafOf('other')), 409, 'leaf_taken');
    await register.replace(LEAF, NEW);
    await expectProblem(await register.replace(leafOf('other'), NEW), 409, 'leaf_taken');
    await register.nextEpoch();
    await expectProblem(await register.submit(LEAF), 409, 'leaf_replaced');
    await expectProblem(await register.replace(NEW, LEAF), 409, 'leaf_taken');
    await expectProblem(await register.replace(leafOf('other'), LEAF), 409, 'leaf_taken');
    expect(await register.nextEpoch()).toBe(false);
    await expectSound(register);
    await register.close();
  });
});

describeOnEachDatabase('a renewal and a revocation', (fresh) => {
  it('nobody renews out of an announcement, whether it waits or stands', async () => {
    const register = await withLeaf(await fresh());
    await register.announce(LEAF);
    await expectProblem(await register.replace(LEAF, NEW), 409, 'revocation_announced');
    await register.nextEpoch();
    await expectProblem(await register.replace(LEAF, NEW), 409, 'revocation_announced');
    await register.reverse(LEAF, await positionOf(register, 'revocation_announced'));
    await expectProblem(await register.replace(LEAF, NEW), 409, 'revocation_announced');
    await register.nextEpoch();
    expect((await register.replace(LEAF, NEW)).status).toBe(202);
    await register.nextEpoch();
    expect((await expectSound(register)).counts).toMatchObject({ active: 1, replaced: 1, announced: 0 });
    await register.close();
  });

  it('an announcement that comes before the cut lets a renewal fall, and those that wait for it', async () => {
    const register = await withLeaf(await fresh());
    await register.replace(LEAF, NEW);
    await register.replace(NEW, leafOf('newer'));
    // An order about a leaf that falls goes with it.
    await register.revoke(leafOf('newer'));
    expect((await register.announce(LEAF)).status).toBe(202);
    for (const leaf of [NEW, leafOf('newer')]) {
      await expectProblem(await register.get(`/v1/leaves/${String(leaf)}`), 404, 'leaf_unknown');
    }
    await register.nextEpoch();
    const { counts } = await expectSound(register);
    expect(counts).toMatchObject({ active: 1, announced: 1, replaced: 0, revoked: 0 });
    await register.reverse(LEAF, await positionOf(register, 'revocation_announced'));
    await register.nextEpoch();
    expect((await register.replace(LEAF, NEW)).status).toBe(202);
    await register.nextEpoch();
    expect((await expectSound(register)).counts).toMatchObject({ active: 1, replaced: 1 });
    await register.close();
  });

  it.each(['revoke', 'request'] as const)('a %s before the cut lets a renewal fall for good', async (how) => {
    const register = await withLeaf(await fresh());
    await register.replace(LEAF, NEW);
    expect((await register[how](LEAF)).status).toBe(202);
    await expectProblem(await register.get(`/v1/leaves/${String(NEW)}`), 404, 'leaf_unknown');
    await expectProblem(await register.replace(LEAF, NEW), 409, 'leaf_revoked');
    await register.nextEpoch();
    await expectProblem(await register.replace(LEAF, NEW), 409, 'leaf_revoked');
    expect((await expectSound(register)).counts).toMatchObject({ active: 0, revoked: 1, replaced: 0 });
    await register.close();
  });

  it('a replaced leaf can not be decided about, and its successor can, before and after the cut', async () => {
    const register = await withLeaf(await fresh());
    await register.replace(LEAF, NEW);
    // Still waiting: announced in the very cut that publishes it.
    expect((await register.announce(NEW)).status).toBe(202);
    await register.nextEpoch();
    expect((await expectSound(register)).counts).toMatchObject({ active: 1, announced: 1, replaced: 1 });
    await expectProblem(await register.announce(LEAF), 409, 'leaf_replaced');
    await expectProblem(await register.revoke(LEAF), 409, 'leaf_replaced');
    await expectProblem(await register.request(LEAF), 409, 'leaf_replaced');
    await expectProblem(await register.replace(NEW, leafOf('newer')), 409, 'revocation_announced');
    expect((await register.revoke(NEW)).status).toBe(202);
    await register.nextEpoch();
    const { counts, presentationRoot } = await expectSound(register);
    expect(counts).toMatchObject({ issued: 1, active: 0, revoked: 1, announced: 0, replaced: 1 });
    const hash = await buildWasmPoseidon();
    expect(presentationRoot).toBe(emptyRoots(hash)[11]);
    await expectProblem(await register.replace(NEW, leafOf('newer')), 409, 'leaf_revoked');
    await register.close();
  });
});

describeOnEachDatabase('a renewal and the keys of issuers', (fresh) => {
  it('is for any issuer, once the key that signed the old leaf has left the log', async () => {
    const url = await fresh();
    const before = await openTestRegister(url);
    await before.submit(LEAF, 'otherIssuer');
    await before.nextEpoch();
    await before.close();
    const issuers = keyList(publicKey('issuer'));
    const after = await openTestRegister(url, { issuers });
    after.time.now = before.time.now;
    // Still in force: the log says otherwise only from the next cut on.
    await expectProblem(await after.replace(LEAF, NEW), 403, 'leaf_of_another');
    await after.nextEpoch();
    expect((await after.replace(LEAF, NEW)).status).toBe(202);
    await after.nextEpoch();
    expect((await expectSound(after)).counts).toMatchObject({ active: 1, replaced: 1 });
    await after.close();
  });

  it('falls where the cut puts the key of the old issuer back in force', async () => {
    const url = await fresh();
    const before = await openTestRegister(url);
    await before.submit(LEAF, 'otherIssuer');
    await before.nextEpoch();
    await before.close();
    const between = await openTestRegister(url, { issuers: keyList(publicKey('issuer')) });
    between.time.now = before.time.now;
    await between.nextEpoch();
    expect((await between.replace(LEAF, NEW)).status).toBe(202);
    await between.close();
    const after = await openTestRegister(url);
    after.time.now = between.time.now;
    await after.nextEpoch();
    expect((await expectSound(after)).counts).toMatchObject({ active: 1, replaced: 0 });
    await expectProblem(await after.get(`/v1/leaves/${String(NEW)}`), 404, 'leaf_unknown');
    expect((await after.replace(LEAF, NEW, 'otherIssuer')).status).toBe(202);
    await after.nextEpoch();
    expect((await expectSound(after)).counts).toMatchObject({ active: 1, replaced: 1 });
    await after.close();
  });

  it('keeps an issuer that leaves in the log until its renewals are published', async () => {
    const url = await fresh();
    const before = await openTestRegister(url);
    await before.submit(LEAF, 'otherIssuer');
    await before.replace(LEAF, NEW, 'otherIssuer');
    await before.close();
    const after = await openTestRegister(url, { issuers: keyList(publicKey('issuer')) });
    after.time.now = before.time.now;
    while (await after.nextEpoch()) await expectSound(after);
    expect(await stateOf(after, NEW)).toMatchObject({ status: 'published', index: 0 });
    expect((await after.events()).at(-1)).toMatchObject({ kind: 'key_removed', role: 'issuer' });
    await after.close();
  });
});

describeOnEachDatabase('renewals without room', (fresh) => {
  it('are published a few at a time, each once', async () => {
    const register = await openTestRegister(await fresh(), { maxLeaves: 3 });
    for (let i = 0; i < 3; i++) await register.submit(leafOf(i));
    await register.nextEpoch();
    for (let i = 3; i < 6; i++) await register.submit(leafOf(i));
    await register.nextEpoch();
    for (let i = 0; i < 6; i++) await register.replace(leafOf(i), leafOf(100 + i));
    const replaced: number[] = [];
    while (await register.nextEpoch()) replaced.push((await expectSound(register)).counts.replaced);
    expect(replaced).toEqual([3, 6]);
    await register.close();
  });
});

/** What a run may do next, to the leaf of that number of those that there are. */
const step = fc.record({
  what: fc.constantFrom('add', 'replace', 'replace', 'announce', 'reverse', 'revoke', 'request', 'turn', 'turn'),
  which: fc.nat(40),
});

it('whatever is ordered in whatever order, the register’s log holds up to a replay', async () => {
  let renewals = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 25, maxLength: 45 }), async (steps) => {
      const register = await openTestRegister(':memory:');
      const leaves: FieldElement[] = [];
      const orders = {
        add: async () => register.submit(leaves[leaves.push(leafOf(leaves.length)) - 1] as FieldElement),
        replace: async (leaf: FieldElement) => {
          const next = leafOf(leaves.length);
          leaves.push(next);
          return register.replace(leaf, next);
        },
        announce: (leaf: FieldElement) => register.announce(leaf),
        reverse: async (leaf: FieldElement) => {
          const { announcement } = (await stateOf(register, leaf)) as { announcement?: { position: number } };
          return register.reverse(leaf, announcement?.position ?? 0);
        },
        revoke: (leaf: FieldElement) => register.revoke(leaf),
        request: (leaf: FieldElement) => register.request(leaf),
        turn: async () => {
          await register.nextEpoch();
          return new Response();
        },
      };
      for (const { what, which } of steps) {
        const leaf = leaves[which % Math.max(1, leaves.length)] ?? leafOf('none');
        const { status } = await orders[what](leaf);
        expect([200, 202, 403, 404, 409]).toContain(status);
      }
      while (await register.nextEpoch());
      const { counts } = await expectSound(register);
      renewals += counts.replaced;
      const states = await Promise.all(leaves.map((leaf) => stateOf(register, leaf)));
      const count = (status: string): number => states.filter((state) => state['status'] === status).length;
      expect([count('pending'), count('published'), count('revoked'), count('replaced')]).toEqual([
        0,
        counts.active,
        counts.revoked,
        counts.replaced,
      ]);
      await register.close();
    }),
    { numRuns: 8 },
  );
  expect(renewals).toBeGreaterThan(0);
});
