// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run demo`: the whole story without a browser, on real sockets, with one clock for all programs
 * that can be moved forward over epochs.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as snarkjs from 'snarkjs';
import { buildWasmPoseidon } from '../src/commitment/poseidon_wasm.ts';
import { createPassportAuthority } from '../src/demo/chip.ts';
import { SAMPLE_STATE, type SamplePerson } from '../src/demo/people.ts';
import type { Evidence, StoryStage } from '../src/demo/stage.ts';
import { type StoryResult, tellStory } from '../src/demo/story.ts';
import type { Manifest } from '../src/protocol/artifacts.ts';
import { ProtocolError } from '../src/protocol/errors.ts';
import { proofSchema } from '../src/protocol/presentation.ts';
import { fromBase64Url } from '../src/protocol/scope.ts';
import { nodeThreads } from '../src/server/prover_threads.ts';
import { ephemeralConfig } from '../src/server/config.ts';
import { type DemoStack, startDemoStack } from '../src/server/demo_stack.ts';
import { ARTIFACTS } from '../src/server/pages.ts';
import { createProver, type Prover, type ProvingTask } from '../src/wallet/prover.ts';

const HELP = `Usage: npm run demo -- [--json] [--help]

Enrols sample people with passports of a chip simulator, logs in at two platforms, comes back to the
first, and tries what must fail. Programs talk over HTTP on ports of their own; nothing is kept.

  --json   print one JSON object and nothing else (with: npm run --silent demo -- --json)

Exits 0 if all went as it must, 1 otherwise.
`;

/** The default of a real register. */
const EPOCH_SECONDS = 21_600;

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const readArtifact = async (file: string): Promise<Uint8Array> => new Uint8Array(await readFile(join(ARTIFACTS, file)));

/**
 * A prover for the same circuit with a key that another party made, one more contribution to ours. It is
 * snarkjs: our prover reads keys in a form of its own, which takes long to make.
 */
async function foreignProver({ version, circuits: { show } }: Manifest): Promise<Prover> {
  const zkey: { type: 'mem'; data?: Uint8Array } = { type: 'mem' };
  await snarkjs.zKey.contribute(
    join(ARTIFACTS, show.zkey.file),
    zkey,
    'another party',
    randomBytes(32).toString('hex'),
  );
  const wasm = join(ARTIFACTS, show.wasm.file);
  const tasks: ProvingTask[] = [];
  return {
    info: () => Promise.resolve({ version, development: true }),
    load: () => Promise.resolve(),
    arm: (task) => Promise.resolve(tasks.push(task) - 1),
    async fire(handle, statement) {
      const inputs = { ...tasks[handle]?.inputs, ...('binding' in statement ? { binding: statement.binding } : {}) };
      const made = await snarkjs.groth16.fullProve(inputs as never, wasm, zkey as never);
      return { proof: proofSchema.parse(made.proof), publicSignals: made.publicSignals };
    },
    release: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function evidenceOf({ authority, people }: DemoStack, choose: (person: SamplePerson) => boolean): Evidence {
  const person = people.find(choose);
  if (person === undefined) throw new ProtocolError('story_broken', 'the sample people do not include the one needed');
  return {
    document: authority.issue(person.chip, person.portrait),
    face: { type: 'image/jpeg', bytes: person.live },
  };
}

function stageOn(
  stack: DemoStack,
  clock: { now: () => number; skip: (milliseconds: number) => void },
  poseidon: StoryStage['poseidon'],
  say: StoryStage['say'],
): StoryStage {
  const { issuer, register } = stack.walletConfig;
  const isAdult = ({ age, chip }: SamplePerson): boolean => age > 18 && chip.personalNumber !== undefined;
  const [adult, stranger] = stack.people.filter(isAdult);
  if (adult === undefined || stranger === undefined) {
    throw new ProtocolError('story_broken', 'the story needs two adults among the sample people');
  }
  const untrusted = createPassportAuthority({
    country: SAMPLE_STATE.alpha2,
    algorithm: 'ecdsa-p256',
    at: clock.now(),
  });
  return {
    urls: stack.urls,
    apiKeys: stack.apiKeys,
    issuerKey: fromBase64Url(issuer.key),
    register: {
      ...register,
      key: fromBase64Url(register.key),
      witnesses: register.witnesses.map(({ name, key }) => ({ name, publicKey: fromBase64Url(key) })),
    },
    approvers: stack.approverKeys,
    turn: stack.register.turn,
    clock: clock.now,
    skip: clock.skip,
    random,
    fetch,
    poseidon,
    prover: createProver({ read: readArtifact, random, threads: nodeThreads() }),
    foreignProver: () => foreignProver(stack.manifest),
    frames: stack.frames.frames,
    people: {
      adult: evidenceOf(stack, ({ id }) => id === adult.id),
      minor: evidenceOf(stack, ({ age }) => age === 17),
      stranger: { type: 'image/jpeg', bytes: stranger.live },
      untrusted: untrusted.issue(adult.chip, adult.portrait),
    },
    say,
  };
}

async function run(say: (line: string) => void): Promise<StoryResult> {
  let skipped = 0;
  const clock = {
    now: () => Date.now() + skipped,
    skip: (milliseconds: number) => {
      skipped += milliseconds;
      say(`the clock moves forward by ${String(milliseconds / 3_600_000)} hours`);
    },
  };
  const stack = await startDemoStack({
    config: { ...ephemeralConfig(), epochSeconds: EPOCH_SECONDS, liveness: 'required' },
    clock: clock.now,
    timers: false,
  });
  try {
    const [{ source, altered } = { source: '', altered: false }] = stack.people;
    say(`faces: ${source}${altered ? '; the live pictures are altered copies of the portraits' : ''}`);
    return await tellStory(stageOn(stack, clock, await buildWasmPoseidon(), say));
  } finally {
    await stack.close();
  }
}

const { values } = parseArgs({ options: { help: { type: 'boolean' }, json: { type: 'boolean' } } });
if (values.help === true) {
  console.log(HELP);
  process.exit(0);
}
try {
  const json = values.json === true;
  const result = await run(json ? () => undefined : (line) => console.log(line));
  console.log(
    json
      ? JSON.stringify(result)
      : `a verification took ${result.verifyCpuMs.toFixed(1)} ms of CPU\n${result.ok ? 'all went as it must' : 'SOMETHING WENT WRONG'}`,
  );
  process.exit(result.ok ? 0 : 1);
} catch (error) {
  console.error(error instanceof ProtocolError ? `demo: ${error.code}: ${error.message}` : error);
  process.exit(1);
}
