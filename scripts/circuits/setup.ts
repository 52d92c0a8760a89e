// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run circuits:setup`: makes development keys for both circuits, once, in about four minutes.
 * Phase 1 of power 13, a phase-2 contribution with entropy from the system, and a beacon. Whoever
 * runs this could keep the entropy and forge proofs, which is why the manifest says `development`.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as snarkjs from 'snarkjs';
import type { ArtifactFile, CircuitName, Manifest } from '../../src/protocol/artifacts.ts';
import { ARTIFACTS, compile, compilerName, FLAGS, ROOT, sha256File } from './compile.ts';
import { makeProvingKey } from './proving_key.ts';
import { readR1cs } from './r1cs.ts';

const POWER = 13;
/** A beacon must be unpredictable to contributors; these keys have one contributor, so any value does. */
const BEACON = '01'.repeat(32);
const BEACON_ITERATIONS = 10;

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
const entropy = (): string => randomBytes(64).toString('hex');

async function describe(path: string): Promise<ArtifactFile> {
  return { file: basename(path), bytes: (await stat(path)).size, sha256: await sha256File(path) };
}

async function powersOfTau(work: string): Promise<string> {
  const step = (n: number): string => join(work, `pot-${String(n)}.ptau`);
  const out = join(ARTIFACTS, `powers-of-tau-${String(POWER)}.ptau`);
  const curve = await snarkjs.curves.getCurveFromName('bn128');
  say('phase 1: new accumulator');
  await snarkjs.powersOfTau.newAccumulator(curve, POWER, step(0));
  say('phase 1: contribution');
  await snarkjs.powersOfTau.contribute(step(0), step(1), 'bauta development', entropy());
  say('phase 1: beacon');
  await snarkjs.powersOfTau.beacon(step(1), step(2), 'beacon', BEACON, BEACON_ITERATIONS);
  say('phase 1: preparing phase 2');
  await snarkjs.powersOfTau.preparePhase2(step(2), out);
  return out;
}

async function circuitKeys(name: CircuitName, ptau: string, work: string): Promise<Manifest['circuits']['show']> {
  say(`${name}: compiling`);
  const compiled = await compile(name, work);
  const wasm = join(ARTIFACTS, `${name}.wasm`);
  const zkey = join(ARTIFACTS, `${name}.zkey`);
  const vkey = join(ARTIFACTS, `${name}.vkey.json`);
  await copyFile(compiled.wasm, wasm);
  say(`${name}: phase 2`);
  await snarkjs.zKey.newZKey(compiled.r1cs, ptau, join(work, `${name}-0.zkey`));
  await snarkjs.zKey.contribute(
    join(work, `${name}-0.zkey`),
    join(work, `${name}-1.zkey`),
    'bauta development',
    entropy(),
  );
  await snarkjs.zKey.beacon(join(work, `${name}-1.zkey`), zkey, 'beacon', BEACON, BEACON_ITERATIONS);
  const key = join(ARTIFACTS, `${name}.key`);
  say(`${name}: proving key`);
  const r1cs = await readR1cs(compiled.r1cs);
  await writeFile(key, await makeProvingKey(name, new Uint8Array(await readFile(zkey)), r1cs));
  await writeFile(vkey, `${JSON.stringify(await snarkjs.zKey.exportVerificationKey(zkey), null, 1)}\n`);
  return {
    r1cs: { sha256: await sha256File(compiled.r1cs) },
    constraints: r1cs.constraints.length,
    domain: 2 ** Math.ceil(Math.log2(r1cs.constraints.length + r1cs.publicOutputs + r1cs.publicInputs + 1)),
    wasm: await describe(wasm),
    key: await describe(key),
    zkey: await describe(zkey),
    vkey: await describe(vkey),
  };
}

const work = join(ROOT, 'build', 'setup');
await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
await mkdir(ARTIFACTS, { recursive: true });
const ptau = await powersOfTau(work);
const manifest: Manifest = {
  version: 1,
  keys: 'development',
  compiler: await compilerName(),
  flags: FLAGS,
  ptau: await describe(ptau),
  circuits: { show: await circuitKeys('show', ptau, work), issue: await circuitKeys('issue', ptau, work) },
};
await writeFile(join(ARTIFACTS, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
await rm(work, { recursive: true, force: true });
say(`wrote ${ARTIFACTS}`);
process.exit(0);
