// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { emptyRoots } from '../../src/commitment/tree.ts';
import type { Checkpoint } from '../../src/log/checkpoint.ts';
import { encodeEvent, type LogEvent } from '../../src/log/events.ts';
import { faultOf, LOG_RULES, type LogRule } from '../../src/log/faults.ts';
import { MemoryStore } from '../../src/log/memory_store.ts';
import { entryHash } from '../../src/log/merkle.ts';
import { Replay } from '../../src/log/replay.ts';
import { decodeReplayState, encodeReplayState, initialState, type ReplayState } from '../../src/log/replay_state.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { buildLog, type Cut, EPOCH, FIRST_ACTIVE, goodEpochs, leafNamed, make, partyId } from './log_builder.ts';
import { toyHash } from './reference.ts';

const hash = toyHash();
const empty = emptyRoots(hash);

/** Replays a log; entries in parts of so many. */
async function replay(cuts: readonly Cut[], part = 1000): Promise<ReplayState> {
  const store = new MemoryStore();
  let state = initialState(hash);
  for (const { checkpoint, entries } of cuts) {
    const step = new Replay(decodeReplayState(encodeReplayState(state)), checkpoint, { hash, empty, store });
    for (let start = 0; start < entries.length; start += part) {
      store.write(await step.take(entries.slice(start, start + part)));
    }
    state = step.finish();
  }
  return state;
}

/** The first fault, as `rule position`. */
async function firstFault(cuts: readonly Cut[], part?: number): Promise<string> {
  const error: unknown = await replay(cuts, part).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const found = faultOf(error);
  if (found === undefined) return error instanceof Error ? error.message : 'none';
  expect(error).toMatchObject({ code: 'log_fault' });
  expect((error as Error).message).toContain(`${found.rule} at`);
  return `${found.rule} ${String(found.position)}`;
}

/** The good log with one entry replaced; entries count through the epochs. */
function withEntry(
  position: number,
  entry: LogEvent | string,
  ...more: (LogEvent | string)[]
): (LogEvent | string)[][] {
  const epochs = goodEpochs();
  let start = 0;
  for (const events of epochs) {
    if (position < start + events.length) {
      events.splice(position - start, 1, entry, ...more);
      return epochs;
    }
    start += events.length;
  }
  throw new Error('the log has no such entry');
}

/** An event of the good log with some of its members changed; the signature stays as it was. */
function altered(position: number, change: Record<string, unknown>): LogEvent {
  const event = goodEpochs().flat()[position];
  if (event === undefined || typeof event === 'string') throw new Error('no such event');
  return { ...event, ...change };
}

describe('a replay', () => {
  it('accepts a log in which everything happens that may, whatever the parts it comes in', async () => {
    const cuts = buildLog(hash, goodEpochs());
    const states = await Promise.all([1, 2, 3, 1000].map((part) => replay(cuts, part)));
    const last = cuts.at(-1)?.checkpoint;
    for (const state of states) {
      expect(state).toEqual(states[0]);
      expect(state).toMatchObject({
        counts: last?.counts,
        reasons: last?.reasons,
        presentationRoot: last?.presentationRoot,
      });
    }
    expect(last?.counts).toEqual({ issued: 7, revoked: 4, active: 3, announced: 0, resets: 3, replaced: 3 });
    expect(last?.reasons).toMatchObject({ holder_request: 1, document_lost: 1, fraud: 2, document_withdrawn: 0 });
    expect(states[0]?.rules).toEqual({ approvals: 1, delay: EPOCH });
    expect(states[0]?.keys.map(({ id }) => id)).not.toContain(partyId('otherIssuer'));
  });

  it('accepts a checkpoint without entries, and a log that begins with one', async () => {
    expect(await firstFault(buildLog(hash, [[], goodEpochs()[0] ?? []]))).toBe('none');
  });

  it('hashes no node of the tree for an announcement', async () => {
    const cuts = buildLog(hash, goodEpochs().slice(0, 4));
    const before = hash.calls;
    const store = new MemoryStore();
    let state = initialState(hash);
    for (const { checkpoint, entries } of cuts.slice(0, 3)) {
      const step = new Replay(state, checkpoint, { hash, empty, store });
      store.write(await step.take(entries));
      state = step.finish();
    }
    const used = hash.calls;
    expect(used).toBeGreaterThan(before);
    const step = new Replay(state, cuts[3]?.checkpoint as Checkpoint, { hash, empty, store });
    expect((await step.take(cuts[3]?.entries ?? [])).tree.families).toEqual([]);
    expect(hash.calls).toBe(used);
  });
});

