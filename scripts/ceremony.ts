// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The second phase of the setup, by many parties: `npm run ceremony -- --help`; docs/ceremony.md.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as snarkjs from 'snarkjs';
import type { Manifest } from '../src/protocol/artifacts.ts';
import { ProtocolError } from '../src/protocol/errors.ts';
import { type EntropySources, gatherEntropy, KEYSTROKES } from './ceremony/entropy.ts';
import { CeremonyFault, must } from './ceremony/fault.ts';
import { authorKey } from './ceremony/key.ts';
import { PUBLISHED_PTAU_HASH } from './ceremony/phase2.ts';
import { CIRCUITS, type PerCircuit, perCircuit } from './ceremony/record.ts';
import { type Author, beacon, begin, contribute } from './ceremony/steps.ts';
import { sha256Hex, type Step } from './ceremony/transcript.ts';
import { finalize, verify } from './ceremony/verify.ts';
import { ARTIFACTS, ROOT } from './circuits/compile.ts';
import { readManifest, rebuild } from './circuits/rebuild.ts';

const HELP = `Usage: npm run ceremony -- COMMAND --dir DIR [options]

Makes the proving keys of both circuits with many parties, so that nobody can forge proofs unless all
of them kept their secrets. DIR is the ceremony's folder, handed from party to party.

  init --ptau FILE         begins a ceremony in an empty DIR from prepared powers of tau
  contribute --name NAME   adds a contribution; you are asked to strike some keys
    --system-entropy-only  without the keyboard; the transcript says so
  beacon --value HEX --iterations-exp N --source TEXT
                           adds the last contribution, from a public value that nobody could foresee:
                           32 to 64 bytes, hashed 2^N times (10 to 30)
    --name NAME            who applies it; default coordinator
  verify                   checks everything from the powers of tau to the newest keys; minutes
  finalize --out OUT       verifies, then writes keys and manifest into an empty OUT
    --least N              contributions by different keys that are required; default 2

  --key FILE               contribute, beacon: Ed25519 key that signs the attestation, made with mode
                           0600 if FILE does not exist; default a key for this once
  --ptau-hash HEX          init, verify, finalize: BLAKE2b-512 of the powers of tau; default that of
                           powersOfTau28_hez_final_13.ptau
  --help                   this text

Exit status: 0 done, 1 something is not in order, 2 wrong usage.
`;

class UsageError extends Error {}

/** What the command reaches outside itself. */
export interface Surroundings {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Keys as they are struck; undefined where no terminal is. */
  readonly keystrokes: (() => AsyncIterable<Uint8Array>) | undefined;
}

const OPTIONS = {
  dir: { type: 'string' },
  ptau: { type: 'string' },
  'ptau-hash': { type: 'string' },
  name: { type: 'string' },
  key: { type: 'string' },
  'system-entropy-only': { type: 'boolean' },
  value: { type: 'string' },
  'iterations-exp': { type: 'string' },
  source: { type: 'string' },
  out: { type: 'string' },
  least: { type: 'string' },
  help: { type: 'boolean' },
} as const;

type Option = keyof typeof OPTIONS;

/** Options of each command beside `dir` and `help`. */
const TAKES: Readonly<Record<string, readonly Option[]>> = {
  init: ['ptau', 'ptau-hash'],
  contribute: ['name', 'key', 'system-entropy-only'],
  beacon: ['value', 'iterations-exp', 'source', 'name', 'key'],
  verify: ['ptau-hash'],
  finalize: ['out', 'least', 'ptau-hash'],
};

