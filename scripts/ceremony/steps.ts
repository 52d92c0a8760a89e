// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What changes a ceremony's folder: beginning it, a contribution, the beacon.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { mkdir, readdir } from 'node:fs/promises';
import type { Manifest } from '../../src/protocol/artifacts.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import type { Entropy } from './entropy.ts';
import { must } from './fault.ts';
import { applyBeacon, contributeTo, newKey, ptauHash } from './phase2.ts';
import {
  type CeremonyRecord,
  FILES,
  type PerCircuit,
  perCircuit,
  readRecord,
  writePart,
  writeTranscript,
} from './record.ts';
import { attestationText, parseStep, sha256Hex, signAttestation, type Step, type Transcript } from './transcript.ts';
import { readContributions } from './zkey.ts';

/** Who does a step, when and with what. */
export interface Author {
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly secretKey: Uint8Array;
  /** Unix time in milliseconds. */
  readonly time: number;
  /** Programs and their versions. */
  readonly software: string;
}

/** What a ceremony begins with. */
export interface Beginning {
  /** Checked to be the circuits of the manifest. */
  readonly r1cs: PerCircuit<Uint8Array>;
  readonly manifest: Pick<Manifest, 'compiler' | 'flags'>;
  readonly ptau: Uint8Array;
  /** BLAKE2b-512 that the powers of tau must have. */
  readonly ptauHash: string;
  /** {@link newKey} or one that remembers, for it takes most of the time. */
  readonly initialKey?: typeof newKey;
  readonly time: number;
}

/** Refuses powers of tau other than those asked for. */
export function requirePtau(ptau: Uint8Array, expected: string): void {
  const hash = ptauHash(ptau);
  must(hash === expected, `the powers-of-tau file has the BLAKE2b hash ${hash}, not the expected ${expected}`);
}

const iso = (time: number): string => new Date(time).toISOString();

/**
 * Begins a ceremony in a folder that is empty or does not exist.
 *
 * @returns The transcript, without steps.
 */
export async function begin(folder: string, beginning: Beginning): Promise<Transcript> {
  const { r1cs, manifest, ptau, time, initialKey = newKey } = beginning;
  requirePtau(ptau, beginning.ptauHash);
  await mkdir(folder, { recursive: true });
  must((await readdir(folder)).length === 0, `${folder} is not empty`);
  const zkeys = await perCircuit((name) => initialKey(r1cs[name], ptau));
  const circuits = await perCircuit(async (name) => {
    await writePart(folder, FILES.zkey(name, 0), zkeys[name]);
    return { r1cs: sha256Hex(r1cs[name]), initial: sha256Hex(zkeys[name]) };
  });
  await writePart(folder, FILES.ptau, ptau);
  const transcript: Transcript = {
    version: 1,
    time: iso(time),
    ptau: { blake2b: ptauHash(ptau), bytes: ptau.length },
    compiler: manifest.compiler,
    flags: manifest.flags,
    circuits,
    steps: [],
  };
  await writeTranscript(folder, transcript);
  return transcript;
}

type Particular =
  | Pick<Extract<Step, { kind: 'contribution' }>, 'kind' | 'entropy'>
  | Pick<Extract<Step, { kind: 'beacon' }>, 'kind' | 'value' | 'iterations_exp' | 'source'>;

const NO_HASHES = { before: '0'.repeat(64), after: '0'.repeat(64), contribution: '0'.repeat(128) };

async function add(
  folder: string,
  author: Author,
  particular: Particular,
  change: (record: CeremonyRecord) => Promise<PerCircuit<Uint8Array>>,
): Promise<Step> {
  const record = await readRecord(folder);
  const { steps } = record.transcript;
  must(steps.at(-1)?.kind !== 'beacon', 'the ceremony has had its beacon; nothing can follow');
  const number = steps.length + 1;
  const said = {
    ...particular,
    number,
    name: author.name,
    time: iso(author.time),
    software: author.software,
    public_key: toBase64Url(ed25519.getPublicKey(author.secretKey)),
  };
  parseStep({ ...said, circuits: { show: NO_HASHES, issue: NO_HASHES } }); // a bad name is told before the work
  const zkeys = await change(record);
  const circuits = await perCircuit((name) =>
    Promise.resolve({
      before: sha256Hex(record.zkeys[name]),
      after: sha256Hex(zkeys[name]),
      contribution: readContributions(zkeys[name]).at(-1)?.hash ?? '',
    }),
  );
  const step = parseStep({ ...said, circuits });
  const transcript = { ...record.transcript, steps: [...steps, step] };
  const text = attestationText(transcript, steps.length, record.attestation);
  await perCircuit((name) => writePart(folder, FILES.zkey(name, number), zkeys[name]));
  await writePart(folder, FILES.attestation(number), signAttestation(text, author.secretKey));
  await writeTranscript(folder, transcript);
  return step;
}

/**
 * Adds a contribution to both circuits.
 *
 * @param source - What the entropy was made of, as the transcript states it.
 * @returns The step, with the hashes to publish.
 */
export function contribute(
  folder: string,
  author: Author,
  entropy: Entropy,
  source: 'system' | 'system and keyboard',
): Promise<Step> {
  return add(folder, author, { kind: 'contribution', entropy: source }, ({ zkeys }) =>
    perCircuit((name) => contributeTo(zkeys[name], author.name, entropy(name))),
  );
}

/** A public value that nobody could know before the last contribution was published. */
export interface Beacon {
  /** 32 to 64 bytes in lower-case hex. */
  readonly value: string;
  /** The value is hashed 2^n times; 10 to 30. */
  readonly iterationsExp: number;
  /** Where anyone finds the value. */
  readonly source: string;
}

/** Applies the beacon, the last step. */
export function beacon(folder: string, author: Author, { value, iterationsExp, source }: Beacon): Promise<Step> {
  const particular = { kind: 'beacon', value, iterations_exp: iterationsExp, source } as const;
  return add(folder, author, particular, ({ zkeys, transcript }) => {
    must(transcript.steps.length > 0, 'a beacon follows contributions; there is none yet');
    return perCircuit((name) => applyBeacon(zkeys[name], author.name, value, iterationsExp));
  });
}
