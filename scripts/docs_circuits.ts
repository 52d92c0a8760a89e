// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run docs:circuits`: writes the numbers of docs/circuits.md from the manifest and from the
 * circuits' own constraints: sizes, and where each hundred constraints goes.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import type { CircuitName, Manifest } from '../src/protocol/artifacts.ts';
import { ROOT } from './circuits/compile.ts';
import { costs } from './circuits/costs.ts';
import { type Forms, forms } from './circuits/forms.ts';
import { undeterminedWires } from './circuits/propagate.ts';
import { readManifest } from './circuits/rebuild.ts';

const FILE = join(ROOT, 'docs', 'circuits.md');

/** A row of the table of costs: signals that its constraints name, and what they are for. */
type Part = readonly [signals: RegExp, purpose: string];

/** Every constraint belongs to exactly one part. */
const PARTS: Readonly<Record<CircuitName, readonly Part[]>> = {
  show: [
    [/^Membership#0\.Poseidon#0\[/, 'the tree: a Poseidon hash of eight children at each of 11 levels'],
    [/^Nullifier#0\.Poseidon#0\./, 'the pseudonym: Poseidon of tag, seed, scope, context, index'],
    [/^Poseidon#0\./, 'the leaf: Poseidon of tag, holder, attributes, extension'],
    [/^HolderCommitment#0\./, 'the holder commitment: Poseidon of tag, seed, blinding'],
    [/^Select#1\./, 'the nationality’s bit in the mask: one choice of 256, less the empty places'],
    [/^Num2Bits#0\./, 'bits of the nationality mask'],
    [/^request\.Num2Bits#0\./, 'bits of the policy'],
    [/^credential\.Num2Bits#0\./, 'bits of the attributes'],
    [/^AtMost#\d\./, 'comparisons: five of dates, one of assurance'],
    [/^Membership#0\.Select#0\[/, 'the tree: the child on the path, one choice of eight a level'],
    [/^Num2Bits#1\./, 'bits of the leaf’s index'],
    [/^Select#0\./, 'the document’s bit in its mask: one choice of 32'],
    [/^Nullifier#0\.(?:Num2Bits|LessThan)#0\./, 'the pseudonym: the range of its index, and index below limit'],
    [/^request\.bits\[/, 'the nine attributes that may be revealed, each times its bit'],
    [/^Nullifier#0\.\w+$/, 'the pseudonym: on or off'],
    [/^(?:phone\w*|binding)$/, 'phone where required; the square of the binding'],
  ],
  issue: [
    [/^HolderCommitment#0\./, 'the holder commitment: Poseidon of tag, seed, blinding'],
    [/^Poseidon#0\./, 'the seed tag: Poseidon of tag, seed'],
    [/^session$/, 'the square of the session'],
  ],
};

const CIRCUITS = ['show', 'issue'] as const;
const number = (value: number): string => value.toLocaleString('en');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/**
 * Constraints by part.
 *
 * @throws If a constraint belongs to no part or to two, if a part has none, or if they do not add up to
 * what is shipped.
 */
function costTable(name: CircuitName, { original, shipped }: Forms): string {
  const counts = new Map<string, number>();
  for (const [signal, count] of costs(original)) {
    const parts = PARTS[name].filter(([signals]) => signals.test(signal));
    const [, purpose] = parts[0] ?? [];
    if (purpose === undefined || parts.length > 1)
      throw new Error(`${name}: ${signal} is of ${String(parts.length)} parts`);
    counts.set(purpose, (counts.get(purpose) ?? 0) + count);
  }
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  if (total !== shipped.r1cs.constraints.length) throw new Error(`${name}: the parts add up to ${String(total)}`);
  if (counts.size !== PARTS[name].length) throw new Error(`${name}: a part without constraints`);
  const rows = [...counts].sort(([, a], [, b]) => b - a).map(([purpose, count]) => [number(count), purpose]);
  return table([`constraints of \`${name}\``, 'for'], [...rows, [`**${number(total)}**`, '']]);
}

function sizeTable(manifest: Manifest, all: Readonly<Record<CircuitName, Forms>>): string {
  const row = (what: string, of: (name: CircuitName) => string): string[] => [what, ...CIRCUITS.map(of)];
  const { compiler, flags } = manifest;
  return table(
    ['', '`show`', '`issue`'],
    [
      row('compiler', () => `${compiler}, \`${flags.join(' ')}\``),
      row('constraints', (name) => number(all[name].shipped.r1cs.constraints.length)),
      row('domain', (name) => number(manifest.circuits[name].domain)),
      row('wires', (name) => number(all[name].shipped.r1cs.wires)),
      row('public signals, outputs first', (name) => {
        const { publicOutputs, publicInputs } = all[name].shipped.r1cs;
        return `${String(publicOutputs)} + ${String(publicInputs)}`;
      }),
      row('private inputs', (name) => number(all[name].shipped.r1cs.privateInputs)),
      row('wires that do not follow from the inputs', (name) =>
        number(undeterminedWires(all[name].shipped.r1cs).length),
      ),
    ],
  );
}

/** Tables by the name of their place in the document. */
type Tables = Readonly<Record<'sizes' | 'costs', string>>;

/** The tables as the circuits have them, some seconds of CPU. */
export async function circuitTables(): Promise<Tables> {
  const all = { show: await forms('show'), issue: await forms('issue') };
  return {
    sizes: sizeTable(await readManifest(), all),
    costs: CIRCUITS.map((name) => costTable(name, all[name])).join('\n\n'),
  };
}

/** The document with its tables replaced. */
export async function withTables(document: string, tables: Tables): Promise<string> {
  let written = document;
  for (const [name, text] of Object.entries(tables)) {
    const place = new RegExp(`(<!-- ${name}:begin[^\\n]*-->\\n)[\\s\\S]*(<!-- ${name}:end -->)`);
    if (!place.test(written)) throw new Error(`docs/circuits.md has no place for ${name}`);
    written = written.replace(place, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`);
  }
  return format(written, { ...(await resolveConfig(FILE)), parser: 'markdown' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(FILE, await withTables(await readFile(FILE, 'utf8'), await circuitTables()));
}
