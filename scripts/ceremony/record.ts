// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A ceremony's folder, and the check of everything in it that needs neither the powers of tau nor the
 * circuits: what a contributor's program does before adding to it, and the first half of `verify`.
 *
 *     transcript.json  powers-of-tau.ptau  attestation-NNNN.txt  show-NNNN.zkey  issue-NNNN.zkey
 *
 * Only the newest proving keys are needed; older ones may be deleted.
 *
 * @module
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CircuitName } from '../../src/protocol/artifacts.ts';
import { startCurve } from '../../src/verifying/curve.ts';
import { CeremonyFault, must } from './fault.ts';
import { attestationText, isAttestation, parseTranscript, sha256Hex, type Transcript } from './transcript.ts';
import { readContributions } from './zkey.ts';

/** Both circuits, always in this order. */
export const CIRCUITS = ['show', 'issue'] as const satisfies readonly CircuitName[];

/** One value for each circuit. */
export type PerCircuit<Value> = Readonly<Record<CircuitName, Value>>;

/** Builds a value for each circuit, one after the other: the work behind them fills the machine. */
export async function perCircuit<Value>(make: (name: CircuitName) => Promise<Value>): Promise<PerCircuit<Value>> {
  return { show: await make('show'), issue: await make('issue') };
}

const numbered = (number: number): string => String(number).padStart(4, '0');

/** Paths of the folder's files. */
export const FILES = {
  transcript: 'transcript.json',
  ptau: 'powers-of-tau.ptau',
  attestation: (number: number): string => `attestation-${numbered(number)}.txt`,
  /** @returns Name of the key after step `number`; 0 is the initial key. */
  zkey: (circuit: CircuitName, number: number): string => `${circuit}-${numbered(number)}.zkey`,
};

/** A folder's record, checked as far as it can be by itself. */
export interface CeremonyRecord {
  readonly transcript: Transcript;
  /** The newest proving keys. */
  readonly zkeys: PerCircuit<Uint8Array>;
  /** The newest attestation file; undefined before the first step. */
  readonly attestation: Uint8Array | undefined;
}

async function optional(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads a file of the folder. */
export async function readPart(folder: string, file: string): Promise<Uint8Array> {
  const bytes = await optional(join(folder, file));
  must(bytes !== undefined, `${file} is missing`);
  return bytes;
}

/** Writes a file whole or not at all. */
export async function writePart(folder: string, file: string, bytes: Uint8Array | string): Promise<void> {
  const path = join(folder, file);
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}

/** Adds the transcript; written last, it makes a step count. */
export async function writeTranscript(folder: string, transcript: Transcript): Promise<void> {
  await writePart(folder, FILES.transcript, `${JSON.stringify(transcript, null, 2)}\n`);
}

/** Checks numbers, order, hashes from key to key, and every signature. @returns The last attestation. */
async function checkSteps(folder: string, transcript: Transcript): Promise<Uint8Array | undefined> {
  const { steps, circuits } = transcript;
  let before = { show: circuits.show.initial, issue: circuits.issue.initial };
  let attestation: Uint8Array | undefined;
  for (const [index, step] of steps.entries()) {
    const number = index + 1;
    must(step.number === number, `transcript.json: step ${String(number)} has the number ${String(step.number)}`);
    must(
      step.kind !== 'beacon' || number === steps.length,
      `transcript.json: step ${String(number)} is after a beacon`,
    );
    for (const name of CIRCUITS) {
      const chained = step.circuits[name].before === before[name];
      must(
        chained,
        `transcript.json: step ${String(number)} does not begin with the ${name} key that step ${String(index)} left`,
      );
    }
    before = { show: step.circuits.show.after, issue: step.circuits.issue.after };
    const file = FILES.attestation(number);
    const signed = await readPart(folder, file);
    const good = isAttestation(signed, attestationText(transcript, index, attestation), step.public_key);
    must(good, `${file} is not what the transcript says, signed by the key it names`);
    attestation = signed;
  }
  return attestation;
}

/** Checks each proving key there is by its hash. @returns The newest one. */
async function checkFiles(folder: string, { steps, circuits }: Transcript, name: CircuitName): Promise<Uint8Array> {
  const hashes = [circuits[name].initial, ...steps.map((step) => step.circuits[name].after)];
  let newest: Uint8Array | undefined;
  for (const [number, hash] of hashes.entries()) {
    const file = FILES.zkey(name, number);
    const bytes = await optional(join(folder, file));
    must(bytes === undefined || sha256Hex(bytes) === hash, `${file} does not have the hash that the transcript says`);
    newest = bytes;
  }
  must(newest !== undefined, `${FILES.zkey(name, steps.length)}, the newest key, is missing`);
  return newest;
}

/** Compares the contributions that a proving key itself records with the transcript. */
function checkContributions({ steps }: Transcript, name: CircuitName, zkey: Uint8Array): void {
  const file = FILES.zkey(name, steps.length);
  const recorded = (() => {
    try {
      return readContributions(zkey);
    } catch (cause) {
      throw new CeremonyFault(`${file}: ${cause instanceof Error ? cause.message : 'unreadable'}`, { cause });
    }
  })();
  const [has, says] = [recorded.length, steps.length].map(String);
  must(has === says, `${file} records ${has ?? ''} contributions, the transcript ${says ?? ''}`);
  for (const [index, step] of steps.entries()) {
    const own = recorded[index];
    const same =
      own?.kind === step.kind &&
      own.hash === step.circuits[name].contribution &&
      own.name === step.name &&
      (step.kind !== 'beacon' || (own.value === step.value && own.iterationsExp === step.iterations_exp));
    must(same, `${file}: contribution ${String(index + 1)} is not the one in the transcript`);
  }
}

/**
 * Reads a folder and checks the transcript, every attestation, every key's hash, and that the newest
 * keys record exactly the transcript's contributions.
 *
 * @throws {@link CeremonyFault} naming the first fault.
 */
export async function readRecord(folder: string): Promise<CeremonyRecord> {
  const transcript = parseTranscript(new TextDecoder().decode(await readPart(folder, FILES.transcript)));
  const attestation = await checkSteps(folder, transcript);
  await startCurve();
  const zkeys = await perCircuit(async (name) => {
    const zkey = await checkFiles(folder, transcript, name);
    checkContributions(transcript, name, zkey);
    return zkey;
  });
  return { transcript, zkeys, attestation };
}
