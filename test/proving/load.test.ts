// SPDX-License-Identifier: GPL-3.0-or-later
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { zKey } from 'snarkjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArtifactFile } from '../../src/protocol/artifacts.ts';
import { type CircuitArtifacts, readArtifacts } from '../../src/proving/artifacts.ts';
import { load } from '../../src/proving/load.ts';
import { readZkeyHeader } from '../../src/proving/zkey.ts';
import { committedArtifacts, readArtifact } from './sample.ts';
import { squareR1cs } from './square.ts';

/** The same artifacts with other bytes, and a manifest that names them. */
function withFile(artifacts: CircuitArtifacts, kind: 'wasm' | 'zkey', bytes: Uint8Array): CircuitArtifacts {
  const { manifest, circuit } = artifacts;
  const entry: ArtifactFile = { file: `other.${kind}`, bytes: bytes.length, sha256: bytesToHex(sha256(bytes)) };
  const circuits = { ...manifest.circuits, [circuit]: { ...manifest.circuits[circuit], [kind]: entry } };
  return { ...artifacts, [kind]: bytes, manifest: { ...manifest, circuits } };
}

describe('load', () => {
  let issue: CircuitArtifacts;

  beforeAll(async () => {
    issue = await (await committedArtifacts()).circuit('issue');
  });

  afterAll(async () => {
    // snarkjs's setup starts workers that outlive it.
    await (globalThis as { curve_bn128?: { terminate(): Promise<void> } }).curve_bn128?.terminate();
  });

  it('accepts the committed keys and says that they are development keys', async () => {
    expect(await load(issue)).toMatchObject({ circuit: 'issue', version: 1, development: true });
  });

  it('says no such thing of ceremony keys', async () => {
    const ceremony = { ...issue, manifest: { ...issue.manifest, keys: 'ceremony' as const } };
    expect(await load(ceremony, { production: true })).toMatchObject({ development: false });
  });

  it('refuses development keys in production', async () => {
    await expect(load(issue, { production: true })).rejects.toMatchObject({ code: 'development_keys_refused' });
  });

  it.each(['wasm', 'zkey'] as const)('refuses a %s with one bit flipped, or cut short', async (kind) => {
    const altered = issue[kind].slice();
    altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1;
    const mismatch = { code: 'artifact_hash_mismatch' };
    await expect(load({ ...issue, [kind]: altered })).rejects.toMatchObject(mismatch);
    await expect(load({ ...issue, [kind]: issue[kind].subarray(1) })).rejects.toMatchObject(mismatch);
  });

  it('refuses a key that snarkjs made without a contribution: delta equals gamma', async () => {
    const fresh: { type: 'mem'; data?: Uint8Array } = { type: 'mem' };
    await zKey.newZKey(squareR1cs(), await readArtifact('powers-of-tau-13.ptau'), fresh);
    const zkey = fresh.data ?? new Uint8Array();
    expect(readZkeyHeader(zkey)).toMatchObject({ publics: 1 });
    await expect(load(withFile(issue, 'zkey', zkey))).rejects.toMatchObject({ code: 'key_delta_equals_gamma' });

    const contributed: { type: 'mem'; data?: Uint8Array } = { type: 'mem' };
    await zKey.contribute(zkey, contributed, 'test', 'entropy of a test');
    const header = readZkeyHeader(contributed.data ?? new Uint8Array());
    expect(header.delta2).not.toEqual(header.gamma2);
  });

  it("refuses the other circuit's key, and what is no key", async () => {
    const show = await readArtifact('show.zkey');
    const ptau = await readArtifact('powers-of-tau-13.ptau');
    for (const bytes of [
      show,
      ptau.slice(0, 100_000),
      issue.zkey.slice(0, 100),
      new Uint8Array(),
      new Uint8Array(64),
    ]) {
      await expect(load(withFile(issue, 'zkey', bytes))).rejects.toMatchObject({ code: 'proving_key_invalid' });
    }
  });

  it('refuses a key over another curve', async () => {
    const other = issue.zkey.slice();
    const prime = other.findIndex((_, i) => other[i] === 0x47 && other[i + 1] === 0xfd && other[i + 2] === 0x7c);
    other[prime] = 0x49;
    await expect(load(withFile(issue, 'zkey', other))).rejects.toMatchObject({ code: 'proving_key_invalid' });
  });

  it('refuses a calculator that is none', async () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0); // a valid module without exports
    for (const bytes of [empty, Uint8Array.of(1, 2, 3)]) {
      await expect(load(withFile(issue, 'wasm', bytes))).rejects.toMatchObject({ code: 'calculator_invalid' });
    }
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
