// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run enrol`: enrols a sample person with a document of a kind, or tells a story of a credential's life,
 * over HTTP: against a running stack, or one of its own whose clock can be moved forward over epochs.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWasmPoseidon } from '../src/commitment/poseidon_wasm.ts';
import { type EnrolmentRun, runEnrolment } from '../src/demo/enrolment_run.ts';
import { type LifeStage, type LifeStageOptions, openLifeStage } from '../src/demo/life_stage.ts';
import { LIFE_STORIES, type LifeResult, type LifeStory, tellLife } from '../src/demo/life_stories.ts';
import type { DocumentKind } from '../src/protocol/attributes.ts';
import { ProtocolError } from '../src/protocol/errors.ts';
import { ephemeralConfig } from '../src/server/config.ts';
import { ARTIFACTS } from '../src/server/pages.ts';
import { nodeThreads } from '../src/server/prover_threads.ts';
import { createProver } from '../src/wallet/prover.ts';

const KINDS: Readonly<Record<string, DocumentKind>> = {
  'resident-id': 'resident_identity_card',
  passport: 'passport',
  'hk-macau-permit': 'travel_permit_hk_macau',
  'taiwan-permit': 'travel_permit_taiwan',
  'foreign-pr': 'foreign_permanent_resident_card',
};

const HELP = `Usage: npm run enrol -- (--kind KIND | --story NAME) [--url URL [--inbox URL]] [--json] [--help]

Enrols a sample person, or tells a story of a credential's life, over HTTP. People, documents and their
authorities are simulated; checking, comparing faces, proving and verifying are real.

  --kind KIND   ${Object.keys(KINDS).join(', ')}
  --story NAME  ${LIFE_STORIES.join(', ')}
  --url URL     address of the wallet of a running stack (npm start); by default a stack of its own is started
  --inbox URL   page of the messages to phones of that stack; without it no phone is confirmed there
  --json        print one JSON object and nothing else (with: npm run --silent enrol -- …)
                  a kind:  {ok, kind, steps: [{name, ms}], leafIndex}
                  a story: {ok, subBefore, subAfter, code?}

Against a running stack, where the first sample person is enrolled already, somebody new is made of the same face, with
passports and a resident card; the other kinds can be enrolled once for each person who has one. There the clock cannot
be moved: a story does not wait until the last root that an old store could use is out of use, and revokes as the holder.

Exits 0 if all went as it must, 1 otherwise, 2 for arguments that it does not understand.
`;

/** The default of a real register. */
const EPOCH_SECONDS = 21_600;
const HOUR = 3_600_000;

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const readArtifact = async (file: string): Promise<Uint8Array> => new Uint8Array(await readFile(join(ARTIFACTS, file)));

type Play = (stage: LifeStage) => Promise<EnrolmentRun | LifeResult>;

/** Plays on a stack of its own, which is closed in the end. */
async function onOwnStack(options: Omit<LifeStageOptions, 'url' | 'clock'>, play: Play): ReturnType<Play> {
  let skipped = 0;
  const clock = (): number => Date.now() + skipped;
  const skip = (milliseconds: number): void => {
    skipped += milliseconds;
  };
  const epoch = EPOCH_SECONDS * 1000;
  // Not loaded for a stack that runs already: it brings the face networks along.
  const { startDemoStack } = await import('../src/server/demo_stack.ts');
  const stack = await startDemoStack({
    config: { ...ephemeralConfig(), epochSeconds: EPOCH_SECONDS, liveness: 'required' },
    clock,
    timers: false,
  });
  try {
    const stage = await openLifeStage({
      ...options,
      url: stack.urls.wallet,
      clock,
      skip,
      approvers: stack.approverKeys,
      inboxUrl: stack.inboxUrl,
      turn: () => {
        skip(epoch);
        return stack.register.turn();
      },
      pass: () => {
        skip(epoch + HOUR);
        return Promise.resolve();
      },
    });
    return await play(stage);
  } finally {
    await stack.close();
  }
}

function fail(message: string): never {
  console.error(`enrol: ${message}\n\n${HELP}`);
  process.exit(2);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        kind: { type: 'string' },
        story: { type: 'string' },
        url: { type: 'string' },
        inbox: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'unknown arguments');
  }
}

const { help = false, json = false, ...values } = readArguments();
if (help) {
  console.log(HELP);
  process.exit(0);
}
const kind = values.kind === undefined ? undefined : KINDS[values.kind];
const story = LIFE_STORIES.find((name) => name === values.story);
if (values.kind !== undefined && (kind === undefined || !Object.hasOwn(KINDS, values.kind))) {
  fail(`there is no kind ${values.kind}`);
}
if (values.story !== undefined && story === undefined) fail(`there is no story ${values.story}`);
if ((kind === undefined) === (story === undefined)) fail('name a kind or a story');
for (const url of [values.url, values.inbox]) {
  if (url !== undefined && !URL.canParse(url)) fail(`${url} is no URL`);
}
const originOf = (url: string): string => new URL(url).origin;

const play: Play = (stage) => (kind === undefined ? tellLife(stage, story as LifeStory) : runEnrolment(stage, kind));
try {
  const common = {
    fetch,
    random,
    poseidon: await buildWasmPoseidon(),
    prover: createProver({ read: readArtifact, random, threads: nodeThreads() }),
    say: json ? () => undefined : (line: string) => console.log(line),
  };
  const result =
    values.url === undefined
      ? await onOwnStack(common, play)
      : await play(
          await openLifeStage({
            ...common,
            url: originOf(values.url),
            inboxUrl: values.inbox === undefined ? undefined : originOf(values.inbox),
            clock: () => Date.now(),
          }),
        );
  const shown = 'kind' in result ? { ...result, kind: values.kind } : result;
  console.log(json ? JSON.stringify(shown) : result.ok ? 'all went as it must' : 'SOMETHING WENT WRONG');
  process.exit(result.ok ? 0 : 1);
} catch (error) {
  const code = error instanceof ProtocolError ? error.code : 'unexpected';
  if (json) console.log(JSON.stringify({ ok: false, code }));
  console.error(error instanceof ProtocolError ? `enrol: ${code}: ${error.message}` : error);
  process.exit(1);
}
