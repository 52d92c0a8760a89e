// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Enrols a person through the whole stack, on files, and then searches every file, row and log line of every
 * service for what the person handed over and for what never leaves the wallet.
 */
import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { createPassportAuthority } from '../../src/demo/chip.ts';
import type { ChipPerson } from '../../src/demo/chip_files.ts';
import type { InboxMessage } from '../../src/demo/inbox.ts';
import { createLogger } from '../../src/http/logs.ts';
import { createPlatformClient } from '../../src/platform/client/client.ts';
import { addDays, dateInZone } from '../../src/protocol/dates.ts';
import { fieldToBytes } from '../../src/protocol/field.ts';
import { MIN_STEP_FRAMES } from '../../src/protocol/liveness.ts';
import { fromBase64Url } from '../../src/protocol/scope.ts';
import { type Config, ephemeralConfig } from '../../src/server/config.ts';
import { type Stack, startStack } from '../../src/server/stack.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import {
  awaitPublication,
  type EnrolDeps,
  type Enrolment,
  openEnrolment,
  requestCredential,
  sendDocument,
} from '../../src/wallet/enrol.ts';
import { requestLiveness, sendFrames } from '../../src/wallet/enrol_face.ts';
import { confirmPhone, requestPhoneCode } from '../../src/wallet/enrol_phone.ts';
import { RESTORED, sealWithPin, withSeed } from '../../src/wallet/life.ts';
import { present } from '../../src/wallet/present.ts';
import { readRequest } from '../../src/wallet/request.ts';
import { sync } from '../../src/wallet/sync.ts';
import { random, realProver } from '../wallet/world.ts';

const ZONE = 'Asia/Shanghai';
const TODAY = dateInZone(Date.now(), ZONE);
const PERSON: ChipPerson = {
  surname: 'Quackenbush',
  given: 'Wilhelmina',
  sex: 'F',
  birth: 19900214 as ChipPerson['birth'],
  nationality: 'CHN',
  documentNumber: 'E77553311',
  personalNumber: '31011519900214',
  expiry: addDays(TODAY, 2000),
  issuingState: 'CHN',
};
const PIN = '80351746';
const PHONE = '13912345768';
/** Bytes of a picture that are looked for; a picture is searched for at many places. */
const WINDOW = 24;

let folder: string;
let stack: Stack;
let portrait: Uint8Array;
let live: Uint8Array;
let credential: Credential;
const lines: string[] = [];
const touched: string[] = [];
const watchers: FSWatcher[] = [];
const temporary = process.env['TMPDIR'];

function configIn(data: string): Config {
  const config = ephemeralConfig();
  const databases = Object.fromEntries(
    Object.keys(config.databases).map((name) => [name, `file:${join(data, `${name}.db`)}`]),
  ) as Config['databases'];
  return { ...config, dataFolder: data, databases, liveness: 'required' };
}

