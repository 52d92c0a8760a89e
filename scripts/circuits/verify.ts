// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run circuits:verify`: shows from the sources that the committed artifacts belong together.
 * For both circuits: the r1cs that the sources give; the hash of every artifact; the proving key made
 * from that r1cs and the committed powers of tau by the contributions it lists
 * (`snarkjs zkey verify`); the prover's form of the key, made from it again; the verification key that the
 * proving key holds. About three minutes of CPU.
 *
 * What it cannot show: that the contributors forgot their secrets.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as snarkjs from 'snarkjs';
import type { ArtifactFile, CircuitName, Manifest } from '../../src/protocol/artifacts.ts';
import { ARTIFACTS, sha256File } from './compile.ts';
import { makeProvingKey } from './proving_key.ts';
import { readR1cs } from './r1cs.ts';
import { readManifest, rebuild } from './rebuild.ts';

const pathOf = ({ file }: ArtifactFile): string => join(ARTIFACTS, file);

function report(what: string, good: boolean): void {
  console.log(`${good ? 'good' : 'BAD '}  ${what}`);
  if (!good) process.exitCode = 1;
}

async function verifyCircuit(name: CircuitName, manifest: Manifest): Promise<void> {
  const { wasm, key, zkey, vkey } = manifest.circuits[name];
  for (const artifact of [wasm, key, zkey, vkey]) {
    report(`${artifact.file}: SHA-256`, (await sha256File(pathOf(artifact))) === artifact.sha256);
  }
  const { r1cs, constraints, faults } = await rebuild(name, manifest);
  for (const fault of faults) console.error(fault);
  report(`${name}: r1cs and wasm rebuilt from the sources, ${String(constraints)} constraints`, faults.length === 0);
  report(`${zkey.file}: zkey verify`, await snarkjs.zKey.verifyFromR1cs(r1cs, pathOf(manifest.ptau), pathOf(zkey)));
  const made = await makeProvingKey(name, new Uint8Array(await readFile(pathOf(zkey))), await readR1cs(r1cs));
  report(`${key.file}: made from ${zkey.file}`, Buffer.from(made).equals(await readFile(pathOf(key))));
  const held: unknown = await snarkjs.zKey.exportVerificationKey(pathOf(zkey));
  const committed: unknown = JSON.parse(await readFile(pathOf(vkey), 'utf8'));
  report(`${vkey.file}: the key inside ${zkey.file}`, isDeepStrictEqual(JSON.parse(JSON.stringify(held)), committed));
}

const manifest = await readManifest();
report(`${manifest.ptau.file}: SHA-256`, (await sha256File(pathOf(manifest.ptau))) === manifest.ptau.sha256);
const curve = await snarkjs.curves.getCurveFromName('bn128');
await verifyCircuit('show', manifest);
await verifyCircuit('issue', manifest);
await curve.terminate();
if (manifest.keys === 'development') console.log('note  these are development keys: their maker could forge proofs');
