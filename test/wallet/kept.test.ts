// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { deriveNullifier } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { toDate } from '../../src/protocol/dates.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { toField } from '../../src/protocol/field.ts';
import { packPolicy, parseAsk, policyOf } from '../../src/protocol/policy.ts';
import { deriveContext, deriveScope } from '../../src/protocol/scope.ts';
import type { ShowStatement } from '../../src/protocol/statement.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import { armAhead, decodeKept, dropOutdated, encodeKept, keep, type Kept, openKept } from '../../src/wallet/kept.ts';
import type { ArmedPresentation, PendingRequest } from '../../src/wallet/present.ts';
import type { ProvingTask, SealingProver } from '../../src/wallet/prover.ts';
import type { Synced } from '../../src/wallet/sync.ts';
import { ATTRIBUTES, NOW, showSample, TODAY } from '../proving/sample.ts';
import { fakeProver } from './world.ts';

const { inputs, statement } = showSample(ATTRIBUTES, { age_over: 18 });
const ORIGIN = 'https://a.example';
const credential = {
  seed: inputs.seed,
  blinding: inputs.blinding,
  attributes: ATTRIBUTES,
  index: inputs.leafIndex,
} as Credential;
const synced = { positions: [{ root: inputs.root, path: inputs.path, activeFrom: 0, size: 1 }] } as unknown as Synced;
const sealedAs = (number: number): Uint8Array => Uint8Array.of(number, 1, 2, 3);

/** A prover whose sealed records are the numbers of their handles. */
function numbering(): { prover: SealingProver; armed: ProvingTask[]; open: Set<number> } {
  const armed: ProvingTask[] = [];
  const open = new Set<number>();
  const begin = (handle: number): Promise<number> => {
    open.add(handle);
    return Promise.resolve(handle);
  };
  const prover: SealingProver = {
    ...fakeProver,
    arm: (task) => begin(armed.push(task)),
    seal: (handle) => Promise.resolve(sealedAs(handle)),
    unseal: (_, sealed) => begin(100 + (sealed[0] ?? 0)),
    release: (handle) => Promise.resolve(void open.delete(handle)),
  };
  return { prover, armed, open };
}

function login(
  origin = ORIGIN,
  asked: unknown = { age_over: 18 },
  stated: ShowStatement = statement,
): ArmedPresentation {
  const pending = { origin, ask: parseAsk(asked), request: { context: { kind: 'account' } } } as PendingRequest;
  return { handle: 1, pending, disclosed: {}, statement: stated, checkpoint: 1 };
}

const after = (list: readonly Kept[], ...logins: readonly ArmedPresentation[]): readonly Kept[] =>
  logins.reduce((kept, armed, i) => keep(kept, armed, sealedAs(i)), list);

describe('a kept record', () => {
  const list = after([], login());

  it('opens for the same statement, whatever the request', async () => {
    const { prover } = numbering();
    expect(await openKept(list, statement, prover)).toBe(100);
    expect(await openKept(list, { ...statement, binding: toField(1n) }, prover)).toBe(100);
  });

  it.each(['root', 'scope', 'context', 'policy', 'nationalityMask', 'nullifier', 'revealed'] as const)(
    'does not open for another %s',
    async (name) => {
      const other = { ...statement, [name]: toField(BigInt(statement[name]) + 1n) } as ShowStatement;
      expect(await openKept(list, other, numbering().prover)).toBeUndefined();
    },
  );

  it('is passed over if the prover can not open it, and no other failure is', async () => {
    const failing = (code: Lowercase<string>): SealingProver => ({
      ...numbering().prover,
      unseal: () => Promise.reject(new ProtocolError(code, 'no')),
    });
    expect(await openKept(list, statement, failing('sealed_invalid'))).toBeUndefined();
    await expect(openKept(list, statement, failing('worker_failed'))).rejects.toMatchObject({ code: 'worker_failed' });
  });

  it('is dropped with its day and with its root, and the platform is not', () => {
    expect(dropOutdated(list, synced, TODAY)[0]?.record).toEqual(list[0]?.record);
    const next = { positions: [{ root: toField(5n) }, ...synced.positions] } as unknown as Synced;
    expect(dropOutdated(list, next, TODAY)[0]?.record).toEqual(list[0]?.record);
    const later = { positions: [{ root: toField(5n) }] } as unknown as Synced;
    for (const dropped of [dropOutdated(list, later, TODAY), dropOutdated(list, synced, toDate(20261123))]) {
      expect(dropped).toEqual([{ ...list[0], record: undefined }]);
    }
  });
});

