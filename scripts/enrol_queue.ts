// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run enrol:queue`: many people show their faces at once, to the real networks over HTTP. Says whether
 * they were served in the order of coming, how honest the waiting times were that they were told, and what
 * memory it took.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { createFrameMaker } from '../src/demo/frame_maker.ts';
import type { SampleFrame } from '../src/demo/sample_frames.ts';
import { ProtocolError } from '../src/protocol/errors.ts';
import type { LivenessAction } from '../src/protocol/liveness.ts';
import { fromBase64Url } from '../src/protocol/scope.ts';
import { ephemeralConfig } from '../src/server/config.ts';
import { type DemoStack, startDemoStack } from '../src/server/demo_stack.ts';
import { type EnrolDeps, type Enrolment, openEnrolment, sendDocument } from '../src/wallet/enrol.ts';
import { type CapturedFrame, requestLiveness, sendFrames } from '../src/wallet/enrol_face.ts';

/** Most people: what the queue takes, and memory for their pictures. */
const MAX_PEOPLE = 250;
/** How wrong a waiting time may be. */
const WORST = 2;
/** Waits shorter than this are left out of the worst, in seconds: whole seconds are told. */
const LONG = 10;
/** How late a wallet may learn the verdict, in milliseconds. */
const LEARNING_MS = 1000;

const HELP = `Usage: npm run enrol:queue -- [--people N] [--json] [--help]

Starts a demonstration stack in which N people (20 by default, at most ${String(MAX_PEOPLE)}) show their faces at once, as
made captures of the sample people. Prints how many were accepted, whether they were served in the order
of coming (to a second, as often as a wallet asks), the time for each, the greatest use of memory, and how far the waiting times that they were
told were from those that they had, as the longer over the shorter of both: the median, and the worst of
those who waited for ten seconds or more. A few seconds a person; standard error tells how far it is.

  --json  print one JSON object and nothing else (with: npm run --silent enrol:queue -- --json)

Exits 0 if all were accepted in order and no wait was told worse than by a factor of ${String(WORST)}, 1 otherwise.
`;

/** Each action as often as it can occur in a sequence. */
const REPERTOIRE: readonly LivenessAction[] = [
  'look_ahead',
  'turn_left',
  'blink',
  'turn_right',
  'blink',
  'turn_left',
  'turn_right',
];

interface QueueResult {
  readonly ok: boolean;
  readonly people: number;
  readonly accepted: number;
  readonly inOrder: boolean;
  readonly secondsEach: number;
  readonly memoryMiB: number;
  readonly factorMedian: number;
  readonly factorWorst: number;
}

/** What one of the people saw. */
interface Served {
  readonly accepted: boolean;
  /** When, by a clock of this program in milliseconds. */
  readonly end: number;
  readonly told?: { readonly seconds: number; readonly at: number } | undefined;
}

/** Tells on standard error how far a part is: at a tenth of it each, or whenever it is short. */
function progress(what: string, total: number): () => void {
  let done = 0;
  return () => {
    done++;
    if (done === total || done % Math.ceil(total / 10) === 0) {
      process.stderr.write(`${what}: ${String(done)} of ${String(total)}\n`);
    }
  };
}

function depsOf(stack: DemoStack): EnrolDeps {
  const { issuer } = stack.walletConfig;
  const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
  // No proof is made here, so neither prover nor hash is needed.
  return { issuer: { url: issuer.url, key: fromBase64Url(issuer.key) }, fetch, clock: Date.now, random } as EnrolDeps;
}

/** The pictures for a sequence out of those made once of a person. */
function framesFor(made: readonly SampleFrame[], actions: readonly LivenessAction[]): readonly CapturedFrame[] {
  const left = REPERTOIRE.map((action, step) => ({ action, frames: made.filter((frame) => frame.step === step) }));
  let at = 0;
  return actions.flatMap((action, step) => {
    const [taken] = left.splice(
      left.findIndex((one) => one.action === action),
      1,
    );
    // Behind the picture's end, where no decoder looks: an issuer takes no picture again.
    return (taken?.frames ?? []).map(({ jpeg }) => ({ step, at: at++, jpeg: Buffer.concat([jpeg, randomBytes(8)]) }));
  });
}

