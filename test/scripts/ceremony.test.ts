// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The ceremony of three parties and a beacon, and every way of tampering with it. The small circuit
 * `issue` stands for both circuits here, since the initial key of `show` takes a minute.
 */
import { blake2b } from '@noble/hashes/blake2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as snarkjs from 'snarkjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ceremony } from '../../scripts/ceremony.ts';
import { type EntropySources, gatherEntropy, KEYSTROKES } from '../../scripts/ceremony/entropy.ts';
import { authorKey } from '../../scripts/ceremony/key.ts';
import { newKey, ptauHash, PUBLISHED_PTAU_HASH, verifyKey } from '../../scripts/ceremony/phase2.ts';
import { CIRCUITS, FILES } from '../../scripts/ceremony/record.ts';
import { type Author, beacon, begin, contribute } from '../../scripts/ceremony/steps.ts';
import {
  attestationText,
  parseTranscript,
  sha256Hex,
  signAttestation,
  type Transcript,
} from '../../scripts/ceremony/transcript.ts';
import { finalize, verify } from '../../scripts/ceremony/verify.ts';
import { ARTIFACTS, ROOT } from '../../scripts/circuits/compile.ts';
import type { makeProvingKey } from '../../scripts/circuits/proving_key.ts';
import { parseR1cs } from '../../scripts/circuits/r1cs.ts';
import { readManifest, rebuild } from '../../scripts/circuits/rebuild.ts';
import { parseManifest } from '../../src/protocol/artifacts.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { loadVerificationKey } from '../../src/verifying/groth16.ts';

const work = mkdtempSync(join(tmpdir(), 'bauta-ceremony-'));
const whole = join(work, 'whole'); // three parties and a beacon; tests change copies
const pair = { show: undefined, issue: undefined };
const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));
const BEACON = { value: 'ab'.repeat(32), iterationsExp: 10, source: 'the block of height 900000' };
const keys = ['Ada', 'Bo Li', 'Çelik', 'coordinator'].map((name) => ({ name, secretKey: random(32) }));
const parties: readonly Author[] = keys.map((key, i) => ({
  ...key,
  time: Date.UTC(2026, 0, 1 + i),
  software: 'test 1',
}));
const lastKey = keys[3]?.secretKey ?? new Uint8Array();

let r1cs = new Uint8Array();
let ptau = new Uint8Array();
let initial = new Uint8Array();
const both = <Value>(value: Value) => ({ ...pair, show: value, issue: value });
const trusted = () => ({ r1cs: both(r1cs), ptauHash: ptauHash(ptau), initialKey: () => Promise.resolve(initial) });

async function issueR1cs(): Promise<Uint8Array> {
  const manifest = await readManifest();
  const built = await readFile(join(ROOT, 'build', 'circuits', 'issue.r1cs')).catch(() => new Uint8Array());
  if (sha256Hex(Uint8Array.from(built)) === manifest.circuits.issue.r1cs.sha256) return Uint8Array.from(built);
  const { r1cs, faults } = await rebuild('issue', manifest);
  expect(faults).toEqual([]);
  return Uint8Array.from(await readFile(r1cs));
}

async function start(folder: string): Promise<void> {
  const manifest = await readManifest();
  await begin(folder, { ...trusted(), manifest, ptau, time: Date.UTC(2026, 0, 1) });
}

const entropyOf = (keystrokes?: AsyncIterable<Uint8Array>, more: Partial<EntropySources> = {}) =>
  gatherEntropy({ random, keystrokes, now: () => process.hrtime.bigint(), onKeysLeft: () => undefined, ...more });

beforeAll(async () => {
  ptau = Uint8Array.from(readFileSync(join(ARTIFACTS, 'powers-of-tau-13.ptau')));
  r1cs = Uint8Array.from(await issueR1cs());
  initial = Uint8Array.from(await newKey(r1cs, ptau));
  await start(whole);
  for (const party of parties.slice(0, 3)) await contribute(whole, party, await entropyOf(), 'system');
  const [, , , coordinator] = parties;
  if (coordinator !== undefined) await beacon(whole, coordinator, BEACON);
}, 120_000);
afterAll(async () => {
  rmSync(work, { recursive: true });
  await (await snarkjs.curves.getCurveFromName('bn128')).terminate();
});

