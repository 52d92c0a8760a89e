// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The second phase of Groth16's setup by snarkjs, on bytes in memory: no secret and no half-written
 * key reaches a disk.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import * as snarkjs from 'snarkjs';
import { loadVerificationKey } from '../../src/verifying/groth16.ts';
import { CeremonyFault, must } from './fault.ts';
import { requirePointsOnCurve } from './zkey.ts';

/**
 * BLAKE2b-512 of `powersOfTau28_hez_final_13.ptau`, the Perpetual Powers of Tau of 54 contributions and
 * a beacon, prepared for 2^13 constraints, as the README of snarkjs 0.7.6 publishes it.
 */
export const PUBLISHED_PTAU_HASH =
  '58efc8bf2834d04768a3d7ffcd8e1e23d461561729beaac4e3e7a47829a1c9066d5320241e124a1a8e8aa6c75be0ba66f65bc8239a0542ed38e11276f6fdb4d9';

/** The hash by which powers-of-tau files are published: BLAKE2b-512, in hex. */
export const ptauHash = (ptau: Uint8Array): string => createHash('blake2b512').update(ptau).digest('hex');

interface MemoryFile {
  readonly type: 'mem';
  data?: Uint8Array;
}

async function written(write: (file: MemoryFile) => Promise<unknown>): Promise<Uint8Array> {
  const file: MemoryFile = { type: 'mem' };
  const outcome = await write(file);
  must(outcome !== false && outcome !== -1 && file.data !== undefined, 'snarkjs refused its input');
  return Uint8Array.from(file.data);
}

/** The key before any contribution, the same for everyone; delta = gamma in it. */
export const newKey = (r1cs: Uint8Array, ptau: Uint8Array): Promise<Uint8Array> =>
  written((file) => snarkjs.zKey.newZKey(r1cs, ptau, file));

/** Adds a contribution. */
export const contributeTo = (zkey: Uint8Array, name: string, entropy: string): Promise<Uint8Array> =>
  written((file) => snarkjs.zKey.contribute(zkey, file, name, entropy));

/** Adds a beacon. */
export const applyBeacon = (
  zkey: Uint8Array,
  name: string,
  value: string,
  iterationsExp: number,
): Promise<Uint8Array> => written((file) => snarkjs.zKey.beacon(zkey, file, name, value, iterationsExp));

/** The verification key inside a proving key, as JSON. */
export async function verificationKeyOf(zkey: Uint8Array): Promise<string> {
  return `${JSON.stringify(await snarkjs.zKey.exportVerificationKey(zkey), null, 1)}\n`;
}

/**
 * Verifies that a key comes from the initial one by the contributions it records, and can be used.
 *
 * @param initial - {@link newKey} of the circuit.
 * @param zkey - The key to verify; its list of contributions is already checked.
 * @param file - Its name, for the fault.
 * @throws {@link CeremonyFault} naming what does not hold.
 */
export async function verifyKey(initial: Uint8Array, ptau: Uint8Array, zkey: Uint8Array, file: string): Promise<void> {
  const said: string[] = [];
  const note = (text: unknown): void => void said.push(String(text));
  const silent = (): void => undefined;
  const logger = { error: note, warn: silent, info: silent, debug: silent };
  try {
    requirePointsOnCurve(zkey);
    const good = await snarkjs.zKey.verifyFromInit(initial, ptau, zkey, logger);
    must(good, `snarkjs refuses it${said.map((text) => `; ${text}`).join('')}`);
    await loadVerificationKey(JSON.parse(await verificationKeyOf(zkey))); // delta = gamma, points outside their groups
  } catch (cause) {
    throw new CeremonyFault(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