const text = (event: LogEvent | string | undefined): string => JSON.stringify(event);

/** Each rule about entries, with a log that breaks it once. The position is where the replay must stop. */
const BROKEN: readonly (readonly [LogRule, number, string, (LogEvent | string)[][]])[] = [
  ['entry_form', 16, 'no JSON', withEntry(16, 'leaf')],
  ['entry_form', 16, 'an unknown event', withEntry(16, '{"kind":"leaf_moved"}')],
  ['entry_form', 16, 'another order of members', withEntry(16, text(make.leaf('e', 4)))],
  ['entry_form', 16, 'a space', withEntry(16, ` ${text({ ...make.created() })}`)],
  ['entry_form', 13, 'one approver twice', withEntry(13, altered(13, { approvals: twice(make.announce('a', 1)) }))],
  ['entry_form', 16, 'a leaf that is no field element', withEntry(16, encodeEvent(altered(16, { leaf: '-1' })))],
  ['entry_form', 16, 'a position outside the tree', withEntry(16, altered(16, { index: 2 ** 33 }))],
  ['first_entry', 0, 'no creation', withEntry(0, make.rules())],
  ['first_entry', 0, 'another origin', withEntry(0, make.created('other.test/v1'))],
  ['first_entry', 7, 'a second creation', withEntry(7, make.created())],
  ['key_in_force', 7, 'a key added twice', withEntry(7, make.key('issuer', 'issuer'))],
  ['key_unknown', 7, 'a key removed that was never added', withEntry(7, make.noKey('approver', 'issuer'))],
  ['key_id', 7, 'a key under the id of another', withEntry(7, altered(2, { id: partyId('stranger') }))],
  ['key_unknown', 16, 'a leaf of a stranger', withEntry(16, make.leaf('e', 4, 'stranger'))],
  ['key_unknown', 24, 'a leaf of an issuer that was removed', withEntry(24, make.leaf('f', 5, 'otherIssuer'))],
  [
    'key_unknown',
    13,
    'an approval by an issuer',
    withEntry(13, make.announce('a', 1, { by: ['approver1', 'issuer'] })),
  ],
  ['signature', 16, 'a leaf signed for another', withEntry(16, altered(16, { leaf: String(leafNamed('z')) }))],
  ['signature', 13, 'an approval of another reason', withEntry(13, altered(13, { reason: 'death' }))],
  ['signature', 15, 'a request that is none', withEntry(15, altered(15, { signature: 'A'.repeat(86) }))],
  ['signature', 17, 'a reversal for another announcement', withEntry(17, make.reverse('c', 3, 13))],
  [
    'signature',
    21,
    'approvals that are not of the urgent kind',
    withEntry(21, altered(21, { approvals: approvalsOf(18) })),
  ],
  ['signature', 22, 'an announcement that repeats the reversed one', withEntry(22, altered(14, { reason: 'death' }))],
  ['signature', 19, 'resets counted after another event', withEntry(19, make.resets(1))],
  ['signature', 19, 'other resets than were signed', withEntry(19, altered(19, { count: 7 }))],
  ['issuer_other', 15, 'a request told by another issuer', withEntry(15, make.request('d', 2, 'otherIssuer'))],
  ['leaf_repeated', 16, 'a leaf that is in the tree', withEntry(16, make.leaf('a', 4))],
  ['leaf_repeated', 16, 'a leaf that was revoked', withEntry(16, make.leaf('d', 4))],
  ['leaf_repeated', 11, 'a leaf twice in one checkpoint', withEntry(11, make.leaf('b', 2))],
  ['index_taken', 16, 'a position that was emptied', withEntry(16, make.leaf('e', 2))],
  ['index_taken', 11, 'a position twice in one checkpoint', withEntry(11, make.leaf('d', 0))],
  ['index_outside', 16, 'a position that leaves a gap', withEntry(16, make.leaf('e', 5))],
  ['leaf_unknown', 15, 'a leaf that there is not', withEntry(15, make.request('z', 2))],
  ['leaf_elsewhere', 15, 'a wrong position', withEntry(15, make.request('d', 1))],
  ['leaf_elsewhere', 13, 'a wrong position announced', withEntry(13, make.announce('a', 0))],
  ['leaf_elsewhere', 17, 'a wrong position reversed', withEntry(17, make.reverse('c', 1, 14))],
  ['leaf_revoked', 18, 'a revoked leaf announced', withEntry(18, make.announce('d', 2))],
  ['leaf_revoked', 16, 'a leaf revoked twice', withEntry(16, make.request('d', 2))],
  ['entry_form', 27, 'a replacement by the empty leaf', withEntry(27, text(altered(27, { leaf: '0' })))],
  ['entry_form', 27, 'a replacement of nothing', withEntry(27, text(altered(27, { replaced: undefined })))],
  ['signature', 27, 'a replacement signed for another new leaf', withEntry(27, altered(27, { leaf: '7' }))],
  [
    'signature',
    27,
    'a replacement signed for another old leaf',
    withEntry(27, altered(27, { replaced: String(leafNamed('f')), index: 5 })),
  ],
  [
    'signature',
    27,
    'a replacement with the signature of an added leaf',
    withEntry(27, altered(27, { signature: (make.leaf('g', 4) as { signature: string }).signature })),
  ],
  ['issuer_other', 16, 'a replacement by another issuer', withEntry(16, make.replace('b', 'e', 0, 'otherIssuer'))],
  ['issuer_other', 27, 'a replacement by a stranger', withEntry(27, make.replace('e', 'g', 4, 'stranger'))],
  ['announcement_replaced', 16, 'a renewal out of a revocation', withEntry(16, make.replace('a', 'e', 1))],
  ['leaf_unknown', 27, 'a replacement of a leaf that there is not', withEntry(27, make.replace('z', 'g', 4))],
  ['leaf_elsewhere', 27, 'a replacement at another position', withEntry(27, make.replace('e', 'g', 5))],
  ['leaf_revoked', 27, 'a replacement of a revoked leaf', withEntry(27, make.replace('d', 'g', 2))],
  ['leaf_repeated', 27, 'a replacement by a leaf that is in the tree', withEntry(27, make.replace('e', 'f', 4))],
  ['leaf_repeated', 27, 'a replacement by a revoked leaf', withEntry(27, make.replace('e', 'd', 4))],
  ['leaf_repeated', 27, 'a replacement by itself', withEntry(27, make.replace('e', 'e', 4))],
  ['leaf_repeated', 28, 'a replaced leaf that comes back', withEntry(28, make.leaf('e', 6))],
  ['leaf_repeated', 30, 'a replaced leaf that replaces its successor', withEntry(30, make.replace('g', 'e', 4))],
  ['index_taken', 28, 'the position of a replaced leaf', withEntry(28, make.leaf('i', 4))],
  ['leaf_replaced', 30, 'a leaf replaced twice', withEntry(30, make.replace('e', 'h', 4))],
  ['leaf_replaced', 30, 'a replaced leaf revoked', withEntry(30, make.request('e', 4))],
  ['leaf_replaced', 22, 'a replaced leaf announced', withEntry(18, make.replace('c', 'z', 3, 'otherIssuer'))],
  ['rules_missing', 13, 'an announcement without rules', withEntry(1, make.artifacts())],
  ['approvals', 13, 'one approval too few', withEntry(13, make.announce('a', 1, { by: ['approver2'] }))],
  ['approvals', 17, 'a reversal with one too few', withEntry(17, make.reverse('c', 3, 14, ['approver3']))],
  ['approvals', 21, 'an urgent revocation with one too few', withEntry(21, make.urgent('b', 0, ['approver1']))],
  ['announcement_open', 18, 'a second announcement', withEntry(18, make.announce('a', 1, { after: 13 }))],
  ['announcement_unknown', 17, 'a reversal of nothing', withEntry(17, make.reverse('b', 0, 14))],
  ['announcement_unknown', 19, 'a second reversal', withEntry(19, make.reverse('c', 3, 14))],
  ['announcement_unknown', 20, 'a revocation that was not announced', withEntry(20, make.carryOut('e', 4, 13))],
  ['announcement_unknown', 20, 'a revocation that was reversed', withEntry(20, make.carryOut('c', 3, 14))],
  ['announcement_unknown', 20, 'another position', withEntry(20, make.carryOut('a', 1, 14))],
  ['announcement_reason', 20, 'another reason', withEntry(20, make.carryOut('a', 1, 13, 'death'))],
  ['delay', 19, 'a revocation one epoch early', withEntry(19, make.carryOut('a', 1, 13))],
  ['delay', 16, 'a revocation in the checkpoint of its announcement', withEntry(16, make.carryOut('a', 1, 13))],
  [
    'delay',
    24,
    'a delay that rules of later would shorten',
    withEntry(24, make.rules(1, 1), make.carryOut('c', 3, 22)),
  ],
];