let copies = 0;
/** A copy of the finished folder. */
function copy(): string {
  const folder = join(work, `copy-${String(++copies)}`);
  cpSync(whole, folder, { recursive: true });
  return folder;
}
const read = (folder: string, file: string): Uint8Array => Uint8Array.from(readFileSync(join(folder, file)));
const write = (folder: string, file: string, bytes: Uint8Array | string): void =>
  writeFileSync(join(folder, file), bytes);
const transcriptOf = (folder: string): Transcript =>
  parseTranscript(readFileSync(join(folder, FILES.transcript), 'utf8'));
function retell(folder: string, change: (transcript: Transcript) => unknown): void {
  write(folder, FILES.transcript, JSON.stringify(change(transcriptOf(folder))));
}
/** Whoever did the last step puts other proving keys in place and signs for them. */
function replaceLast(folder: string, zkeys: Readonly<Record<'show' | 'issue', Uint8Array>>): void {
  retell(folder, (transcript) => {
    for (const name of CIRCUITS) {
      write(folder, FILES.zkey(name, 4), zkeys[name]);
      const circuit = transcript.steps[3]?.circuits[name];
      if (circuit !== undefined) circuit.after = sha256Hex(zkeys[name]);
    }
    const text = attestationText(transcript, 3, read(folder, FILES.attestation(3)));
    write(folder, FILES.attestation(4), signAttestation(text, lastKey));
    return transcript;
  });
}
/** Start of a section of a zkey file. */
function section(zkey: Uint8Array, type: number): number {
  const view = new DataView(zkey.buffer);
  for (let at = 12; at < zkey.length; at += 12 + Number(view.getBigUint64(at + 4, true))) {
    if (view.getUint32(at, true) === type) return at + 12;
  }
  throw new Error('no such section');
}
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1);

