// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from '@hono/node-server';
import { afterAll, describe, expect, it } from 'vitest';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { deriveSession } from '../../src/protocol/statement.ts';
import { SECRETS } from '../register/harness.ts';
import type { Orders, Point } from './killed.ts';
import { freshBlinding, LifeWorld } from './life_world.ts';
import { enrolmentForm, passport, PERSON, PORTRAIT, SEED, ZONE } from './world.ts';

const NEW_SEED = toField(515151n);
const folder = mkdtempSync(join(tmpdir(), 'bauta-killed-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Has an issuer on the world's database and register die during an enrolment. */
async function kill(
  world: LifeWorld,
  url: string,
  point: Point,
  seed: FieldElement,
  wish: object = {},
): Promise<{ signal: unknown; said: string }> {
  const server = serve({ fetch: (request) => world.log.app.fetch(request), port: 0, hostname: 'localhost' });
  await new Promise((resolve) => server.once('listening', resolve));
  const session = toBase64Url(new Uint8Array(randomBytes(16)));
  const orders: Orders = {
    url,
    registerUrl: `http://localhost:${String((server.address() as AddressInfo).port)}`,
    point,
    now: world.now,
    person: PERSON,
    portrait: toBase64Url(PORTRAIT),
    dedupKey: toBase64Url(new Uint8Array(32).fill(9)),
    signingKey: toBase64Url(SECRETS.issuer),
    session,
    form: { ...(await enrolmentForm(deriveSession(session), seed, freshBlinding())), ...wish },
    issuerNumber: 5,
    timeZone: ZONE,
  };
  const script = fileURLToPath(new URL('killed.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(orders));
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
  await new Promise((resolve) => server.close(resolve));
  return { signal, said };
}

/** What an issuer that is started again on the same file makes of it. */
async function settled(world: LifeWorld): Promise<{ leaves: string[]; active: number; resets: number }> {
  for (let i = 0; i < 3; i++) await world.nextEpoch();
  const rows = (await world.rows()).filter(({ revocation }) => revocation === 0);
  expect(rows.every(({ submitted, replaces }) => submitted === 1 && replaces === null)).toBe(true);
  for (const { leaf } of rows) expect(await world.standing(leaf)).toBe('published');
  const { active, resets } = (await world.log.checkpoint()).counts;
  return { leaves: rows.map(({ leaf }) => leaf), active, resets };
}

const CASES: readonly (readonly [what: string, Point, kept: boolean])[] = [
  ['before anything is recorded', 'before record', false],
  ['after the record, before the register hears of it', 'after record', true],
  ['after the register has it, before that is noted', 'after submit', true],
  ['before the wallet is answered', 'before answer', true],
];

describe.concurrent('an issuer that is killed', () => {
  let count = 0;
  const open = async (): Promise<{ url: string; world: LifeWorld }> => {
    const url = `file:${join(folder, `${String(count++)}.sqlite`)}`;
    return { url, world: await LifeWorld.make(url) };
  };

  it.each(CASES)(
    '%s: the first credential is whole or not there',
    async (_, point, kept) => {
      const { url, world } = await open();
      expect(await kill(world, url, point, SEED)).toEqual({ signal: 'SIGKILL', said: '' });
      const after = await settled(world);
      expect(after).toMatchObject({ active: kept ? 1 : 0 });
      expect(after.leaves).toHaveLength(kept ? 1 : 0);
      // The wallet never heard, and asks again: one credential, one person.
      const leaf = await world.issued(SEED, {}, await world.accepted(passport()));
      expect(await settled(world)).toEqual({ leaves: [leaf], active: 1, resets: 0 });
      await world.close();
    },
    60_000,
  );

  it.each(CASES.slice(2, 3))(
    '%s, at a renewal: one of the two leaves is alive',
    async (_, point) => {
      const { url, world } = await open();
      const old = await world.issued();
      await world.nextEpoch();
      expect(await kill(world, url, point, SEED)).toEqual({ signal: 'SIGKILL', said: '' });
      const after = await settled(world);
      expect(after.active).toBe(1);
      expect(after.leaves).toHaveLength(1);
      expect(after.leaves).not.toContain(old);
      expect(await world.standing(old)).toBe('replaced');
      await world.close();
    },
    60_000,
  );

  it.each(CASES.slice(1, 2))(
    '%s, at a reset: the person has one seed, and is counted once',
    async (_, point, kept) => {
      const { url, world } = await open();
      const old = await world.issued();
      await world.nextEpoch();
      const wish = { reset: true };
      expect(await kill(world, url, point, NEW_SEED, wish)).toEqual({ signal: 'SIGKILL', said: '' });
      const after = await settled(world);
      expect(after).toMatchObject({ active: 1, resets: kept ? 1 : 0 });
      expect(await world.standing(old)).toBe(kept ? 'replaced' : 'published');
      // The wallet asks again, with the seed that it kept.
      const leaf = await world.issued(NEW_SEED, wish);
      expect(await settled(world)).toEqual({ leaves: [leaf], active: 1, resets: 1 });
      expect(await world.ask(await world.accepted(), SEED)).toMatchObject({ body: { code: 'seed_already_enrolled' } });
      await world.close();
    },
    60_000,
  );
});