describe('the list', () => {
  it('keeps the platforms used most, and always the last', () => {
    const origins = ['a', 'b', 'c', 'd', 'e'].map((name) => `https://${name}.example`);
    const [a = '', b = '', c = '', d = '', e = ''] = origins;
    const list = after([], ...[a, b, b, c, c, c, d, d, e].map((origin) => login(origin)));
    expect(list.map(({ origin, uses }) => [origin, uses])).toEqual([
      [c, 3],
      [d, 2],
      [b, 2],
      [e, 1],
    ]);
  });

  it('holds one record for each ask of a platform: the last', () => {
    const list = after([], login(), login(ORIGIN, { age_over: 21 }), login());
    expect(list.map(({ ask, uses, record }) => [ask.age_over, uses, record?.sealed[0]])).toEqual([
      [18, 2, 2],
      [21, 1, 1],
    ]);
  });

  it('does not remember actions', () => {
    const { pending, ...rest } = login();
    const context = { kind: 'action', name: 'a vote', opens: 20261101 } as const;
    const action = { ...rest, pending: { ...pending, request: { ...pending.request, context } } };
    expect(keep([], action, sealedAs(1))).toEqual([]);
  });

  it('survives storage, and nothing else does', () => {
    const list = dropOutdated(after([], login(), login('https://b.example')), synced, TODAY);
    expect(decodeKept(encodeKept(list))).toEqual(list);
    const outdated = dropOutdated(list, synced, toDate(20261123));
    expect(decodeKept(encodeKept(outdated))).toEqual(outdated);
    for (const text of ['', 'null', '[{}]', encodeKept(list).replace('"age_over":18', '"age_over":1')]) {
      expect(decodeKept(text)).toEqual([]);
    }
  });
});

describe('armAhead', () => {
  const deps = { poseidon, clock: () => NOW, timeZone: 'Asia/Shanghai' };
  const yesterday = dropOutdated(after([], login()), synced, toDate(20261123));

  it('arms what a request of that day will need, seals it and leaves nothing armed', async () => {
    const { prover, armed, open } = numbering();
    const ready = await armAhead(yesterday, credential, synced, { ...deps, prover });
    expect(armed).toHaveLength(1);
    expect(open.size).toBe(0);
    const [scope, context] = [deriveScope(ORIGIN), deriveContext({ kind: 'account' })];
    const policy = packPolicy(policyOf(parseAsk({ age_over: 18 }), TODAY, { kind: 'account' }));
    const nullifier = deriveNullifier(poseidon, inputs.seed, scope, context);
    expect(armed[0]?.inputs).toMatchObject({ root: inputs.root, scope, context, policy, seed: inputs.seed });
    expect(await openKept(ready, { ...statement, scope, context, policy, nullifier }, prover)).toBe(101);
  });

  it('has nothing to do for what is up to date', async () => {
    const { prover, armed } = numbering();
    const list = after([], login());
    expect(await armAhead(list, credential, synced, { ...deps, prover })).toEqual(list);
    expect(armed).toEqual([]);
  });

  it('leaves out what the credential does not meet any more', async () => {
    const { prover, armed } = numbering();
    const expired = { ...credential, attributes: { ...ATTRIBUTES, expiry: 20261101 } } as Credential;
    const result = await armAhead(yesterday, expired, synced, { ...deps, prover });
    expect([result[0]?.record, armed]).toEqual([undefined, []]);
  });

  it('ends with the prover', async () => {
    const prover = { ...numbering().prover, arm: () => Promise.reject(new Error('aborted')) };
    await expect(armAhead(yesterday, credential, synced, { ...deps, prover })).rejects.toThrow('aborted');
  });
});
