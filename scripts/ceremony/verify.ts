// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifies a ceremony from the powers of tau and the circuits to the newest proving keys, and makes
 * artifacts of a finished one.
 *
 * @module
 */
import { mkdir, readdir } from 'node:fs/promises';
import type { ArtifactFile, Manifest } from '../../src/protocol/artifacts.ts';
import { makeProvingKey } from '../circuits/proving_key.ts';
import { parseR1cs } from '../circuits/r1cs.ts';
import { must } from './fault.ts';
import { newKey, verificationKeyOf, verifyKey } from './phase2.ts';
import {
  type CeremonyRecord,
  CIRCUITS,
  FILES,
  type PerCircuit,
  perCircuit,
  readPart,
  readRecord,
  writePart,
} from './record.ts';
import { requirePtau } from './steps.ts';
import { sha256Hex } from './transcript.ts';

/** What a verifier trusts instead of the folder. */
export interface Trusted {
  /** Compiled from the verifier's own sources. */
  readonly r1cs: PerCircuit<Uint8Array>;
  /** BLAKE2b-512 of the powers of tau, in hex. */
  readonly ptauHash: string;
  /** {@link newKey} or one that remembers, for it takes most of the time. */
  readonly initialKey?: typeof newKey;
}

/**
 * Verifies the whole chain.
 *
 * @returns The record, whose transcript says who contributed.
 * @throws {@link CeremonyFault} naming the first fault.
 */
export async function verify(folder: string, trusted: Trusted): Promise<CeremonyRecord & { ptau: Uint8Array }> {
  const { r1cs, initialKey = newKey } = trusted;
  const ptau = await readPart(folder, FILES.ptau);
  requirePtau(ptau, trusted.ptauHash);
  const record = await readRecord(folder);
  const { transcript, zkeys } = record;
  const samePtau = transcript.ptau.blake2b === trusted.ptauHash && transcript.ptau.bytes === ptau.length;
  must(samePtau, 'transcript.json names another powers-of-tau file');
  for (const name of CIRCUITS) {
    const same = transcript.circuits[name].r1cs === sha256Hex(r1cs[name]);
    must(same, `transcript.json: the r1cs of ${name} is not the one compiled from these sources`);
  }
  for (const name of CIRCUITS) {
    const initial = await initialKey(r1cs[name], ptau);
    const same = transcript.circuits[name].initial === sha256Hex(initial);
    must(same, `transcript.json: the initial key of ${name} is not made from these circuits and powers of tau`);
    await verifyKey(initial, ptau, zkeys[name], FILES.zkey(name, transcript.steps.length));
  }
  return { ...record, ptau };
}

/** What the artifacts of a ceremony are made with. */
export interface Finishing extends Trusted {
  /** The manifest of the sources in use: constraints, domains, flags, hashes of r1cs and wasm. */
  readonly manifest: Manifest;
  readonly wasm: PerCircuit<Uint8Array>;
  /** Contributions by different keys that are required, the beacon not counted. */
  readonly least: number;
  /** Makes the prover's form of a key; another for circuits that are not ours, which have no late input. */
  readonly proverKey?: typeof makeProvingKey;
}

/**
 * Verifies a ceremony and writes proving keys in both forms, verification keys, witness programs, powers of tau and
 * a manifest with `keys: "ceremony"`, its version one higher.
 *
 * @param out - A folder that is empty or does not exist.
 * @throws {@link CeremonyFault} without a beacon, with too few contributions, or naming the first fault.
 */
export async function finalize(folder: string, out: string, finishing: Finishing): Promise<Manifest> {
  const { manifest, wasm, r1cs, least, proverKey = makeProvingKey } = finishing;
  const { transcript, zkeys, ptau } = await verify(folder, finishing);
  must(transcript.steps.at(-1)?.kind === 'beacon', 'the ceremony has had no beacon');
  const contributions = transcript.steps.filter(({ kind }) => kind === 'contribution');
  const parties = new Set(contributions.map((step) => step.public_key)).size;
  must(parties >= least, `${String(parties)} parties contributed, ${String(least)} are required`);
  await mkdir(out, { recursive: true });
  must((await readdir(out)).length === 0, `${out} is not empty`);

  const write = async (file: string, bytes: Uint8Array): Promise<ArtifactFile> => {
    await writePart(out, file, bytes);
    return { file, bytes: bytes.length, sha256: sha256Hex(bytes) };
  };
  const circuits = await perCircuit(async (name) => ({
    ...manifest.circuits[name],
    wasm: await write(`${name}.wasm`, wasm[name]),
    key: await write(`${name}.key`, await proverKey(name, zkeys[name], parseR1cs(r1cs[name]))),
    zkey: await write(`${name}.zkey`, zkeys[name]),
    vkey: await write(`${name}.vkey.json`, new TextEncoder().encode(await verificationKeyOf(zkeys[name]))),
  }));
  const made: Manifest = {
    ...manifest,
    version: manifest.version + 1,
    keys: 'ceremony',
    ptau: await write(manifest.ptau.file, ptau),
    circuits,
  };
  await writePart(out, 'manifest.json', `${JSON.stringify(made, null, 2)}\n`);
  return made;
}
