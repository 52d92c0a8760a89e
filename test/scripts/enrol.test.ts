// SPDX-License-Identifier: GPL-3.0-or-later
/** Stories on a stack that runs already, whose clock nobody moves and which turns by itself, and `npm run enrol` on it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { type LifeStage, openLifeStage } from '../../src/demo/life_stage.ts';
import { type LifeStory, tellLife } from '../../src/demo/life_stories.ts';
import { ephemeralConfig } from '../../src/server/config.ts';
import type { Stack } from '../../src/server/stack.ts';
import { startStage } from '../demo/stage_stack.ts';
import { random, realProver } from '../wallet/world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SUB = /^[A-Za-z0-9_-]{43}$/;

interface Run {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

function enrol(...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const all = ['run', '--silent', 'enrol', '--', ...args];
    execFile('npm', all, { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ exit: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

describe('on a stack that runs already', { timeout: 120_000 }, () => {
  let stack: Stack;
  let stage: LifeStage;

  beforeAll(async () => {
    stack = await startStage({ config: ephemeralConfig() });
    const clock = (): number => Date.now();
    const about = { fetch, clock, random, prover: realProver(), poseidon, say: () => undefined };
    stage = await openLifeStage({ ...about, url: stack.urls.wallet });
  }, 60_000);
  afterAll(() => stack.close());

  it.each([
    ['second-document', 'the same pseudonym'],
    ['lost-phone', 'the same pseudonym'],
    ['lost-everything', 'another pseudonym'],
    ['revoked', 'no pseudonym'],
  ] as const satisfies readonly (readonly [LifeStory, string])[])('%s: in the end there is %s', async (story, end) => {
    const told = await tellLife(stage, story);
    const { subBefore, subAfter } = told;
    expect(subBefore).toMatch(SUB);
    if (end === 'no pseudonym') {
      expect(told).toEqual({ ok: true, subBefore, subAfter: null, code: 'credential_revoked' });
      return;
    }
    expect(told).toEqual({ ok: true, subBefore, subAfter: expect.stringMatching(SUB) as string });
    expect(subAfter === subBefore).toBe(end === 'the same pseudonym');
  });

  const enrolHere = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const { exit, stdout, stderr } = await enrol(...args, '--url', stack.urls.wallet, '--json');
    expect(stdout.trim().split('\n'), stderr).toHaveLength(1);
    const printed = JSON.parse(stdout) as Record<string, unknown>;
    expect([exit, printed['ok']], stderr).toEqual([printed['ok'] === true ? 0 : 1, printed['ok']]);
    return printed;
  };

  it('npm run enrol -- --story renewal, though the one person with two passports is enrolled by now', async () => {
    const told = await enrolHere('--story', 'renewal');
    expect(told).toEqual({
      ok: true,
      subBefore: expect.stringMatching(SUB) as string,
      subAfter: told['subBefore'],
    });
  });

  it('npm run enrol -- --kind, with a confirmed phone; and says so when nobody is left', async () => {
    const kind = ['--kind', 'taiwan-permit', '--inbox', stack.inboxUrl ?? ''];
    const made = await enrolHere(...kind);
    expect(made).toMatchObject({ ok: true, kind: 'taiwan-permit' });
    const steps = made['steps'] as readonly { readonly name: string }[];
    expect(steps.map(({ name }) => name)).toContain('phone');
    const { exit, stdout, stderr } = await enrol(...kind, '--url', stack.urls.wallet, '--json');
    expect([exit, JSON.parse(stdout)]).toEqual([1, { ok: false, code: 'person_already_enrolled' }]);
    expect(stderr).toContain('start it again with another folder of data');
  });
});

it.each([
  ['nothing', []],
  ['a kind and a story', ['--kind', 'passport', '--story', 'revoked']],
  ['an unknown story', ['--story', 'found-phone']],
])('npm run enrol refuses %s, with its help', async (_, args) => {
  const { exit, stdout, stderr } = await enrol(...args);
  expect([exit, stdout]).toEqual([2, '']);
  expect(stderr).toContain('Usage: npm run enrol');
});
