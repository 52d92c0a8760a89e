// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import * as snarkjs from 'snarkjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveNullifier, holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { FIELD_ORDER, type FieldElement, toField } from '../../src/protocol/field.ts';
import { type Groth16Proof, proofSchema } from '../../src/protocol/presentation.ts';
import { deriveScope, NO_SCOPE } from '../../src/protocol/scope.ts';
import { SHOW_SIGNALS, type ShowStatement, toSignals } from '../../src/protocol/statement.ts';
import { type Armed, arm, disarm } from '../../src/proving/arm.ts';
import { fire, type Random } from '../../src/proving/fire.ts';
import type { ShowInputs } from '../../src/proving/inputs.ts';
import { load, type ProvingKey, unload } from '../../src/proving/load.ts';
import { nodeThreads } from '../../src/server/prover_threads.ts';
import { openSealed, seal } from '../../src/proving/sealed.ts';
import { ATTRIBUTES, committedArtifacts, readArtifact, type ShowSample, showSample } from './sample.ts';

const random: Random = (length) => new Uint8Array(randomBytes(length));

const toBytes = (value: bigint): Uint8Array => {
  const hex = value.toString(16).padStart(64, '0');
  return Uint8Array.from({ length: 32 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
};
/** A source that gives these scalars, one after another, and then fails. */
const fixed = (...scalars: bigint[]): Random => {
  const left = [...scalars];
  return () => toBytes(left.shift() ?? expect.unreachable('more was drawn than expected'));
};

let show: ProvingKey;
let threaded: ProvingKey;
let issue: ProvingKey;
let showKey: unknown;
let issueKey: unknown;
const { inputs, statement } = showSample();
/** A record of the sample, for tests that only fire it. */
let armed: Armed;

beforeAll(async () => {
  const artifacts = await committedArtifacts();
  const [showFiles, issueFiles] = await Promise.all([artifacts.circuit('show'), artifacts.circuit('issue')]);
  [show, threaded, issue, showKey, issueKey] = await Promise.all([
    load(showFiles),
    load(showFiles, { threads: nodeThreads(2) }),
    load(issueFiles),
    artifacts.verificationKey('show'),
    artifacts.verificationKey('issue'),
  ]);
  armed = await arm(threaded, inputs);
});

afterAll(async () => {
  for (const key of [show, threaded, issue]) unload(key);
  await (await snarkjs.curves.getCurveFromName('bn128')).terminate();
});

/** What the same holder shows at another platform. */
function elsewhere({ inputs, statement }: ShowSample, origin: string): ShowSample {
  const scope = deriveScope(origin);
  const nullifier = deriveNullifier(poseidon, inputs.seed, scope, inputs.context);
  return { inputs: { ...inputs, scope }, statement: { ...statement, scope, nullifier } };
}

/** The proof that unmodified snarkjs makes with these r and s. */
async function snarkjsProof(inputs: ShowInputs, r: bigint, s: bigint): Promise<Groth16Proof> {
  const curve = (await snarkjs.curves.getCurveFromName('bn128')) as unknown as {
    Fr: { random: () => Uint8Array; e: (value: bigint) => Uint8Array };
  };
  const { random: original } = curve.Fr;
  const draws = [r, s];
  curve.Fr.random = () => curve.Fr.e(draws.shift() ?? expect.unreachable('snarkjs draws two scalars'));
  try {
    const [wasm, zkey] = await Promise.all([readArtifact('show.wasm'), readArtifact('show.zkey')]);
    const made = await snarkjs.groth16.fullProve(inputs as never, wasm, zkey);
    return proofSchema.parse(made.proof);
  } finally {
    curve.Fr.random = original;
  }
}

describe('load, arm, fire', () => {
  it('proves show for another request than was armed, and snarkjs accepts it and no other', async () => {
    const request = { ...statement, binding: toField(777n) };
    const { proof, publicSignals } = fire(armed, request, random);
    expect(publicSignals).toEqual(toSignals(SHOW_SIGNALS, request));
    expect(proofSchema.parse(proof)).toEqual(proof);
    expect(await snarkjs.groth16.verify(showKey as never, publicSignals, proof)).toBe(true);
    for (const i of publicSignals.keys()) {
      const changed = publicSignals.map((value, j) => (i === j ? String(BigInt(value) + 1n) : value));
      expect(await snarkjs.groth16.verify(showKey as never, changed, proof), `signal ${String(i)}`).toBe(false);
    }
  });

  it('makes the very proof that snarkjs makes with the same r and s, however it came to be armed', async () => {
    const [r, s] = [BigInt(`0x${randomBytes(31).toString('hex')}`), FIELD_ORDER - 2n];
    const home = showSample();
    const away = elsewhere(home, 'https://b.example');
    const binding = toField(BigInt(`0x${randomBytes(31).toString('hex')}`));
    const expected = await snarkjsProof({ ...away.inputs, binding }, r, s);

    const first = await arm(show, home.inputs); // on this thread
    const otherHolder = await arm(show, showSample({ ...ATTRIBUTES, birth: 19800101, region: 31 }).inputs);
    const armings: readonly (readonly [string, Promise<Armed>])[] = [
      ['from nothing', arm(show, away.inputs)],
      ['from nothing, on threads', arm(threaded, away.inputs)],
      ['from another platform', arm(show, away.inputs, { previous: first })],
      ['from another root, leaf and attributes', arm(show, away.inputs, { previous: otherHolder })],
      ['from itself', arm(show, away.inputs).then((previous) => arm(show, away.inputs, { previous }))],
      ['from a sealed record', arm(show, away.inputs).then((armed) => openSealed(show, seal(armed)))],
      ['after a sealed record', arm(show, away.inputs, { previous: openSealed(show, seal(first)) })],
      ['for another binding', arm(show, { ...away.inputs, binding: toField(5n) })],
    ];
    for (const [how, arming] of armings) {
      const { proof } = fire(await arming, { ...away.statement, binding }, fixed(r, s));
      expect(proof, how).toEqual(expected);
    }
  });

  it.each([0n, 1n, FIELD_ORDER - 1n])('fires for binding %s', async (value) => {
    const { proof, publicSignals } = fire(armed, { ...statement, binding: toField(value) }, random);
    expect(await snarkjs.groth16.verify(showKey as never, publicSignals, proof)).toBe(true);
  });

  it('proves issue for its session', async () => {
    const [seed, blinding] = [toField(5n), toField(6n)];
    const armed = await arm(issue, { session: toField(0n), seed, blinding });
    const statement = {
      holder: holderCommitment(poseidon, seed, blinding),
      seedTag: seedTag(poseidon, seed),
      session: toField(42n),
    };
    const { proof, publicSignals } = fire(armed, statement, random);
    expect(await snarkjs.groth16.verify(issueKey as never, publicSignals, proof)).toBe(true);
  });

  it('proves age without a pseudonym', async () => {
    const anonymous = showSample(ATTRIBUTES, { age_over: 18, pseudonym: false });
    const { proof, publicSignals } = fire(await arm(threaded, anonymous.inputs), anonymous.statement, random);
    expect(publicSignals[0]).toBe('0');
    expect(await snarkjs.groth16.verify(showKey as never, publicSignals, proof)).toBe(true);
  });

  it.each(SHOW_SIGNALS.filter((name) => name !== 'binding'))('refuses to fire for another %s', (name) => {
    const other: ShowStatement = { ...statement, [name]: toField(statement[name] + 1n) };
    expect(() => fire(armed, other, random)).toThrow(expect.objectContaining({ code: 'armed_mismatch' }));
  });

  it('refuses the statement of another circuit, and an earlier record of another key', async () => {
    const other = await arm(issue, { session: toField(0n), seed: toField(5n), blinding: toField(6n) });
    expect(() => fire(other, statement, random)).toThrow(expect.objectContaining({ code: 'signals_invalid' }));
    await expect(arm(show, inputs, { previous: other })).rejects.toMatchObject({ code: 'armed_unknown' });
  });

  it('refuses to arm a credential that does not meet the policy, and arms the next', async () => {
    const tooYoung = showSample({ ...ATTRIBUTES, birth: 20081123 }); // 18 tomorrow
    await expect(arm(threaded, tooYoung.inputs)).rejects.toMatchObject({ code: 'witness_refused' });
    const good = showSample({ ...ATTRIBUTES, birth: 20081122 });
    const { proof, publicSignals } = fire(await arm(threaded, good.inputs), good.statement, random);
    expect(await snarkjs.groth16.verify(showKey as never, publicSignals, proof)).toBe(true);
  });

  it('refuses a pseudonym without a scope', async () => {
    await expect(arm(show, { ...inputs, scope: NO_SCOPE })).rejects.toMatchObject({ code: 'scope_missing' });
  });

  it('refuses inputs that are not canonical, missing, too many, or of another circuit', async () => {
    const canonical = { code: 'field_not_canonical' };
    await expect(arm(show, { ...inputs, seed: FIELD_ORDER as FieldElement })).rejects.toMatchObject(canonical);
    await expect(arm(show, { ...inputs, seed: -1n as FieldElement })).rejects.toMatchObject(canonical);
    const { seed, ...missing } = inputs;
    const invalid = { code: 'inputs_invalid' };
    await expect(arm(show, missing as typeof inputs)).rejects.toMatchObject(invalid);
    await expect(arm(show, { ...inputs, path: inputs.path.slice(1) })).rejects.toMatchObject(invalid);
    await expect(arm(show, { ...inputs, seed: String(seed) as never })).rejects.toMatchObject(invalid);
    await expect(arm(issue, inputs)).rejects.toMatchObject(invalid);
  });
});

describe('randomness', () => {
  it('is drawn anew for each proof, and shows in all three points', () => {
    const drawn: Uint8Array[] = [];
    const watched: Random = (length) => {
      const bytes = random(length);
      drawn.push(bytes);
      return bytes;
    };
    const proofs = [1, 2, 3].map(() => fire(armed, statement, watched).proof);
    expect(drawn.length).toBeGreaterThanOrEqual(6);
    expect(drawn.every(({ length }) => length === 32)).toBe(true);
    for (const point of ['pi_a', 'pi_b', 'pi_c'] as const) {
      expect(new Set(proofs.map((proof) => JSON.stringify(proof[point]))).size).toBe(3);
    }
  });

  it('is never reduced: numbers at or above the order are drawn again', () => {
    const once = fire(armed, statement, fixed(3n, 4n));
    const largest = (1n << 254n) - 1n;
    expect(fire(armed, statement, fixed(FIELD_ORDER, 3n, FIELD_ORDER + 4n, largest, 4n))).toEqual(once);
  });

  it('that repeats itself, or comes short, proves nothing', () => {
    const broken = expect.objectContaining({ code: 'randomness_broken' }) as Error;
    expect(() => fire(armed, statement, () => toBytes(7n))).toThrow(broken);
    expect(() => fire(armed, statement, () => new Uint8Array(31))).toThrow(broken);
  });
});

describe('armed records', () => {
  it('do not fire once disarmed, and leave no secret behind', async () => {
    const wiped = await arm(threaded, inputs);
    const { points, tables, base } = wiped.secrets ?? expect.unreachable();
    disarm(wiped);
    const unknown = expect.objectContaining({ code: 'armed_unknown' }) as Error;
    expect(() => fire(wiped, statement, random)).toThrow(unknown);
    expect(() => seal(wiped)).toThrow(unknown);
    const kept = [points, tables, base ?? {}, base?.sums ?? {}].flatMap((group): unknown[] => Object.values(group));
    const bytes = kept.filter((value) => value instanceof Uint8Array);
    expect(bytes.length).toBe(5 + 3 + 4 + 5);
    expect(bytes.every((value) => value.every((byte) => byte === 0))).toBe(true);
    disarm(wiped);
  });

  it('stay as they are when another starts from them, which outlives them', async () => {
    const first = await arm(threaded, inputs);
    const before = fire(first, statement, fixed(1n, 2n));
    const away = elsewhere({ inputs, statement }, 'https://b.example');
    const next = await arm(threaded, away.inputs, { previous: first });
    expect(fire(first, statement, fixed(1n, 2n))).toEqual(before);
    disarm(first);
    const fresh = await arm(threaded, away.inputs);
    expect(fire(next, away.statement, fixed(1n, 2n))).toEqual(fire(fresh, away.statement, fixed(1n, 2n)));
  });

  it('open sealed only with the same key, whole, and canonical', () => {
    const sealed = seal(armed);
    expect(sealed).toHaveLength(8 + 32 + 8 * 32 + 384);
    expect(fire(openSealed(threaded, sealed), statement, fixed(1n, 2n))).toEqual(
      fire(openSealed(show, sealed), statement, fixed(1n, 2n)),
    );
    const refused = (key: ProvingKey, bytes: Uint8Array): string => {
      try {
        openSealed(key, bytes);
        return 'opened';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const changed = (at: number): Uint8Array => sealed.map((byte, i) => (i === at ? byte ^ 1 : byte));
    expect(refused(show, changed(0))).toBe('sealed_invalid');
    expect(refused(show, changed(8))).toBe('sealed_invalid');
    expect(refused(show, sealed.subarray(1))).toBe('sealed_invalid');
    expect(refused(show, new Uint8Array())).toBe('sealed_invalid');
    expect(refused(issue, sealed)).toBe('sealed_invalid');
    const large = sealed.slice();
    large.fill(0xff, 40, 72);
    expect(refused(show, large)).toBe('field_not_canonical');
  });

  it('are bound to root, day, policy and platform', () => {
    expect(openSealed(show, seal(armed)).publicSignals).toEqual(
      SHOW_SIGNALS.map((name) => (name === 'binding' ? 0n : statement[name])),
    );
  });
});

describe('work', () => {
  it.each(['here', 'threads'])('tells its progress honestly, %s', async (where) => {
    const key = where === 'here' ? show : threaded;
    const seen: number[] = [];
    await arm(key, inputs, { onProgress: (fraction) => seen.push(fraction) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(8);
    expect(seen[0]).toBeLessThan(0.2);
    expect(Math.max(...seen.map((value, i) => value - (seen[i - 1] ?? 0)))).toBeLessThan(0.5);
    expect(seen.at(-1)).toBe(1);
  });

  it.each(['here', 'threads'])('stops when asked, and works again, %s', async (where) => {
    const key = where === 'here' ? show : threaded;
    await expect(arm(key, inputs, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    for (const after of [1, 3, 5]) {
      const stop = new AbortController();
      let told = 0;
      const onProgress = (): void => {
        if (++told === after) stop.abort(new Error('stop'));
      };
      await expect(arm(key, inputs, { signal: stop.signal, onProgress })).rejects.toThrow('stop');
      expect(told).toBeLessThan(12);
    }
    const { proof, publicSignals } = fire(await arm(key, inputs), statement, random);
    expect(await snarkjs.groth16.verify(showKey as never, publicSignals, proof)).toBe(true);
  });

  it('shares a key between several that arm at the same time', async () => {
    const samples = ['a', 'b', 'c'].map((name) => elsewhere({ inputs, statement }, `https://${name}.example`));
    const records = await Promise.all(samples.map((sample) => arm(threaded, sample.inputs, { previous: armed })));
    for (const [i, sample] of samples.entries()) {
      const { proof, publicSignals } = fire(records[i] ?? expect.unreachable(), sample.statement, random);
      expect(await snarkjs.groth16.verify(showKey as never, publicSignals, proof)).toBe(true);
    }
  });

  it('gives its memory back', async () => {
    const { words } = threaded.curve;
    const free = words[0];
    fire(armed, statement, random);
    await arm(threaded, elsewhere({ inputs, statement }, 'https://b.example').inputs, { previous: armed });
    await expect(arm(threaded, showSample({ ...ATTRIBUTES, version: 2 }).inputs)).rejects.toThrow();
    openSealed(threaded, seal(armed));
    expect(words[0]).toBe(free);
  });
});
