// SPDX-License-Identifier: GPL-3.0-or-later
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as snarkjs from 'snarkjs';
import { makeProvingKey } from '../../scripts/circuits/proving_key.ts';
import { parseR1cs } from '../../scripts/circuits/r1cs.ts';
import type { ArtifactFile } from '../../src/protocol/artifacts.ts';
import { type CircuitArtifacts, readArtifacts } from '../../src/proving/artifacts.ts';
import { readKeyFile, writeKeyFile } from '../../src/proving/key_file.ts';
import { load, unload } from '../../src/proving/load.ts';
import { committedArtifacts, readArtifact } from './sample.ts';
import { squareR1cs } from './square.ts';

/** The same artifacts with other bytes, and a manifest that names them. */
function withFile(artifacts: CircuitArtifacts, kind: 'wasm' | 'key', bytes: Uint8Array): CircuitArtifacts {
  const { manifest, circuit } = artifacts;
  const entry: ArtifactFile = { file: `other.${kind}`, bytes: bytes.length, sha256: bytesToHex(sha256(bytes)) };
  const circuits = { ...manifest.circuits, [circuit]: { ...manifest.circuits[circuit], [kind]: entry } };
  return { ...artifacts, [kind]: bytes, manifest: { ...manifest, circuits } };
}

/** A key with some of its counts and parts exchanged, whatever they say. */
function withCounts(key: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const changed = key.slice();
  for (const [position, value] of Object.entries(changes)) {
    new DataView(changed.buffer).setUint32(8 + 4 * Number(position), value, true);
  }
  return changed;
}

let issue: CircuitArtifacts;

beforeAll(async () => {
  issue = await (await committedArtifacts()).circuit('issue');
});

afterAll(async () => {
  // snarkjs's setup starts workers that outlive it.
  await (await snarkjs.curves.getCurveFromName('bn128')).terminate();
});

describe('load', () => {
  it('accepts the committed keys and says that they are development keys', async () => {
    const key = await load(issue);
    expect(key).toMatchObject({ circuit: 'issue', version: 1, development: true });
    unload(key);
  });

  it('says no such thing of ceremony keys', async () => {
    const ceremony = { ...issue, manifest: { ...issue.manifest, keys: 'ceremony' as const } };
    expect(await load(ceremony, { production: true })).toMatchObject({ development: false });
  });

  it('refuses development keys in production', async () => {
    await expect(load(issue, { production: true })).rejects.toMatchObject({ code: 'development_keys_refused' });
  });

  it.each(['wasm', 'key'] as const)('refuses a %s with one bit flipped, or cut short', async (kind) => {
    const altered = issue[kind].slice();
    altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1;
    const mismatch = { code: 'artifact_hash_mismatch' };
    await expect(load({ ...issue, [kind]: altered })).rejects.toMatchObject(mismatch);
    await expect(load({ ...issue, [kind]: issue[kind].subarray(1) })).rejects.toMatchObject(mismatch);
  });

  it('refuses a key whose delta equals gamma, as snarkjs makes it without a contribution', async () => {
    const fresh: { type: 'mem'; data?: Uint8Array } = { type: 'mem' };
    await snarkjs.zKey.newZKey(squareR1cs(), await readArtifact('powers-of-tau-13.ptau'), fresh);
    const vkey = (await snarkjs.zKey.exportVerificationKey(fresh.data ?? new Uint8Array())) as Record<string, unknown>;
    expect(vkey['vk_delta_2']).toEqual(vkey['vk_gamma_2']);

    const file = readKeyFile(issue.key);
    const uncontributed = writeKeyFile({ ...file, delta2: file.gamma2 });
    await expect(load(withFile(issue, 'key', uncontributed))).rejects.toMatchObject({ code: 'key_delta_equals_gamma' });
  });

  it("refuses the other circuit's key, and what is no key", async () => {
    const show = await readArtifact('show.key');
    const zkey = await readArtifact('issue.zkey');
    for (const bytes of [show, zkey, issue.key.slice(0, 100), new Uint8Array(), new Uint8Array(64)]) {
      await expect(load(withFile(issue, 'key', bytes))).rejects.toMatchObject({ code: 'proving_key_invalid' });
    }
  });

  it('refuses counts that contradict each other, a key cut short, and one with more behind it', async () => {
    const { variables, publics } = readKeyFile(issue.key);
    const faults = [
      { 0: 65_537 },
      { 1: variables },
      { 2: 500 },
      { 2: 131_072 },
      { 2: 1 },
      { 3: 0 },
      { 3: publics + 1 },
      { 4: publics },
      { 4: variables },
      { 5: 65_537 },
      { 6: 1 },
    ].map((changes) => withCounts(issue.key, changes));
    for (const bytes of [...faults, issue.key.slice(0, -1), concatBytes(issue.key, new Uint8Array(1))]) {
      await expect(load(withFile(issue, 'key', bytes))).rejects.toMatchObject({ code: 'proving_key_invalid' });
    }
  });

  it('refuses a calculator that is none', async () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0); // a valid module without exports
    for (const bytes of [empty, Uint8Array.of(1, 2, 3)]) {
      await expect(load(withFile(issue, 'wasm', bytes))).rejects.toMatchObject({ code: 'calculator_invalid' });
    }
  });
});