/** A picture that no other is like. */
const picture = (width: number): Promise<Uint8Array> =>
  sharp(randomBytes(width * width * 3), { raw: { width, height: width, channels: 3 } })
    .jpeg({ quality: 60 })
    .toBuffer()
    .then((bytes) => new Uint8Array(bytes));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bauta-minimum-'));
  const [data, temp] = [join(folder, 'data'), join(folder, 'temp')];
  await Promise.all([mkdir(data), mkdir(temp)]);
  // Whatever writes to a temporary file writes here.
  process.env['TMPDIR'] = temp;
  // As large as a camera's: whatever writes large parts of a form to a file does so.
  [portrait, live] = await Promise.all([picture(96), picture(256)]);
  const authority = createPassportAuthority({ country: 'CN', algorithm: 'ecdsa-p256', at: Date.now() });
  stack = await startStack({
    config: configIn(data),
    anchors: authority.anchors,
    compareFaces: () => Promise.reject(new Error('no single picture is compared')),
    checkLiveness: () => ({
      result: Promise.resolve({ match: true, distances: { double: 0.3 } }),
      place: () => undefined,
      cancel: () => false,
    }),
    logger: (service) => createLogger(service, { write: (line) => lines.push(line) }),
  });
  const { issuer, register, guards } = stack.walletConfig;
  const deps: EnrolDeps = {
    issuer: { url: issuer.url, key: fromBase64Url(issuer.key) },
    register: {
      ...register,
      key: fromBase64Url(register.key),
      witnesses: register.witnesses.map(({ name, key }) => ({ name, publicKey: fromBase64Url(key) })),
    },
    fetch,
    clock: () => Date.now(),
    random,
    prover: realProver(),
    poseidon,
  };
  const identified = async (): Promise<Enrolment> => {
    const enrolment = await openEnrolment(deps);
    await sendDocument(deps, enrolment, authority.issue(PERSON, portrait));
    const challenge = await requestLiveness(deps, enrolment);
    const steps = challenge.steps.flatMap(({ action }, step) =>
      Array.from({ length: MIN_STEP_FRAMES[action] }, () => step),
    );
    await sendFrames(
      deps,
      enrolment,
      challenge,
      // No camera gives the same picture twice, and an issuer takes none twice.
      steps.map((step, at) => ({ step, at, jpeg: Buffer.concat([live, random(8)]) })),
    );
    return enrolment;
  };

  for (const watched of [data, temp]) {
    watchers.push(watch(watched, { recursive: true }, (_, name) => touched.push(`${watched}/${name ?? ''}`)));
  }
  const first = await identified();
  const pinDeps = { fetch, clock: deps.clock, random };
  const keys = guards.map(({ url, key }) => ({ url, key: fromBase64Url(key) }));
  const { backup } = await sealWithPin(pinDeps, keys, first.seed, { pin: PIN });
  await requestPhoneCode(deps, first, `+86 ${PHONE}`);
  const { messages } = (await (await fetch(`${stack.inboxUrl ?? ''}/messages.json`)).json()) as {
    readonly messages: readonly [InboxMessage];
  };
  expect(messages).toMatchObject([{ to: `+86${PHONE}` }]);
  const code = /\d{6}/.exec(messages[0].text)?.[0] ?? '';
  expect(await confirmPhone(deps, first, code)).toEqual({ outcome: 'confirmed' });
  const { attributes } = await requestCredential(deps, first, { backups: { guards: backup } });
  expect(attributes.phone).toBe(1);
  // A new phone, so that replacement and backup have their rows too; and sessions that come to nothing.
  const second = withSeed(await identified(), first.seed, random);
  const signed = await requestCredential(deps, second, RESTORED);
  await expect(requestCredential(deps, await identified())).rejects.toMatchObject({ code: 'person_already_enrolled' });
  await expect(
    sendDocument(deps, await openEnrolment(deps), { ...authority.issue(PERSON, portrait), dg1: new Uint8Array(9) }),
  ).rejects.toMatchObject({ code: expect.stringMatching(/document|mrz/) as string });
  credential = await awaitPublication(deps, signed);
  const synced = await sync(credential, deps.register, deps);

  const platform = createPlatformClient({ url: stack.urls.photo, apiKey: stack.apiKeys.photo, fetch });
  const begun = await platform.create({ ask: { age_over: 18 }, redirect_uri: `${stack.urls.photo}/return` });
  const { version } = await deps.prover.info();
  const pending = await readRequest(new URL(begun.request_url).hash, {
    fetch,
    clock: deps.clock,
    timeZone: ZONE,
    version,
  });
  const { redirectUri } = await present(pending, credential, synced, deps);
  const responseCode = new URLSearchParams(new URL(redirectUri ?? '').hash.slice(1)).get('response_code') ?? '';
  const result = await platform.result(begun.id, { browserToken: begun.browser_token, responseCode });
  expect(result.status).toBe('verified');
}, 120_000);

