// SPDX-License-Identifier: GPL-3.0-or-later
/** The command `npm run --silent passport`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { passport } from '../../scripts/passport.ts';
import { createPassportAuthority } from '../../src/demo/chip.ts';
import { toDate } from '../../src/protocol/dates.ts';
import { jpeg, PERSON } from '../documents/samples.ts';
import { sharedPath } from '../shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'bauta-passport-'));
const file = (name: string): string => join(folder, name);
const NOW = Date.now();

beforeAll(async () => {
  // The command judges master lists by the real clock.
  const authority = createPassportAuthority({ country: 'UT', algorithm: 'ecdsa-p256', at: NOW });
  const other = createPassportAuthority({ country: 'UT', algorithm: 'ecdsa-p256', at: NOW });
  const person = { ...PERSON, expiry: toDate((new Date(NOW).getUTCFullYear() + 5) * 10_000 + 101) };
  const { sod, dg1, dg2 } = authority.issue(person, await jpeg());
  const changed = Uint8Array.from(dg1);
  changed[20] = 'X'.charCodeAt(0);
  const files = { sod, dg1, dg2, changed, list: authority.masterList(), root: authority.csca };
  for (const [name, bytes] of Object.entries({ ...files, otherList: other.masterList(), otherRoot: other.csca })) {
    writeFileSync(file(name), bytes);
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

async function run(...args: readonly string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const status = await passport(args, (to, text) => (written[to] += text));
  return { status, out: written.stdout, error: written.stderr };
}

function spawn(...args: readonly string[]): Outcome {
  const command = ['--import', 'tsx', 'scripts/passport.ts', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { status, out: stdout, error: stderr };
}

const trusted = (): readonly string[] => ['--master-list', file('list'), '--root', file('root')];
const untrusted = (): readonly string[] => ['--master-list', file('otherList'), '--root', file('otherRoot')];
const verify = (...args: readonly string[]): Promise<Outcome> => run('verify', '--sod', file('sod'), ...args);

it('accepts a passport, under one list or several', async () => {
  const files = ['--dg1', file('dg1'), '--dg2', file('dg2')];
  const { status, out } = await verify(...files, ...untrusted(), ...trusted());
  expect(JSON.parse(out)).toEqual({ ok: true, country: 'UT', signatureAlgorithm: 'ECDSA P-256 SHA-256' });
  expect(status).toBe(0);
});

it.each([
  ['a changed data page', () => ['--dg1', file('changed'), ...trusted()], 'document_tampered'],
  ['an unknown authority', untrusted, 'csca_unknown'],
  ['another list’s root', () => ['--master-list', file('list'), '--root', file('otherRoot')], 'master_list_untrusted'],
  ['an expired passport', () => ['--dg1', file('dg1'), '--at', inYears(6), ...trusted()], 'document_expired'],
  ['a later time', () => ['--at', inYears(30), ...trusted()], 'certificate_expired'],
  ['an earlier time', () => ['--at', '1999-12-31T23:59:59Z', ...trusted()], 'certificate_not_yet_valid'],
])('refuses %s', async (_, args, reason) => {
  const { status, out } = await verify(...args());
  expect(JSON.parse(out)).toMatchObject({ ok: false, reason });
  expect(out.trim().split('\n')).toHaveLength(1);
  expect(status).toBe(1);
});

function inYears(years: number): string {
  return `${String(new Date(NOW).getUTCFullYear() + years)}-06-30`;
}

it.each([
  ['no command', [], /"verify"/],
  ['no security object', ['verify'], /--sod FILE is missing/],
  ['no list', ['verify', '--sod', 'x'], /--master-list/],
  ['a list without its root', ['verify', '--sod', 'x', '--master-list', 'y'], /own --root/],
  ['an unreadable file', ['verify', '--sod', 'x', '--master-list', 'y', '--root', 'z'], /cannot read x/],
  ['an unknown option', ['verify', '--trust-all'], /--trust-all/],
])('explains %s', async (_, args, message) => {
  const { status, out, error } = await run(...args);
  expect([status, out]).toEqual([2, '']);
  expect(error).toMatch(message);
  expect(error).not.toMatch(/ at .*\.ts/);
});

it.each(['yesterday', '2026-02-30', '20261122'])('does not take %s for a date', async (text) => {
  const { status, error } = await verify(...trusted(), '--at', text);
  expect([status, error]).toEqual([2, expect.stringContaining('is not a date')]);
});

it('is a program with an exit status', () => {
  expect(spawn('verify', '--sod', file('sod'), ...untrusted())).toMatchObject({ status: 1, error: '' });
  expect(spawn('verify').status).toBe(2);
});

it('describes itself', async () => {
  const { status, out } = await run('--help');
  expect([status, out]).toEqual([0, expect.stringContaining('--master-list FILE')]);
});

it.skipIf(sharedPath('icao/sod') === undefined)('accepts a real security object under real lists', () => {
  const real = (name: string): string => sharedPath(`icao/${name}`) ?? '';
  const lists = ['DE', 'NL'].flatMap((publisher) => [
    ...['--master-list', real(`masterlist-${publisher}.ml`)],
    ...['--root', real(`masterlist-${publisher}-root.cer`)],
  ]);
  const { status, out } = spawn('verify', '--sod', real('sod/SG.der'), '--at', '2026-11-22', ...lists);
  expect(JSON.parse(out)).toEqual({ ok: true, country: 'SG', signatureAlgorithm: 'RSA-PSS SHA-256' });
  expect(status).toBe(0);
});
