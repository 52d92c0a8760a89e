// SPDX-License-Identifier: GPL-3.0-or-later
/** A companion on a port of this machine, as the command puts it there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCompanion } from '../../src/companion/app.ts';
import { createCardAuthority } from '../../src/demo/card_simulator.ts';
import { type SamplePerson, samplePeople } from '../../src/demo/people.ts';
import { createReaderSimulator } from '../../src/demo/reader_simulator.ts';
import { createSampleDocuments } from '../../src/demo/sample_documents.ts';
import { readPassport } from '../../src/documents/person.ts';
import { listen, type Listening } from '../../src/server/listen.ts';
import { createSamples } from '../../src/server/samples.ts';
import type { Fetch } from '../../src/wallet/environment.ts';
import { findCompanion, pairCompanion, readThroughCompanion } from '../../src/wallet/companion.ts';
import { issue, place, seeded, through } from '../documents/chip/chips.ts';
import { authorityOf, SIGNED_AT, TODAY } from '../documents/samples.ts';
import { ACCESS, codeOf, FEATURES, ORIGIN } from './house.ts';

/** A page: undici lets a test set what browsers set by themselves. */
const pageOf =
  (origin: string): Fetch =>
  (url, init) =>
    fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), origin } });

describe('over HTTP', () => {
  let listening: Listening;
  let code = '';
  let reads = 0;
  let busy = false;
  beforeAll(async () => {
    const issued = await issue(FEATURES);
    const chip = () =>
      through(place(issued), async (answer) => {
        busy = true;
        reads++;
        await new Promise((resolve) => setTimeout(resolve, 2));
        return answer;
      });
    listening = await listen(
      (origin) => {
        const port = Number(new URL(origin).port);
        const reader = createReaderSimulator({ chip });
        const companion = createCompanion({ reader, random: seeded('http'), origins: [ORIGIN], port });
        ({ code } = companion);
        return Promise.resolve(companion);
      },
      0,
      'companion',
      '--port',
      '127.0.0.1',
    );
  });
  afterAll(() => listening.close());

  it('listens on 127.0.0.1 and answers its own address only', async () => {
    expect(listening.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const { port } = new URL(listening.origin);
    const statusUnder = async (host: string): Promise<number | undefined> => {
      const asked = request({ host: '127.0.0.1', port, path: '/v1/status', headers: { host, origin: ORIGIN } });
      asked.end();
      const [answer] = (await once(asked, 'response')) as [{ statusCode?: number; resume: () => void }];
      answer.resume();
      return answer.statusCode;
    };
    expect(await statusUnder(`127.0.0.1:${port}`)).toBe(200);
    expect(await statusUnder(`rebound.example:${port}`)).toBe(403);
    expect(await findCompanion({ fetch: pageOf('https://attacker.example') }, listening.origin)).toBeUndefined();
  });

  it('reads, line by line, and a page that goes away ends the reading', async () => {
    const deps = { fetch: pageOf(ORIGIN) };
    const found = await findCompanion(deps, listening.origin);
    if (found === undefined) throw new Error('not found');
    const paired = await pairCompanion(deps, found, code);
    const whole = await readThroughCompanion(deps, paired, ACCESS);
    expect(whole.files.dg2.length).toBeGreaterThan(0);
    const all = reads;

    reads = 0;
    busy = false;
    const stop = new AbortController();
    const cut = readThroughCompanion({ ...deps, signal: stop.signal }, paired, ACCESS, ({ step }) => {
      if (step === 'files') stop.abort();
    });
    await expect(cut).rejects.toThrow();
    expect(busy).toBe(true);
    let again: string | undefined = 'companion_busy';
    for (let tries = 0; tries < 200 && again === 'companion_busy'; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (tries === 0) expect(reads).toBeLessThan(all);
      again = await codeOf(readThroughCompanion(deps, paired, ACCESS));
    }
    expect(again).toBeUndefined();
  });
});

describe('the command', () => {
  const ENTRY = fileURLToPath(new URL('../../src/server/companion.ts', import.meta.url));
  const run = (...args: readonly string[]) => {
    const child = spawn(process.execPath, ['--import', 'tsx', ENTRY, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
    return { child, output };
  };
  let wallet: Listening;
  let person: SamplePerson | undefined;
  beforeAll(async () => {
    const people = await samplePeople({ today: TODAY, faces: '/nonexistent' });
    person = people.find(({ id }) => id === 'wei');
    const authority = authorityOf('ecdsa-p256');
    const random = seeded('samples');
    const documents = createSampleDocuments({ authority, cards: createCardAuthority(random), random });
    const samples = createSamples({
      people,
      documents,
      frames: { frames: () => Promise.resolve([]) },
      today: () => TODAY,
      random,
    });
    wallet = await listen(() => Promise.resolve({ app: new Hono().route('/demo', samples) }), 0, 'wallet');
  });
  afterAll(() => wallet.close());

  it('with --simulate reads the simulated passport of a sample person, and says that it does', async () => {
    const { child, output } = run('--simulate', 'wei', '--wallet', wallet.origin, '--port', '0');
    try {
      const ready = /companion is at (\S+),[^]*?\n {4}(\d{3}) (\d{3})\n/;
      for (let tries = 0; tries < 400 && !ready.test(output.out) && child.exitCode === null; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      const [, url = '', first = '', second = ''] = ready.exec(output.out) ?? [];
      const deps = { fetch: pageOf(wallet.origin) };
      const found = await findCompanion(deps, url);
      expect(found?.reader).toEqual({ kind: 'simulator', name: 'Simulated reader' });
      expect(output.out).toContain('SIMULATOR');
      const field = (name: string): string => new RegExp(`${name} [^ ]+ +(\\w+)`).exec(output.out)?.[1] ?? '';
      const access = {
        documentNumber: field('document number'),
        birth: field('date of birth'),
        expiry: field('date of expiry'),
      };
      expect(access.documentNumber).toBe(person?.chip.documentNumber);
      const paired = await pairCompanion(deps, found ?? { url }, first + second);
      const { files } = await readThroughCompanion(deps, paired, access);
      const trust = { anchors: authorityOf('ecdsa-p256').anchors, at: SIGNED_AT, today: TODAY };
      expect(readPassport(files, trust).country).toBe('UT');
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    expect(child.exitCode).toBe(0);
  });

  it('says how to install the binding where it is missing, and refuses an origin that is none', async () => {
    const missing = run('--port', '0');
    const wrong = run('--wallet', 'http://wallet.example');
    const help = run('--help');
    await Promise.all([missing, wrong, help].map(({ child }) => once(child, 'exit')));
    expect(wrong.child.exitCode).toBe(2);
    expect(wrong.output.err).toContain('is no origin');
    expect([help.child.exitCode, help.output.out]).toEqual([0, expect.stringContaining('--simulate')]);
    // Whoever has installed it gets the next error, or a companion.
    if (missing.output.err.includes('pcsc_missing')) {
      expect(missing.output.err).toContain('npm install --no-save pcsc-mini@');
      expect(missing.child.exitCode).toBe(1);
    }
  });
});
