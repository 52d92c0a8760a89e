// SPDX-License-Identifier: GPL-3.0-or-later
import { expose, proxy, wrap } from 'comlink';
import { describe, expect, it } from 'vitest';
import { holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { toField } from '../../src/protocol/field.ts';
import { createProver, type Prover } from '../../src/wallet/prover.ts';
import { readArtifact } from '../proving/sample.ts';
import { random, realProver } from './world.ts';

const [seed, blinding, session] = [toField(5n), toField(6n), toField(7n)];
const task = { circuit: 'issue', inputs: { session, seed, blinding } } as const;
const statement = { holder: holderCommitment(poseidon, seed, blinding), seedTag: seedTag(poseidon, seed), session };

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
