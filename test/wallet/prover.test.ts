// SPDX-License-Identifier: GPL-3.0-or-later
import { expose, proxy, wrap } from 'comlink';
import { describe, expect, it } from 'vitest';
import { holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import type { CircuitName } from '../../src/protocol/artifacts.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import type { Groth16Proof } from '../../src/protocol/presentation.ts';
import { SHOW_SIGNALS } from '../../src/protocol/statement.ts';
import { createLane } from '../../src/proving/lane.ts';
import { loadVerificationKey, verifyProof } from '../../src/verifying/groth16.ts';
import { createProver, type Prover } from '../../src/wallet/prover.ts';
import { committedArtifacts, readArtifact, showSample } from '../proving/sample.ts';
import { random, realProver } from './world.ts';

const [seed, blinding, session] = [toField(5n), toField(6n), toField(7n)];
const task = { circuit: 'issue', inputs: { session, seed, blinding } } as const;
const statement = { holder: holderCommitment(poseidon, seed, blinding), seedTag: seedTag(poseidon, seed), session };

async function verifies(circuit: CircuitName, signals: FieldElement[], proof: Groth16Proof): Promise<boolean> {
  const key = await loadVerificationKey(await (await committedArtifacts()).verificationKey(circuit));
  return verifyProof(key, signals, proof);
}

describe('createProver', { timeout: 60_000 }, () => {
  it('tells of the artifacts without downloading keys', async () => {
    const files: string[] = [];
    const prover = createProver({ read: (file) => (files.push(file), readArtifact(file)), random });
    expect(await prover.info()).toEqual({ version: 1, development: true });
    expect(files).toEqual(['manifest.json']);
  });

  it('loads a circuit once, and again after a failed download', async () => {
    const files: string[] = [];
    let broken = true;
    const prover = createProver({
      read: (file) => {
        files.push(file);
        return broken && file.endsWith('.key') ? Promise.reject(new Error('offline')) : readArtifact(file);
      },
      random,
    });
    await expect(prover.load('issue')).rejects.toThrow('offline');
    broken = false;
    await Promise.all([prover.load('issue'), prover.load('issue'), prover.arm(task)]);
    expect(files.filter((file) => file === 'issue.key')).toHaveLength(2);
    expect(files.filter((file) => file === 'manifest.json')).toHaveLength(1);
  });

  it('refuses development keys in production', async () => {
    const prover = createProver({ read: readArtifact, random, production: true });
    await expect(prover.load('issue')).rejects.toMatchObject({ code: 'development_keys_refused' });
  });

  it('fires what is armed, until it is released', async () => {
    const prover = realProver();
    const handle = await prover.arm(task);
    const other = await prover.arm(task);
    expect(other).not.toBe(handle);
    await prover.release(handle);
    await prover.release(handle);
    await expect(prover.fire(handle, statement)).rejects.toMatchObject({ code: 'armed_unknown' });
    const { publicSignals } = await prover.fire(other, statement);
    expect(publicSignals).toEqual([statement.holder, statement.seedTag, session].map(String));
    await prover.release(other);
  });

  it('ends for good when closed', async () => {
    const prover = createProver({ read: readArtifact, random });
    const handle = await prover.arm(task);
    await prover.close();
    await expect(prover.fire(handle, statement)).rejects.toMatchObject({ code: 'armed_unknown' });
    const again = await prover.arm(task); // loads the key anew
    expect((await prover.fire(again, statement)).publicSignals).toHaveLength(3);
    await prover.close();
  });

  it('starts from the record before, which nobody can fire any more once it is released', async () => {
    const prover = createProver({ read: readArtifact, random });
    const steps = async (): Promise<readonly [number, string[]]> => {
      const told: number[] = [];
      const handle = await prover.arm(task, (fraction) => void told.push(fraction));
      const { publicSignals } = await prover.fire(handle, statement);
      await prover.release(handle);
      await expect(prover.fire(handle, statement)).rejects.toMatchObject({ code: 'armed_unknown' });
      await expect(prover.seal(handle)).rejects.toMatchObject({ code: 'armed_unknown' });
      return [told.length, publicSignals];
    };
    const [afresh, signals] = await steps();
    const [again, same] = await steps();
    expect(again).toBeLessThan(afresh); // fewer sums: nothing but the quotient changes
    expect(same).toEqual(signals);
    const other = { ...task, inputs: { ...task.inputs, blinding: toField(60n) } } as const;
    const handles = await Promise.all([prover.arm(other), prover.arm(task), prover.arm(other)]);
    const holder = holderCommitment(poseidon, seed, toField(60n));
    for (const [i, handle] of handles.entries()) {
      const stated = i === 1 ? statement : { ...statement, holder };
      const { proof } = await prover.fire(handle, stated);
      expect(await verifies('issue', [stated.holder, stated.seedTag, session], proof)).toBe(true);
    }
    await prover.close();
  });

  it('seals a record, and opens it again after it was closed', async () => {
    const prover = createProver({ read: readArtifact, random });
    const sealed = await prover.seal(await prover.arm(task));
    await prover.close();
    const handle = await prover.unseal('issue', sealed);
    const { proof } = await prover.fire(handle, statement);
    expect(await verifies('issue', [statement.holder, statement.seedTag, session], proof)).toBe(true);
    await expect(prover.unseal('issue', sealed.subarray(1))).rejects.toMatchObject({ code: 'sealed_invalid' });
    await prover.release(handle);
    await expect(prover.fire(handle, statement)).rejects.toMatchObject({ code: 'armed_unknown' });
    await prover.close();
  });

  it('stops at a signal or when it is closed, and keeps what is loaded only in the first case', async () => {
    const files: string[] = [];
    const prover = createProver({ read: (file) => (files.push(file), readArtifact(file)), random });
    await prover.load('issue');
    const ending = new AbortController();
    const told: number[] = [];
    const stop = (fraction: number): void => {
      told.push(fraction);
      ending.abort(new Error('no'));
    };
    const stopped = prover.arm(task, stop, ending.signal);
    await expect(stopped).rejects.toThrow('no');
    expect(Math.max(...told)).toBeLessThan(1);
    await expect(prover.arm(task, undefined, ending.signal)).rejects.toThrow('no');
    await prover.release(await prover.arm(task));
    expect(files).toHaveLength(3);
    let closing: Promise<void> | undefined;
    const closed = prover.arm(task, () => {
      closing ??= prover.close();
    });
    await expect(closed).rejects.toMatchObject({ code: 'prover_failed' });
    await closing;
    await prover.load('issue');
    expect(files).toHaveLength(5);
    await prover.close();
  });

  it('ends a download when the last who waits for it leaves, and tells both of its progress', async () => {
    const signals: AbortSignal[] = [];
    const prover = createProver({
      read: (file, options) => {
        if (file === 'manifest.json') return readArtifact(file);
        options?.onReceived?.(100);
        if (options?.signal !== undefined) signals.push(options.signal);
        return new Promise(() => undefined);
      },
      random,
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const told: number[][] = [[], []];
    const loads = [first, second].map(({ signal }, i) =>
      prover.load('issue', (fraction) => void told[i]?.push(fraction), signal),
    );
    await expect.poll(() => signals).toHaveLength(2);
    first.abort(new Error('first'));
    await expect(loads[0]).rejects.toThrow('first');
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    second.abort(new Error('second'));
    await expect(loads[1]).rejects.toThrow('second');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    const { bytes } = (await committedArtifacts()).manifest.circuits.issue.wasm;
    expect(told[0]).toEqual(told[1]);
    expect(told[0]?.[1]).toBeLessThan(200 / bytes);
    expect(told[0]?.[1]).toBeGreaterThan(0);
    void prover.load('issue').catch(() => undefined);
    await expect.poll(() => signals).toHaveLength(4); // begins anew
  });

  it('fails clearly when a thread ends, at the start or at work, and loads anew', async () => {
    const show = showSample();
    const showTask = { circuit: 'show', inputs: show.inputs } as const;
    const threads: { readonly end: () => void; readonly fail: () => void }[] = [];
    let broken = true;
    const prover = createProver({
      read: readArtifact,
      random,
      threads: {
        count: 2,
        start: () => {
          const { port1, port2 } = new MessageChannel();
          let fail: () => void = () => undefined;
          const end = (): void => {
            port1.close();
            port2.close();
          };
          if (!broken) expose(createLane(), port1);
          const number = threads.push({ end, fail: () => fail() });
          if (broken && number === 2) setTimeout(() => fail(), 10);
          return { endpoint: port2, end, onFailure: (listener) => (fail = () => listener(new Error('thread'))) };
        },
      },
    });
    await expect(prover.load('show')).rejects.toMatchObject({ code: 'worker_failed' });
    broken = false;
    await prover.release(await prover.arm(showTask)); // a record of a key that is about to go
    const dies = prover.arm(showTask, (fraction) => fraction > 0.2 && threads.at(-1)?.fail());
    await expect(dies).rejects.toMatchObject({ code: 'worker_failed' });
    const handle = await prover.arm(showTask);
    expect(threads).toHaveLength(6);
    const { proof } = await prover.fire(handle, show.statement);
    expect(
      await verifies(
        'show',
        SHOW_SIGNALS.map((name) => show.statement[name]),
        proof,
      ),
    ).toBe(true);
    await prover.close();
  });

  it('works across a message channel, callbacks included', async () => {
    const { port1, port2 } = new MessageChannel();
    try {
      expose(realProver(), port1);
      const remote = wrap<Prover>(port2);
      const seen: number[] = [];
      const handle = await remote.arm(
        task,
        proxy((done: number) => void seen.push(done)),
      );
      const { proof } = await remote.fire(handle, statement);
      expect(proof).toMatchObject({ protocol: 'groth16', curve: 'bn128' });
      await expect.poll(() => seen.at(-1)).toBe(1);
    } finally {
      port1.close();
      port2.close();
    }
  });
});