describe('key files', () => {
  it('are written as they are read, and only with parts of the right length', () => {
    const file = readKeyFile(issue.key);
    expect(writeKeyFile(file)).toEqual(issue.key);
    expect(() => writeKeyFile({ ...file, C: file.C.subarray(64) })).toThrow('C is of another length');
  });

  it('are made from the zkey, always the same, and only where the late input is squared', async () => {
    const zkey = await readArtifact('issue.zkey');
    // The constraint by which `session` is squared, and one that multiplies two other wires: enough of an r1cs.
    const { lateWire, squareWire } = readKeyFile(issue.key);
    const squaring = { a: [[lateWire, 1n]], b: [[lateWire, 1n]], c: [[squareWire, 1n]] } as const;
    const r1cs = { wires: 0, publicOutputs: 0, publicInputs: 0, privateInputs: 0, constraints: [squaring] };
    expect(await makeProvingKey('issue', zkey, r1cs)).toEqual(issue.key);
    for (const constraints of [
      [],
      [squaring, squaring],
      [{ ...squaring, b: [[squareWire, 1n]] as const }],
      [
        {
          ...squaring,
          c: [
            [squareWire, 1n],
            [0, 1n],
          ] as const,
        },
      ],
      [squaring, { a: [[squareWire, 1n]] as const, b: [], c: [] }],
    ]) {
      await expect(makeProvingKey('issue', zkey, { ...r1cs, constraints })).rejects.toThrow('must be squared');
    }
    await expect(makeProvingKey('issue', zkey, parseR1cs(squareR1cs()))).rejects.toThrow('must be squared');
  });
});

describe('readArtifacts', () => {
  it('refuses a manifest that is none', async () => {
    for (const text of ['', '[]', '{"version":1}', '\xff']) {
      const read = (): Promise<Uint8Array> => Promise.resolve(new TextEncoder().encode(text));
      await expect(readArtifacts(read)).rejects.toMatchObject({ code: 'manifest_invalid' });
    }
  });

  it('refuses altered files before anyone uses them', async () => {
    const artifacts = await readArtifacts(async (file) => {
      const bytes = await readArtifact(file);
      if (file !== 'manifest.json') bytes[0] = (bytes[0] ?? 0) ^ 1;
      return bytes;
    });
    await expect(artifacts.circuit('issue')).rejects.toMatchObject({ code: 'artifact_hash_mismatch' });
    await expect(artifacts.verificationKey('issue')).rejects.toMatchObject({ code: 'artifact_hash_mismatch' });
  });

  it('reads nothing but the manifest until asked', async () => {
    const read: string[] = [];
    await readArtifacts((file) => (read.push(file), readArtifact(file)));
    expect(read).toEqual(['manifest.json']);
  });
});
