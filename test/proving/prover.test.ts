// SPDX-License-Identifier: GPL-3.0-or-later
import { groth16 } from 'snarkjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { FIELD_ORDER, type FieldElement, toField } from '../../src/protocol/field.ts';
import { proofSchema } from '../../src/protocol/presentation.ts';
import { NO_SCOPE } from '../../src/protocol/scope.ts';
import { SHOW_SIGNALS, toSignals } from '../../src/protocol/statement.ts';
import { arm, disarm } from '../../src/proving/arm.ts';
import { fire } from '../../src/proving/fire.ts';
import { load, type ProvingKey } from '../../src/proving/load.ts';
import { ATTRIBUTES, committedArtifacts, showSample } from './sample.ts';

describe('load, arm, fire', () => {
  let show: ProvingKey;
  let issue: ProvingKey;
  let showKey: unknown;
  let issueKey: unknown;

  beforeAll(async () => {
    const artifacts = await committedArtifacts();
    [show, issue, showKey, issueKey] = await Promise.all([
      artifacts.circuit('show').then((files) => load(files)),
      artifacts.circuit('issue').then((files) => load(files)),
      artifacts.verificationKey('show'),
      artifacts.verificationKey('issue'),
    ]);
  });

  it('proves show for another request than was armed, and snarkjs accepts it', { timeout: 120_000 }, async () => {
    const { inputs, statement } = showSample();
    const seen: number[] = [];
    const armed = await arm(show, inputs);
    const request = { ...statement, binding: toField(777n) };
    const { proof, publicSignals } = await fire(armed, request, { onProgress: (done) => seen.push(done) });
    expect(publicSignals).toEqual(toSignals(SHOW_SIGNALS, request));
    expect(proofSchema.parse(proof)).toEqual(proof);
    expect(await groth16.verify(showKey, publicSignals, proof)).toBe(true);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.at(-1)).toBe(1);
    for (const i of publicSignals.keys()) {
      const changed = publicSignals.map((value, j) => (i === j ? String(BigInt(value) + 1n) : value));
      expect(await groth16.verify(showKey, changed, proof), `signal ${String(i)} changed`).toBe(false);
    }
  });

  it('proves issue for its session, each time with fresh randomness', { timeout: 60_000 }, async () => {
    const [seed, blinding] = [toField(5n), toField(6n)];
    const armed = await arm(issue, { session: toField(0n), seed, blinding });
    const statement = {
      holder: holderCommitment(poseidon, seed, blinding),
      seedTag: seedTag(poseidon, seed),
      session: toField(42n),
    };
    const first = await fire(armed, statement);
    const second = await fire(armed, statement);
    for (const { proof, publicSignals } of [first, second]) {
      expect(await groth16.verify(issueKey, publicSignals, proof)).toBe(true);
    }
    expect(first.proof.pi_a).not.toEqual(second.proof.pi_a);
    expect(first.proof.pi_b).not.toEqual(second.proof.pi_b);
    expect(first.proof.pi_c).not.toEqual(second.proof.pi_c);
  });

  it.each(SHOW_SIGNALS.filter((name) => name !== 'binding'))('refuses to fire for another %s', async (name) => {
    const { inputs, statement } = showSample();
    const armed = await arm(show, inputs);
    const other = { ...statement, [name]: toField(statement[name] + 1n) };
    await expect(fire(armed, other)).rejects.toMatchObject({ code: 'armed_mismatch' });
  });

  it('refuses the statement of another circuit', async () => {
    const armed = await arm(issue, { session: toField(0n), seed: toField(5n), blinding: toField(6n) });
    await expect(fire(armed, showSample().statement)).rejects.toMatchObject({ code: 'signals_invalid' });
  });

  it('does not fire what was disarmed, and wipes its wires', async () => {
    const { inputs, statement } = showSample();
    const armed = await arm(show, inputs);
    const witness = armed.secrets?.witness;
    disarm(armed);
    await expect(fire(armed, statement)).rejects.toMatchObject({ code: 'armed_unknown' });
    expect(witness?.every((byte) => byte === 0)).toBe(true);
  });

  it('stops between stages when asked', async () => {
    const { inputs, statement } = showSample();
    const armed = await arm(show, inputs);
    const stop = new AbortController();
    const proving = fire(armed, statement, { signal: stop.signal, onProgress: () => stop.abort(new Error('stop')) });
    await expect(proving).rejects.toThrow('stop');
  });

  it('refuses to arm a credential that does not meet the policy', async () => {
    const { inputs } = showSample({ ...ATTRIBUTES, birth: 20081123 }); // 18 tomorrow
    await expect(arm(show, inputs)).rejects.toMatchObject({ code: 'witness_refused' });
    await expect(arm(show, showSample({ ...ATTRIBUTES, birth: 20081122 }).inputs)).resolves.toBeDefined();
  });

  it('refuses a pseudonym without a scope', async () => {
    const inputs = { ...showSample().inputs, scope: NO_SCOPE };
    await expect(arm(show, inputs)).rejects.toMatchObject({ code: 'scope_missing' });
  });

  it('refuses inputs that are not canonical, missing, too many, or of another circuit', async () => {
    const { inputs } = showSample();
    const canonical = { code: 'field_not_canonical' };
    await expect(arm(show, { ...inputs, seed: FIELD_ORDER as FieldElement })).rejects.toMatchObject(canonical);
    await expect(arm(show, { ...inputs, seed: -1n as FieldElement })).rejects.toMatchObject(canonical);
    const { seed, ...missing } = inputs;
    await expect(arm(show, missing as typeof inputs)).rejects.toMatchObject({ code: 'inputs_invalid' });
    await expect(arm(show, { ...inputs, path: inputs.path.slice(1) })).rejects.toMatchObject({
      code: 'inputs_invalid',
    });
    await expect(arm(show, { ...inputs, seed: String(seed) as never })).rejects.toMatchObject({
      code: 'inputs_invalid',
    });
    await expect(arm(issue, inputs)).rejects.toMatchObject({ code: 'inputs_invalid' });
  });
});
