// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Circuits that are like `show` but for one size, with throwaway keys from the committed powers of tau,
 * kept in `build/bench/circuits` under the hash of the sources. Never used for anything but measuring:
 * their maker could forge.
 *
 * Depth: `Show(DEPTH)`. Attributes: more of them, committed to in the field that version 1 keeps free,
 *
 *     extension = Poseidon(more),  more[i] at most bounds[i]
 *
 * each with its range and one comparison, as the dates of `show` have.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { poseidon4 } from 'poseidon-lite/poseidon4';
import { poseidon8 } from 'poseidon-lite/poseidon8';
import { poseidon12 } from 'poseidon-lite/poseidon12';
import * as snarkjs from 'snarkjs';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { ARTIFACTS, compile, ROOT, sha256File } from '../circuits/compile.ts';
import { makeProvingKey } from '../circuits/proving_key.ts';
import { readR1cs } from '../circuits/r1cs.ts';
import { readManifest } from '../circuits/rebuild.ts';
import { likeShow } from './bauta.ts';
import type { LikeShow } from './lab.ts';
import { BUILD } from './node_place.ts';
import { sampleOf } from './sample.ts';

const PUBLIC = '{public [root, scope, context, policy, nationalityMask, binding]}';
const HASHES: Readonly<Record<number, (inputs: bigint[]) => bigint>> = { 4: poseidon4, 8: poseidon8, 12: poseidon12 };

/** What a circuit differs in. */
export interface Size {
  /** Depth of the tree. */
  readonly depth: number;
  /** Further attributes: 0, 4, 8 or 12. */
  readonly more: number;
}

const nameOf = ({ depth, more }: Size): string => `show_${String(depth)}_${String(more)}`;

/** Text of a circuit. */
export function sourceOf({ depth, more }: Size): string {
  const head = '// SPDX-License-Identifier: GPL-3.0-or-later\npragma circom 2.2.0;\n';
  const show = 'include "../../../circuits/lib/show.circom";\n';
  if (more === 0) return `${head}${show}component main ${PUBLIC} = Show(${String(depth)});\n`;
  const forwarded = 'root scope context policy nationalityMask binding seed blinding attributes leafIndex index'.split(
    ' ',
  );
  return `${head}${show}
template Wider(DEPTH, MORE) {
${forwarded.map((name) => `    signal input ${name};`).join('\n')}
    signal input extension;
    signal input path[DEPTH][8];
    signal input more[MORE];
    signal input bounds[MORE];
    signal output nullifier;
    signal output revealed;

    for (var i = 0; i < MORE; i++) {
        AtMost(27)(more[i], bounds[i]);
    }
    signal committed <== Poseidon(MORE)(more);
    committed === extension;
    component show = Show(DEPTH);
${forwarded.map((name) => `    show.${name} <== ${name};`).join('\n')}
    show.extension <== extension;
    show.path <== path;
    nullifier <== show.nullifier;
    revealed <== show.revealed;
}
component main ${PUBLIC} = Wider(${String(depth)}, ${String(more)});
`;
}

/** What our key depends on beside that of snarkjs. */
const KEY_SOURCES = ['scripts/circuits/proving_key.ts', 'src/proving/key_file.ts', 'src/proving/late.ts'];

interface Made {
  readonly constraints: number;
  readonly domain: number;
}

const entropy = (): string => randomBytes(32).toString('hex');

function shortHash(texts: readonly string[]): string {
  return createHash('sha256').update(texts.join(' ')).digest('hex').slice(0, 16);
}

/** A hash of everything that the keys of snarkjs depend on. */
async function sourcesHash(): Promise<string> {
  const lib = join(ROOT, 'circuits', 'lib');
  const hashes = await Promise.all((await readdir(lib)).sort().map((file) => sha256File(join(lib, file))));
  const { ptau, compiler } = await readManifest();
  return shortHash([...hashes, ptau.sha256, compiler]);
}