function readOptions(args: readonly string[]) {
  const { values, positionals } = (() => {
    try {
      return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    } catch (cause) {
      throw new UsageError(cause instanceof Error ? cause.message : 'wrong options', { cause });
    }
  })();
  const [command = ''] = positionals;
  const text = (option: Exclude<Option, 'help' | 'system-entropy-only'>): string => {
    const value = values[option];
    if (value === undefined || value === '') throw new UsageError(`--${option} is missing`);
    return value;
  };
  const whole = (option: 'iterations-exp' | 'least'): number => {
    if (!/^[0-9]{1,3}$/.test(text(option))) throw new UsageError(`--${option} is a whole number`);
    return Number(text(option));
  };
  const takes = TAKES[command];
  if (values.help !== true) {
    if (positionals.length !== 1 || takes === undefined) {
      throw new UsageError(`the command is one of ${Object.keys(TAKES).join(', ')}`);
    }
    const stray = Object.keys(values).find((option) => option !== 'dir' && !takes.includes(option as Option));
    if (stray !== undefined) throw new UsageError(`${command} takes no --${stray}`);
    const hash = values['ptau-hash'];
    if (hash !== undefined && !/^[0-9a-f]{128}$/.test(hash)) {
      throw new UsageError('--ptau-hash is a BLAKE2b-512 hash, 128 digits of lower-case hex');
    }
  }
  return { command, values, text, whole };
}

type Options = ReturnType<typeof readOptions>;

/** Compiles both circuits; refuses sources that are not those of the manifest. */
async function compiled(manifest: Manifest, { err }: Surroundings): Promise<PerCircuit<Uint8Array>> {
  return perCircuit(async (name) => {
    err(`compiling ${name}\n`);
    const { r1cs, faults } = await rebuild(name, manifest);
    must(faults.length === 0, faults[0] ?? '');
    return new Uint8Array(await readFile(r1cs));
  });
}

async function versions(): Promise<string> {
  const version = async (path: string): Promise<string> =>
    (JSON.parse(await readFile(join(ROOT, path, 'package.json'), 'utf8')) as { version: string }).version;
  return `bauta ${await version('.')}, snarkjs ${await version('node_modules/snarkjs')}, node ${process.version}`;
}

const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));

async function author(name: string, { values }: Options): Promise<Author> {
  const secretKey = await authorKey(values.key, random);
  return { name, secretKey, time: Date.now(), software: await versions() };
}

function tellStep({ number, circuits, public_key }: Step, { out }: Surroundings): void {
  out(`Step ${String(number)} is written. Publish these lines where people know you:\n`);
  for (const name of CIRCUITS) out(`${name} ${circuits[name].contribution}\n`);
  out(`key ${public_key}\n`);
}

function entropySources({ values }: Options, { keystrokes, err }: Surroundings): EntropySources {
  const systemOnly = values['system-entropy-only'] === true;
  if (!systemOnly && keystrokes === undefined) {
    throw new UsageError(
      'standard input is no terminal, so no keys can be struck; run this on a terminal, or add ' +
        '--system-entropy-only, which the transcript will say',
    );
  }
  if (!systemOnly) err(`Strike ${String(KEYSTROKES)} keys at random, none twice in a row.\n`);
  return {
    random,
    keystrokes: systemOnly ? undefined : keystrokes?.(),
    now: () => process.hrtime.bigint(),
    onKeysLeft: (left) => err(left === 0 ? '\rEnough.   \n' : `\r${String(left)} left  `),
  };
}

async function runInit(options: Options, surroundings: Surroundings): Promise<void> {
  const ptau = new Uint8Array(await readFile(options.text('ptau')));
  const manifest = await readManifest();
  const r1cs = await compiled(manifest, surroundings);
  surroundings.err('making the initial keys\n');
  const ptauHash = options.values['ptau-hash'] ?? PUBLISHED_PTAU_HASH;
  const { circuits } = await begin(options.text('dir'), { r1cs, manifest, ptau, ptauHash, time: Date.now() });
  for (const name of CIRCUITS) surroundings.out(`${name} initial key ${circuits[name].initial}\n`);
}

async function runContribute(options: Options, surroundings: Surroundings): Promise<void> {
  const [folder, name] = [options.text('dir'), options.text('name')];
  const sources = entropySources(options, surroundings);
  const entropy = await gatherEntropy(sources);
  const source = sources.keystrokes === undefined ? 'system' : 'system and keyboard';
  tellStep(await contribute(folder, await author(name, options), entropy, source), surroundings);
}