afterAll(async () => {
  for (const watcher of watchers) watcher.close();
  if (temporary === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = temporary;
  await stack.close();
  await rm(folder, { recursive: true, force: true });
});

/** A text as it may be written: as it is, in hex, in both orders of UTF-16, and in base64 at each alignment. */
function formsOf(bytes: Buffer): readonly Buffer[] {
  const base64 = [0, 1, 2].map((skip) => {
    const whole = bytes.subarray(skip, skip + Math.floor((bytes.length - skip) / 3) * 3);
    return whole.toString('base64');
  });
  const texts = [bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64];
  const url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [bytes, ...[...texts, ...url].map((text) => Buffer.from(text))];
}

function textForms(text: string): readonly Buffer[] {
  return [text, text.toUpperCase(), text.toLowerCase()].flatMap((cased) => {
    const utf16 = Buffer.from(cased, 'utf16le');
    return [Buffer.from(cased), utf16, Buffer.from(utf16).swap16()].flatMap(formsOf);
  });
}

function pictureForms(bytes: Uint8Array): readonly Buffer[] {
  const starts = Array.from({ length: 12 }, (_, i) => Math.floor((i * (bytes.length - WINDOW)) / 12));
  return starts.flatMap((start) => formsOf(Buffer.from(bytes.subarray(start, start + WINDOW))));
}

/** Everything that is kept: every file whole, and every log line. */
async function kept(): Promise<ReadonlyMap<string, Buffer>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = await Promise.all(files.map(async (file) => [file, await readFile(file)] as const));
  return new Map([...read, ['log lines', Buffer.from(lines.join('\n'))]]);
}

/** Where a needle lies. */
async function found(forms: readonly Buffer[]): Promise<readonly string[]> {
  expect(forms.every(({ length }) => length >= 8)).toBe(true);
  return [...(await kept())].filter(([, hay]) => forms.some((form) => hay.includes(form))).map(([name]) => name);
}

describe('after an enrolment', () => {
  it.each([
    ['surname', PERSON.surname],
    ['given names', PERSON.given],
    ['document number', PERSON.documentNumber],
    ['personal number', String(PERSON.personalNumber)],
    ['phone', PHONE],
  ])('no file, row or log line of any service has the %s', async (_, text) => {
    expect(await found(textForms(text))).toEqual([]);
  });

  it('none has a part of the portrait or of the live picture', async () => {
    expect(await found([...pictureForms(portrait), ...pictureForms(live)])).toEqual([]);
  });

  it('none has the seed or the blinding', async () => {
    for (const secret of [credential.seed, credential.blinding]) {
      const bytes = Buffer.from(fieldToBytes(secret).subarray(1));
      const forms = [...formsOf(bytes), ...formsOf(Buffer.from(bytes).reverse()), ...textForms(String(secret))];
      expect(await found(forms)).toEqual([]);
    }
  });

  it('nothing but databases was written while pictures and documents came in', () => {
    expect(touched.length).toBeGreaterThan(0);
    expect(touched.filter((path) => !/\/data\/[a-z0-9]+\.db(-wal|-shm|-journal)?$/.test(path))).toEqual([]);
  });

  it('the search would have found them', async () => {
    const all = await kept();
    const databases = [...all.keys()].filter((name) => name.endsWith('.db'));
    expect(databases).toHaveLength(Object.keys(ephemeralConfig().databases).length);
    // What is kept is found: in the tables, through the write-ahead log, and in the lines.
    expect(await found(textForms(String(credential.leaf)))).not.toEqual([]);
    expect(await found([Buffer.from('/v1/enrolments/:id/document')])).toEqual(['log lines']);
    expect(lines.some((line) => line.includes('"service":"guard1"'))).toBe(true);
    for (const form of textForms(PERSON.surname))
      expect(Buffer.concat([Buffer.from('x'), form]).includes(form)).toBe(true);
    const encoded = Buffer.from(Buffer.from(`xx${PERSON.surname}yy`).toString('base64url'));
    expect(textForms(PERSON.surname).some((form) => encoded.includes(form))).toBe(true);
    const half = Buffer.from(portrait.subarray(0, portrait.length >> 1)).toString('base64');
    expect(pictureForms(portrait).some((form) => half.includes(form.toString('latin1')))).toBe(true);
  });
});