/** Sends a capture and returns as soon as it is in the queue, with what the person is told at that moment. */
async function enqueue(
  deps: EnrolDeps,
  enrolment: Enrolment,
  made: readonly SampleFrame[],
): Promise<{ readonly served: Promise<Served> }> {
  const challenge = await requestLiveness(deps, enrolment);
  const frames = framesFor(
    made,
    challenge.steps.map(({ action }) => action),
  );
  const state = { isDone: false };
  const sent = sendFrames(deps, enrolment, challenge, frames).then(
    () => true,
    (error: unknown) => {
      process.stderr.write(`${error instanceof ProtocolError ? error.code : String(error)}\n`);
      return false;
    },
  );
  const end = sent.then((accepted) => {
    state.isDone = true;
    return { accepted, end: performance.now() };
  });
  for (;;) {
    const { queue } = stateForm.parse(await (await callState(deps, enrolment)).json());
    if (queue !== undefined || state.isDone) {
      const told = queue && { seconds: queue.wait_seconds, at: performance.now() };
      return { served: end.then((verdict) => ({ ...verdict, told })) };
    }
    await setTimeout(5);
  }
}

const stateForm = z.object({ queue: z.object({ wait_seconds: z.number() }).optional() });

function callState({ issuer }: EnrolDeps, { id, token }: Enrolment): Promise<Response> {
  return fetch(`${issuer.url}/v1/enrolments/${id}`, { headers: { authorization: `Bearer ${token}` } });
}

async function run(people: number): Promise<QueueResult> {
  const stack = await startDemoStack({ config: { ...ephemeralConfig(), liveness: 'required' }, timers: false });
  const maker = createFrameMaker();
  let memory = 0;
  const watch = setInterval(() => (memory = Math.max(memory, process.memoryUsage.rss())), 200);
  try {
    const deps = depsOf(stack);
    const samples = stack.people.filter(({ chip }) => chip.personalNumber !== undefined);
    const made = new Map<string, readonly SampleFrame[]>();
    const drawn = progress('people pictured', samples.length);
    for (const { id, live } of samples) {
      made.set(id, await maker.frames(live, REPERTOIRE));
      drawn();
    }
    const enrolments: Enrolment[] = [];
    for (let i = 0; i < people; i++) {
      const sample = samples[i % samples.length];
      if (sample === undefined) throw new ProtocolError('story_broken', 'there are no sample people');
      const enrolment = await openEnrolment(deps);
      await sendDocument(deps, enrolment, stack.authority.issue(sample.chip, sample.portrait));
      enrolments.push(enrolment);
    }
    const started = performance.now();
    const running: Promise<Served>[] = [];
    const [queued, done] = [progress('captures in the queue', people), progress('captures examined', people)];
    for (const [i, enrolment] of enrolments.entries()) {
      const { served } = await enqueue(deps, enrolment, made.get(samples[i % samples.length]?.id ?? '') ?? []);
      running.push(served);
      queued();
      void served.then(done);
    }
    const served = await Promise.all(running);
    return summarise(served, (performance.now() - started) / 1000, memory);
  } finally {
    clearInterval(watch);
    await maker.close();
    await stack.close();
  }
}

function summarise(served: readonly Served[], seconds: number, memory: number): QueueResult {
  const accepted = served.filter((one) => one.accepted).length;
  const inOrder = served.every(({ end }, i) => served.slice(0, i).every((before) => before.end <= end + LEARNING_MS));
  const waits = served.flatMap(({ end, told }) =>
    told === undefined ? [] : [{ told: told.seconds, had: (end - told.at) / 1000 }],
  );
  const factors = waits
    .filter(({ told, had }) => Math.max(told, had) >= LONG)
    .map(({ told, had }) => Math.max(told / had, had / told))
    .sort((a, b) => a - b);
  const rounded = (value: number): number => Math.round(value * 100) / 100;
  const factorWorst = rounded(factors.at(-1) ?? 1);
  return {
    ok: accepted === served.length && inOrder && factorWorst <= WORST,
    people: served.length,
    accepted,
    inOrder,
    secondsEach: rounded(seconds / served.length),
    memoryMiB: Math.round(memory / 1024 / 1024),
    factorMedian: rounded(factors[factors.length >> 1] ?? 1),
    factorWorst,
  };
}

const { values } = parseArgs({
  options: { help: { type: 'boolean' }, json: { type: 'boolean' }, people: { type: 'string', default: '20' } },
});
const people = Number(values.people);
if (values.help === true) {
  console.log(HELP);
} else if (!Number.isInteger(people) || people < 1 || people > MAX_PEOPLE) {
  console.error(`--people must be 1 to ${String(MAX_PEOPLE)}`);
  process.exitCode = 2;
} else {
  const result = await run(people);
  console.log(
    values.json === true
      ? JSON.stringify(result)
      : Object.entries(result)
          .map(([name, value]) => `${name.padEnd(14)} ${String(value)}`)
          .join('\n'),
  );
  process.exitCode = result.ok ? 0 : 1;
}