function approvalsOf(position: number): unknown {
  const event = goodEpochs().flat()[position];
  return typeof event === 'object' && 'approvals' in event ? event.approvals : undefined;
}

function twice(event: LogEvent): unknown {
  const approvals = 'approvals' in event && Array.isArray(event.approvals) ? event.approvals : [];
  return [approvals[0], approvals[0]];
}

describe('the first fault is named, with its position', () => {
  it.each(BROKEN)('%s %d: %s', async (rule, position, what, epochs) => {
    // The rule of the last case shortens the delay one entry before the revocation.
    const at = what.includes('rules of later') ? position + 1 : position;
    const cuts = buildLog(hash, epochs);
    expect(await firstFault(cuts)).toBe(`${rule} ${String(at)}`);
    expect(await firstFault(cuts, 1)).toBe(`${rule} ${String(at)}`);
  });

  it('is the first also when an entry behind it has no form', async () => {
    const epochs = withEntry(15, make.request('d', 1), 'nonsense');
    expect(await firstFault(buildLog(hash, epochs))).toBe('leaf_elsewhere 15');
  });

  const good = buildLog(hash, goodEpochs());
  const change = (at: number, changes: Partial<Checkpoint>): readonly Cut[] =>
    good.map((cut, i) => (i === at ? { ...cut, checkpoint: { ...cut.checkpoint, ...changes } } : cut));
  const entriesOf = (at: number): readonly Uint8Array[] => good[at]?.entries ?? [];
  const counts = good[4]?.checkpoint.counts as Checkpoint['counts'];
  const reasons = good[4]?.checkpoint.reasons as Checkpoint['reasons'];

  it.each([
    ['second_root', 17, change(3, { epoch: 2, size: 17 })],
    ['epoch', 20, change(3, { epoch: 4 })],
    ['epoch', 20, change(3, { epoch: 1 })],
    ['epoch', 8, change(0, { epoch: 1 })],
    ['active_from', 20, change(3, { activeFrom: FIRST_ACTIVE + 2 * EPOCH })],
    ['rollback', 12, change(3, { size: 12 })],
    ['log_root', 20, change(3, { rootHash: entryHash('x') })],
    ['presentation_root', 25, change(4, { presentationRoot: toField(7n) })],
    ['presentation_root', 25, change(5, { presentationRoot: toField(7n) })],
    ['counts', 25, change(4, { counts: { ...counts, announced: 0 } })],
    ['counts', 25, change(4, { counts: { ...counts, resets: 4 } })],
    ['counts', 25, change(4, { counts: { ...counts, issued: 7, active: 4 } })],
    ['counts', 25, change(4, { counts: { ...counts, revoked: 2, active: 4 } })],
    ['counts', 31, change(7, { counts: { ...(good[7]?.checkpoint.counts as Checkpoint['counts']), replaced: 2 } })],
    ['presentation_root', 31, change(7, { presentationRoot: good[6]?.checkpoint.presentationRoot as FieldElement })],
    ['reasons', 25, change(4, { reasons: { ...reasons, fraud: 0, death: 1 } })],
    ['entry_missing', 19, good.map((cut, i) => (i === 3 ? { ...cut, entries: entriesOf(3).slice(0, -1) } : cut))],
    [
      'entry_beyond',
      20,
      good.map((cut, i) => (i === 3 ? { ...cut, entries: [...entriesOf(3), new Uint8Array()] } : cut)),
    ],
  ] as const)('%s %d', async (rule, position, cuts) => {
    expect(await firstFault(cuts)).toBe(`${rule} ${String(position)}`);
  });

  it('entries of another log do not pass under a checkpoint', async () => {
    const other = buildLog(hash, withEntry(24, make.leaf('g', 5)));
    const cuts = good.map((cut, i) => (i === 4 ? { ...cut, entries: other[4]?.entries ?? [] } : cut));
    expect(await firstFault(cuts)).toBe('log_root 25');
  });

  it('covers every rule', () => {
    const tested = new Set<string>([
      ...BROKEN.map(([rule]) => rule),
      ...['second_root', 'epoch', 'active_from', 'rollback', 'log_root', 'presentation_root', 'counts', 'reasons'],
      ...['entry_missing', 'entry_beyond'],
    ]);
    expect(Object.keys(LOG_RULES).filter((rule) => !tested.has(rule))).toEqual([]);
  });
});