async function make(size: Size, folder: string, say: (line: string) => void): Promise<Made> {
  const path = (ending: string): string => join(folder, `${nameOf(size)}${ending}`);
  const known = await readFile(path('.json'), 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as Made;
  say(`${nameOf(size)}: compiling and making keys, once`);
  await mkdir(folder, { recursive: true });
  // Includes are found beside the sources, so the source lies three folders below the root.
  const source = join(BUILD, 'sources', `${nameOf(size)}.circom`);
  await mkdir(join(BUILD, 'sources'), { recursive: true });
  await writeFile(source, sourceOf(size));
  const compiled = await compile(source as `${string}.circom`, folder);
  const { nConstraints, nOutputs, nPubInputs } = await snarkjs.r1cs.info(compiled.r1cs);
  const { ptau } = await readManifest();
  await snarkjs.zKey.newZKey(compiled.r1cs, join(ARTIFACTS, ptau.file), path('-0.zkey'));
  await snarkjs.zKey.contribute(path('-0.zkey'), path('.zkey'), 'benchmark', entropy());
  await rm(path('-0.zkey'));
  await writeFile(path('.vkey.json'), JSON.stringify(await snarkjs.zKey.exportVerificationKey(path('.zkey'))));
  await writeFile(path('.wasm'), await readFile(compiled.wasm));
  const made = {
    constraints: nConstraints,
    domain: 2 ** Math.ceil(Math.log2(nConstraints + nOutputs + nPubInputs + 1)),
  };
  await writeFile(path('.json'), JSON.stringify(made));
  return made;
}

/** Our key of a circuit; made again when the sources that say what is in it change. */
async function ourKey(path: string, zkey: Uint8Array, say: (line: string) => void): Promise<Uint8Array> {
  const sources = await Promise.all(KEY_SOURCES.map((file) => sha256File(join(ROOT, file))));
  const file = `${path}.${shortHash(sources)}.key`;
  const known = await readFile(file).catch(() => undefined);
  if (known !== undefined) return new Uint8Array(known);
  say('making our key from that of snarkjs, once');
  const key = await makeProvingKey('show', zkey, await readR1cs(`${path}.r1cs`));
  await writeFile(file, key);
  return key;
}

/** Inputs for further attributes. */
function further(more: number): { extension: FieldElement; more: FieldElement[]; bounds: FieldElement[] } {
  const values = Array.from({ length: more }, (_, i) => toField(20_200_101n + BigInt(i)));
  const extension = HASHES[more]?.(values);
  if (extension === undefined) throw new RangeError(`no hash of ${String(more)} inputs is prepared`);
  return { extension: toField(extension), more: values, bounds: values.map((value) => toField(value + 1n)) };
}

/** A circuit of a size with keys; made, or read if it was made before. */
export async function variant(
  size: Size,
  say: (line: string) => void,
): Promise<{ like: LikeShow; constraints: number; domain: number; keyBytes: number }> {
  const folder = join(BUILD, 'circuits', await sourcesHash());
  const { constraints, domain } = await make(size, folder, say);
  const read = async (ending: string): Promise<Uint8Array> =>
    new Uint8Array(await readFile(join(folder, `${nameOf(size)}${ending}`)));
  const [wasm, zkey] = [await read('.wasm'), await read('.zkey')];
  const key = await ourKey(join(folder, nameOf(size)), zkey, say);
  const { depth, more } = size;
  const added = more === 0 ? undefined : further(more);
  const sampled: LikeShow['sampleOf'] = (options = {}) => {
    const sample = sampleOf({ depth, ...(added && { extension: added.extension }), ...options });
    return added === undefined
      ? sample
      : { ...sample, inputs: Object.assign({ ...sample.inputs }, { more: added.more, bounds: added.bounds }) };
  };
  const like: LikeShow = {
    files: likeShow(await readManifest(), { domain, wasm, key }),
    snarkjsFiles: { wasm, zkey },
    vkey: JSON.parse(Buffer.from(await read('.vkey.json')).toString()),
    sampleOf: sampled,
  };
  return { like, constraints, domain, keyBytes: key.length };
}