describe('a ceremony of three parties and a beacon', () => {
  it('verifies from the powers of tau to the last key, and says who contributed', async () => {
    const { transcript } = await verify(whole, trusted());
    expect(transcript.steps.map(({ name, kind }) => [name, kind])).toEqual([
      ['Ada', 'contribution'],
      ['Bo Li', 'contribution'],
      ['Çelik', 'contribution'],
      ['coordinator', 'beacon'],
    ]);
    const hashes = transcript.steps.flatMap(({ circuits }) => CIRCUITS.map((name) => circuits[name].contribution));
    const secrets = 3 * 2 + 1; // each contribution to each circuit has its own; the beacon is one value
    expect(new Set(hashes).size).toBe(secrets + 1); // upon different keys
  });

  it('needs only the newest keys', async () => {
    const folder = copy();
    for (const name of CIRCUITS) for (const step of [0, 1, 2, 3]) rmSync(join(folder, FILES.zkey(name, step)));
    await expect(verify(folder, trusted())).resolves.toBeDefined();
  });

  it('gives artifacts that the verifier takes', async () => {
    const out = join(work, 'out');
    const manifest = await readManifest();
    const wasm = both(Uint8Array.of(0));
    // These circuits are smaller than ours and have no late input: only that the key is made and named is looked at.
    const packed: [string, number, number][] = [];
    const proverKey: typeof makeProvingKey = (name, zkey, { constraints }) => {
      packed.push([name, zkey.length, constraints.length]);
      return Promise.resolve(sha256(zkey));
    };
    await finalize(whole, out, { ...trusted(), manifest, wasm, least: 3, proverKey });
    const zkeyBytes = (name: string): number => read(out, `${name}.zkey`).length;
    expect(packed).toEqual(
      CIRCUITS.map((name) => [name, zkeyBytes(name), parseR1cs(trusted().r1cs[name]).constraints.length]),
    );
    expect(read(out, 'issue.key')).toEqual(sha256(read(out, 'issue.zkey')));
    const made = parseManifest(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')));
    expect([made.keys, made.version]).toEqual(['ceremony', manifest.version + 1]);
    for (const { file, sha256: expected } of [
      made.ptau,
      ...Object.values(made.circuits.issue).filter((part) => typeof part === 'object' && 'file' in part),
    ]) {
      expect(sha256Hex(read(out, file))).toBe(expected);
    }
    const vkey: unknown = JSON.parse(readFileSync(join(out, 'issue.vkey.json'), 'utf8'));
    await expect(loadVerificationKey(vkey)).resolves.toBeDefined();
    await expect(finalize(whole, out, { ...trusted(), manifest, wasm, least: 3 })).rejects.toThrow('is not empty');
  });

  it('is over after the beacon', async () => {
    const [ada] = parties;
    if (ada === undefined) throw new Error('no party');
    await expect(contribute(copy(), ada, await entropyOf(), 'system')).rejects.toThrow('has had its beacon');
    await expect(beacon(copy(), ada, BEACON)).rejects.toThrow('has had its beacon');
  });

  it('is not finished without a beacon, or with too few parties', async () => {
    const manifest = await readManifest();
    const finishing = { ...trusted(), manifest, wasm: both(Uint8Array.of(0)) };
    const out = join(work, 'never');
    await expect(finalize(whole, out, { ...finishing, least: 4 })).rejects.toThrow('3 parties contributed, 4 are');

    const folder = join(work, 'one-party');
    const [ada, , , coordinator] = parties;
    if (ada === undefined || coordinator === undefined) throw new Error('no party');
    await start(folder);
    await expect(beacon(folder, coordinator, BEACON)).rejects.toThrow('there is none yet');
    await contribute(folder, ada, await entropyOf(), 'system');
    await expect(finalize(folder, out, { ...finishing, least: 1 })).rejects.toThrow('has had no beacon');
    await contribute(folder, { ...ada, name: 'Ada again' }, await entropyOf(), 'system'); // the same key
    await beacon(folder, coordinator, BEACON);
    await expect(finalize(folder, out, { ...finishing, least: 2 })).rejects.toThrow('1 parties contributed');
  });
});

describe('tampering is found, and the first fault named', () => {
  const refused = async (folder: string, fault: string | RegExp, other: object = {}) =>
    expect(verify(folder, { ...trusted(), ...other })).rejects.toThrow(fault);

  it('other powers of tau, or another hash of them', async () => {
    const folder = copy();
    await refused(folder, `not the expected ${PUBLISHED_PTAU_HASH}`, { ptauHash: PUBLISHED_PTAU_HASH });
    const changed = flip(ptau, 5000);
    write(folder, FILES.ptau, changed);
    await refused(folder, 'the powers-of-tau file has the BLAKE2b hash');
    await refused(folder, 'names another powers-of-tau file', { ptauHash: ptauHash(changed) });
    const beginning = { ...trusted(), manifest: await readManifest(), ptau: changed, time: 0 };
    await expect(begin(join(work, 'new'), beginning)).rejects.toThrow('the powers-of-tau file has the BLAKE2b hash');
  });

  it('another circuit', async () => {
    await refused(whole, 'the r1cs of show is not the one', { r1cs: { ...both(r1cs), show: flip(r1cs, 999) } });
    await refused(whole, 'the initial key of show is not made from', {
      initialKey: () => Promise.resolve(flip(initial, initial.length - 1)),
    });
  });

  it('a changed key, even by the last party, who can sign for it', async () => {
    const folder = copy();
    const zkey = read(folder, FILES.zkey('issue', 4));
    const old = flip(read(folder, FILES.zkey('issue', 2)), 5000);
    write(folder, FILES.zkey('issue', 2), old);
    await refused(folder, 'issue-0002.zkey does not have the hash');
    rmSync(join(folder, FILES.zkey('issue', 2)));

    const show = read(folder, FILES.zkey('show', 4));
    const h = section(zkey, 9);
    const swapped = Uint8Array.from(zkey);
    swapped.set(zkey.slice(h, h + 64), h + 64); // a point of the curve, at a wrong place
    replaceLast(folder, { show, issue: swapped });
    await refused(folder, 'issue-0004.zkey: snarkjs refuses it; H section does not match');
    replaceLast(folder, { show, issue: flip(zkey, h) });
    await refused(folder, 'issue-0004.zkey: zkey point is not on the curve');
    const list = section(zkey, 10);
    replaceLast(folder, { show, issue: flip(zkey, list + 68) });
    await refused(folder, /issue-0004\.zkey: .*not a point of the curve/);
    replaceLast(folder, { show, issue: flip(zkey, list + 68 + 3 * 64 + 128) }); // the first one's transcript
    await refused(folder, 'issue-0004.zkey: contribution 1 is not the one in the transcript');
  });

  it('delta = gamma, in the list of contributions or in the header alone', async () => {
    const folder = join(work, 'fresh');
    await start(folder);
    await refused(folder, 'show-0000.zkey: nobody contributed');

    const changed = copy();
    const zkey = read(changed, FILES.zkey('issue', 4));
    const gamma = section(zkey, 2) + 12 + 72 + 2 * 64 + 128;
    zkey.set(zkey.slice(gamma, gamma + 128), gamma + 128 + 64);
    replaceLast(changed, { show: read(changed, FILES.zkey('show', 4)), issue: zkey });
    await refused(changed, 'issue-0004.zkey: snarkjs refuses it; INVALID:  Invalid delta2');
    await expect(verifyKey(initial, ptau, initial, 'initial')).rejects.toThrow('initial: nobody contributed');
  });

  it('a changed transcript', async () => {
    const change = async (alter: (transcript: Transcript) => unknown, fault: string | RegExp) => {
      const folder = copy();
      retell(folder, alter);
      await refused(folder, fault);
    };
    const second = (part: object) => (transcript: Transcript) => ({
      ...transcript,
      steps: transcript.steps.map((step, i) => (i === 1 ? { ...step, ...part } : step)),
    });
    const signed = 'attestation-0002.txt is not what the transcript says';
    await change(second({ name: 'Someone' }), signed);
    await change(second({ time: '2025-01-01T00:00:00.000Z' }), signed);
    await change(second({ entropy: 'system and keyboard' }), signed);
    await change(second({ public_key: toBase64Url(ed25519.getPublicKey(random(32))) }), signed);
    await change((transcript) => ({ ...transcript, time: '2025-01-01T00:00:00.000Z' }), 'attestation-0001.txt is not');
    await change(second({ note: 'x' }), 'transcript.json: steps.1 does not have the expected form');
    await change(second({ name: 'two\nlines' }), 'transcript.json: steps.1.name');
    await change((transcript) => {
      const [step] = transcript.steps;
      if (step !== undefined) step.circuits.show.contribution = 'ab'.repeat(64);
      return transcript;
    }, 'attestation-0001.txt is not');
  });

  it('a changed or missing attestation', async () => {
    const folder = copy();
    const file = FILES.attestation(2);
    const good = read(folder, file);
    const fault = 'attestation-0002.txt is not what the transcript says';
    const text = new TextDecoder().decode(good);
    const forged = signAttestation(text.slice(0, text.indexOf('signature: ')), random(32));
    for (const bad of [
      flip(good, 40),
      good.subarray(0, -20),
      text.replace('signature: ', 'signature:  '),
      `${text}\n`,
      forged,
    ]) {
      write(folder, file, bad);
      await refused(folder, fault);
    }
    rmSync(join(folder, file));
    await refused(folder, 'attestation-0002.txt is missing');
  });

  it('a contribution left out, or two in the other order', async () => {
    const folder = copy();
    const without = (transcript: Transcript) => [0, 2, 3].flatMap((i) => transcript.steps[i] ?? []);
    retell(folder, (transcript) => ({ ...transcript, steps: without(transcript) }));
    await refused(folder, 'step 2 has the number 3');
    retell(folder, ({ steps, ...rest }) => ({ ...rest, steps: steps.map((step, i) => ({ ...step, number: i + 1 })) }));
    await refused(folder, 'step 2 does not begin with the show key that step 1 left');

    const last = copy(); // the end cut off, keys and all the rest in place
    retell(last, ({ steps, ...rest }) => ({ ...rest, steps: steps.slice(0, 3) }));
    for (const name of CIRCUITS) {
      const zkey = read(last, FILES.zkey(name, 4));
      write(last, FILES.zkey(name, 3), zkey);
    }
    await refused(last, 'show-0003.zkey does not have the hash');

    const swapped = copy();
    retell(swapped, ({ steps, ...rest }) => ({ ...rest, steps: [1, 0, 2, 3].map((i) => steps[i]) }));
    await refused(swapped, 'step 1 has the number 2');
  });

  it('keys that record fewer contributions than the transcript', async () => {
    const folder = copy();
    const [show, issue] = [read(folder, FILES.zkey('show', 3)), read(folder, FILES.zkey('issue', 3))];
    replaceLast(folder, { show, issue });
    await refused(folder, 'show-0004.zkey records 3 contributions, the transcript 4');
  });
});

it('the hash of powers of tau is BLAKE2b-512, as snarkjs publishes it', () => {
  expect(ptauHash(ptau.subarray(0, 1000))).toBe(bytesToHex(blake2b(ptau.subarray(0, 1000), { dkLen: 64 })));
  const published = readFileSync(join(ROOT, 'node_modules', 'snarkjs', 'README.md'), 'utf8');
  expect(published).toMatch(new RegExp(`powersOfTau28_hez_final_13\\.ptau.*\\b${PUBLISHED_PTAU_HASH}\\b`));
});

describe('entropy', () => {
  async function* struck(codes: readonly number[]): AsyncGenerator<Uint8Array> {
    for (const code of codes) yield await Promise.resolve(Uint8Array.of(code));
  }
  const many = Array.from({ length: KEYSTROKES }, (_, i) => 97 + (i % 2));

  it('is of the system and of the keyboard, its keys and times, and differs by circuit', async () => {
    const fixed = { random: (length: number) => new Uint8Array(length), now: () => 5n };
    const one = await entropyOf(struck(many), fixed);
    const same = await entropyOf(struck(many), fixed);
    const later = await entropyOf(struck(many), { ...fixed, now: () => 6n });
    const otherKeys = await entropyOf(struck([99, ...many]), fixed);
    const other = await entropyOf(struck(many), { ...fixed, random });
    expect(one('show')).toMatch(/^[0-9a-f]{128}$/);
    expect(same('show')).toBe(one('show'));
    const all = [one('show'), one('issue'), later('show'), otherKeys('show'), other('show'), other('show')];
    expect(new Set(all).size).toBe(6);
  });

  it('wants enough keys, does not count a key held down, and stops at Control-C', async () => {
    await expect(entropyOf(struck(many.slice(1)))).rejects.toThrow('before enough keys');
    await expect(entropyOf(struck(new Array<number>(500).fill(97)))).rejects.toThrow('before enough keys');
    await expect(entropyOf(struck([97, 3, ...many]))).rejects.toThrow('interrupted');
  });
});

describe('the command', () => {
  async function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
    let [out, err] = ['', ''];
    const status = await ceremony(args, {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      keystrokes: undefined,
    });
    return { status, out, err };
  }
  const folder = join(work, 'by-command');
  const keyFile = join(work, 'ada.key');

  it('contributes without a terminal only when told that this is meant, and the transcript says so', async () => {
    await start(folder);
    const args = ['contribute', '--dir', folder, '--name', 'Ada', '--key', keyFile];
    const silent = await run(...args);
    expect(silent).toMatchObject({
      status: 2,
      err: expect.stringContaining('standard input is no terminal') as string,
    });
    expect(transcriptOf(folder).steps).toEqual([]);
    const done = await run(...args, '--system-entropy-only');
    const [step] = transcriptOf(folder).steps;
    expect(done.status).toBe(0);
    expect(step).toMatchObject({ kind: 'contribution', name: 'Ada', entropy: 'system' });
    for (const name of CIRCUITS) expect(done.out).toContain(`${name} ${step?.circuits[name].contribution ?? ''}\n`);
  });

  it('keeps the key to itself and uses it again; refuses one that others may read', async () => {
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const key = await authorKey(keyFile, random);
    expect(toBase64Url(ed25519.getPublicKey(key))).toBe(transcriptOf(folder).steps[0]?.public_key);
    const open = join(work, 'open.key');
    writeFileSync(open, toBase64Url(key), { mode: 0o644 });
    await expect(authorKey(open, random)).rejects.toThrow('may be read by others');
  });

  it('applies a beacon of a well-formed value', async () => {
    const args = ['beacon', '--dir', folder, '--source', 'a block', '--iterations-exp', '10', '--value'];
    expect(await run(...args, 'abcd')).toMatchObject({ status: 1, err: expect.stringContaining('value') as string });
    expect(await run(...args, BEACON.value)).toMatchObject({ status: 0 });
    expect(transcriptOf(folder).steps[1]).toMatchObject({ kind: 'beacon', value: BEACON.value, source: 'a block' });
  });

  it.each([
    [[], 'the command is one of'],
    [['contribute', '--dir', 'x'], '--name is missing'],
    [['contribute', '--dir', 'x', '--name', 'A', '--value', 'ab'], 'contribute takes no --value'],
    [['contribute', '--entropy', 'secret'], '--entropy'],
    [['verify', '--dir', 'x', '--ptau-hash', 'ab'], '--ptau-hash is a BLAKE2b-512 hash'],
  ])('refuses %j', async (args, fault) => {
    expect(await run(...args)).toMatchObject({ status: 2, err: expect.stringContaining(fault) as string });
  });

  it('names a folder that is not there', async () => {
    const args = ['contribute', '--dir', join(work, 'nowhere'), '--name', 'Ada', '--system-entropy-only'];
    expect(await run(...args)).toMatchObject({ status: 1, err: 'ceremony: transcript.json is missing\n' });
  });
});