describe('a replacement', () => {
  const opening = (goodEpochs()[0] ?? []).slice(0, 7);
  const after = (...events: LogEvent[]): Promise<string> =>
    firstFault(buildLog(hash, [opening, [make.leaf('a', 0, 'otherIssuer')], events]));

  it('is left to the issuer that signed the leaf, and to any in force once its key is not', async () => {
    expect(await after(make.replace('a', 'b', 0, 'otherIssuer'))).toBe('none');
    expect(await after(make.replace('a', 'b', 0))).toBe('issuer_other 8');
    const gone = make.noKey('issuer', 'otherIssuer');
    expect(await after(gone, make.replace('a', 'b', 0))).toBe('none');
    expect(await after(gone, make.replace('a', 'b', 0), make.replace('b', 'c', 0))).toBe('none');
    expect(await after(gone, make.replace('a', 'b', 0, 'otherIssuer'))).toBe('key_unknown 9');
    expect(await after(gone, make.replace('a', 'b', 0, 'stranger'))).toBe('key_unknown 9');
    // An approver's key is no issuer's.
    expect(await after(gone, make.replace('a', 'b', 0, 'approver1'))).toBe('key_unknown 9');
    const back = make.key('issuer', 'otherIssuer');
    expect(await after(gone, back, make.replace('a', 'b', 0))).toBe('issuer_other 10');
    expect(await after(gone, make.replace('a', 'b', 0), back, make.replace('b', 'c', 0, 'otherIssuer'))).toBe(
      'issuer_other 11',
    );
  });

  it('passes once the announcement was reversed, and its leaf can be revoked like any other', async () => {
    const announced = make.announce('a', 0);
    expect(await after(announced, make.replace('a', 'b', 0, 'otherIssuer'))).toBe('announcement_replaced 9');
    const renewed = [announced, make.reverse('a', 0, 8), make.replace('a', 'b', 0, 'otherIssuer')];
    expect(await after(...renewed)).toBe('none');
    // The approvals of the old leaf's revocation are good for no other leaf, and its announcement neither.
    expect(await after(...renewed, { ...announced, leaf: String(leafNamed('b')) } as LogEvent)).toBe('signature 11');
    expect(await after(...renewed, make.carryOut('b', 0, 8))).toBe('announcement_unknown 11');
    for (const part of [1, 2, 1000]) {
      const cuts = buildLog(hash, [opening, [make.leaf('a', 0, 'otherIssuer')], [...renewed, make.urgent('b', 0)]]);
      expect(await firstFault(cuts, part)).toBe('none');
      expect(cuts.at(-1)?.checkpoint.presentationRoot).toBe(cuts[0]?.checkpoint.presentationRoot);
    }
  });
});