async function runBeacon(options: Options, surroundings: Surroundings): Promise<void> {
  const [value, source] = [options.text('value'), options.text('source')];
  const iterationsExp = options.whole('iterations-exp');
  const by = await author(options.values.name ?? 'coordinator', options);
  tellStep(await beacon(options.text('dir'), by, { value, iterationsExp, source }), surroundings);
}

async function runVerify(options: Options, surroundings: Surroundings): Promise<void> {
  const r1cs = await compiled(await readManifest(), surroundings);
  surroundings.err('verifying keys\n');
  const ptauHash = options.values['ptau-hash'] ?? PUBLISHED_PTAU_HASH;
  const { steps } = (await verify(options.text('dir'), { r1cs, ptauHash })).transcript;
  for (const step of steps) {
    const how = step.kind === 'beacon' ? `beacon, ${step.source}` : `entropy of ${step.entropy}`;
    surroundings.out(`${String(step.number)}  ${step.name}, ${step.time}, key ${step.public_key}, ${how}\n`);
    for (const name of CIRCUITS) surroundings.out(`   ${name} ${step.circuits[name].contribution}\n`);
  }
  if (ptauHash !== PUBLISHED_PTAU_HASH) surroundings.out('note: the powers of tau are not the published ones\n');
  if (steps.at(-1)?.kind !== 'beacon') surroundings.out('note: the beacon is still to come\n');
  surroundings.out('good\n');
}

async function runFinalize(options: Options, surroundings: Surroundings): Promise<void> {
  const manifest = await readManifest();
  const least = options.values.least === undefined ? 2 : options.whole('least');
  const r1cs = await compiled(manifest, surroundings);
  const wasm = await perCircuit(async (name) => {
    const { file, sha256 } = manifest.circuits[name].wasm;
    const bytes = new Uint8Array(await readFile(join(ARTIFACTS, file)));
    must(sha256Hex(bytes) === sha256, `${file} is not the one in the manifest`);
    return bytes;
  });
  surroundings.err('verifying keys\n');
  const ptauHash = options.values['ptau-hash'] ?? PUBLISHED_PTAU_HASH;
  const out = options.text('out');
  await finalize(options.text('dir'), out, { r1cs, ptauHash, manifest, wasm, least });
  surroundings.out(`${out} holds the artifacts\n`);
}

const COMMANDS: Readonly<Record<string, (options: Options, surroundings: Surroundings) => Promise<void>>> = {
  init: runInit,
  contribute: runContribute,
  beacon: runBeacon,
  verify: runVerify,
  finalize: runFinalize,
};

/**
 * Runs the command.
 *
 * @param args - What follows `--`.
 * @returns The exit status.
 */
export async function ceremony(args: readonly string[], surroundings: Surroundings): Promise<0 | 1 | 2> {
  const { out, err } = surroundings;
  try {
    const options = readOptions(args);
    if (options.values.help === true) out(HELP);
    else await COMMANDS[options.command]?.(options, surroundings);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      err(`ceremony: ${error.message}\nTry --help.\n`);
      return 2;
    }
    const unreadable = error instanceof Error && 'code' in error && 'path' in error; // of the file system
    if (!(error instanceof CeremonyFault || error instanceof ProtocolError || unreadable)) throw error;
    err(`ceremony: ${error.message}\n`);
    return 1;
  }
}

/** Keys of a terminal one by one, unechoed. */
async function* struckKeys(): AsyncGenerator<Uint8Array> {
  process.stdin.setRawMode(true);
  try {
    for await (const key of process.stdin) yield new Uint8Array(key as Buffer);
  } finally {
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await ceremony(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    keystrokes: process.stdin.isTTY ? struckKeys : undefined,
  });
  await (await snarkjs.curves.getCurveFromName('bn128')).terminate();
}