describe('a delay', () => {
  const epochs = (wait: number, cutAt: number): readonly Cut[] =>
    buildLog(
      hash,
      [
        [...(goodEpochs()[0] ?? []).slice(0, 1), make.rules(2, wait), ...(goodEpochs()[0] ?? []).slice(2)],
        [make.leaf('a', 0)],
        [make.announce('a', 0)],
        [make.carryOut('a', 0, 9)],
      ],
      (checkpoint) =>
        checkpoint.epoch === 3 ? { ...checkpoint, activeFrom: FIRST_ACTIVE + 2 * EPOCH + cutAt } : checkpoint,
    );

  it('has passed at its last second, and not one before', async () => {
    expect(await firstFault(epochs(1000, 1000))).toBe('none');
    expect(await firstFault(epochs(1000, 999))).toBe('delay 10');
  });
});

describe('a stored state', () => {
  it('is refused when it is damaged', () => {
    const state = encodeReplayState(initialState(hash));
    expect(decodeReplayState(state)).toEqual(initialState(hash));
    for (const damaged of [
      '',
      '{}',
      state.replace('"size":0', '"size":-1'),
      state.replace('"keys":[]', '"keys":[{}]'),
    ]) {
      expect(() => decodeReplayState(damaged)).toThrow(
        expect.objectContaining({ code: 'replay_state_invalid' }) as Error,
      );
    }
  });
});
