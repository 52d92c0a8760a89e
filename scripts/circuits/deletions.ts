// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The deletion run: without any one constraint statement of our own templates, some forged witness that
 * the circuit refuses would be accepted.
 *
 * Each mutant is compiled at `--O0`, where every statement gives constraints of its own, and compared
 * with the circuit constraint by constraint: it must have lost some and have gained none but those of
 * the signals that the deletion left undefined. It accepts a forged witness exactly when it has lost
 * every constraint that the witness violates.
 *
 * Mutants take a hash without constraints in place of Poseidon, which makes a compilation four times
 * faster and changes none of the constraints compared: those outside the hash. That the sources
 * themselves, compiled so, lose and gain nothing is checked first.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { CircuitName } from '../../src/protocol/artifacts.ts';
import { compile, compilerName, ROOT } from './compile.ts';
import type { Judged } from './forgeries.ts';
import { type Form, type Forms, readForm } from './forms.ts';
import { allDeletions, type Deletion, FREED, ownTemplates } from './mutants.ts';
import type { Constraint, LinearCombination } from './r1cs.ts';

const WORK = join(ROOT, 'build', 'deletions');
const HASH = `pragma circom 2.0.0;
template Poseidon(nInputs) {
    signal input inputs[nInputs];
    signal output out;
}
`;

/** Deletions after which the circuit accepts nothing that it refused before, and why. */
const EQUIVALENT: readonly { readonly template: string; readonly lost: string; readonly reason: string }[] = [
  ...['credential.bits', 'request.bits', 'request.fields'].map((unused) => ({
    template: 'Show',
    lost: `_ <== ${unused};`,
    reason: 'adds no constraint: it tells the compiler that some of these signals are not read',
  })),
  {
    template: 'Nullifier',
    lost: '_ <== indexBits;',
    reason: 'adds no constraint: it tells the compiler that these signals are not read',
  },
  {
    template: 'Nullifier',
    lost: '(1 - on) * limit === 0;',
    reason: 'follows from the others: with on = 0, index is 0 and index < limit is false, so limit, below 2^8, is 0',
  },
];

/** What became of one deletion. */
export interface Outcome {
  readonly deletion: Deletion;
  readonly verdict: 'caught' | 'missed' | 'equivalent';
  /** The forged witness that the mutant accepts, or the reason why there is none. */
  readonly because: string;
}

/** The circuit that a template is compiled in: the smaller of those that use it. */
export const circuitOf = (template: string): CircuitName =>
  template === 'Issue' || template === 'HolderCommitment' ? 'issue' : 'show';

/** Text of a constraint that does not depend on the numbers of wires in a compilation. */
function keyOf({ a, b, c }: Constraint, wire: (at: number) => string): string {
  const part = (combination: LinearCombination): string =>
    combination
      .map(([at, coefficient]) => `${wire(at)}*${String(coefficient)}`)
      .sort()
      .join('+');
  return [a, b, c].map(part).join('|');
}

/** Constraints outside the hash with their places, by their text; equal ones share a text. */
function constraintsOf({ r1cs, symbols }: Form): Map<string, number[]> {
  const names = new Map(Array.from(symbols, ([name, wire]) => [wire, name]));
  const inHash = new Set(
    Array.from(symbols).flatMap(([name, wire]) => (/(?:^|\.)Poseidon#\d+(?:\[\d+\])?\.pEx\./.test(name) ? wire : [])),
  );
  const found = new Map<string, number[]>();
  for (const [place, constraint] of r1cs.constraints.entries()) {
    const { a, b, c } = constraint;
    if ([a, b, c].some((combination) => combination.some(([wire]) => inHash.has(wire)))) continue;
    const key = keyOf(constraint, (at) => names.get(at) ?? '1');
    found.set(key, [...(found.get(key) ?? []), place]);
  }
  return found;
}

/** The places of the constraints that a mutant has lost. */
function lostConstraints(original: ReadonlyMap<string, number[]>, mutant: ReadonlyMap<string, number[]>): number[] {
  for (const key of mutant.keys()) {
    // A constraint with a signal that occurs nowhere else and is not defined always has a solution.
    if (!original.has(key) && !new RegExp(`(?:^|[.|+])${FREED}\\b`).test(key)) {
      throw new Error(`a deletion added the constraint ${key}`);
    }
  }
  return [...original].flatMap(([key, places]) => places.slice(mutant.get(key)?.length ?? 0));
}

/** Compiles a circuit of changed sources with the stand-in for the hash, and reads it. */
async function compileChanged(circuit: CircuitName, changed: ReadonlyMap<string, string>, at: string): Promise<Form> {
  const files: [string, string][] = [...changed];
  files.push([`circuits/${circuit}.circom`, await readFile(join(ROOT, 'circuits', `${circuit}.circom`), 'utf8')]);
  for (const [path, text] of files) {
    await mkdir(dirname(join(at, path)), { recursive: true });
    await writeFile(join(at, path), text);
  }
  const library = join(at, 'include', 'circomlib', 'circuits');
  for (const name of ['bitify', 'comparators', 'aliascheck', 'compconstant', 'binsum']) {
    await cp(join(ROOT, 'node_modules/circomlib/circuits', `${name}.circom`), join(library, `${name}.circom`));
  }
  await writeFile(join(library, 'poseidon.circom'), HASH);
  const from = relative(ROOT, at);
  await compile(`${from}/circuits/${circuit}.circom`, at, ['--O0', '-l', `${from}/include`], ['--r1cs', '--sym']);
  return readForm(join(at, circuit));
}

/** A value computed once for each key and kept below `build/deletions`. */
async function kept(key: readonly string[], make: (folder: string) => Promise<number[]>): Promise<number[]> {
  const id = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 24);
  const path = join(WORK, `${id}.json`);
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as number[];
  const folder = join(WORK, `${id}-${String(process.pid)}`);
  try {
    const made = await make(folder);
    await writeFile(`${folder}.json`, JSON.stringify(made));
    await rename(`${folder}.json`, path);
    return made;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function judge(deletion: Deletion, lost: readonly number[], judged: readonly Judged[]): Outcome {
  const gone = new Set(lost);
  const accepted = judged.find(
    ({ forgery, verdict }) =>
      forgery.circuit === circuitOf(deletion.template) &&
      verdict.violated.length > 0 &&
      verdict.violated.every(({ place }) => gone.has(place)),
  );
  if (accepted !== undefined) {
    const { template, condition, title } = accepted.forgery;
    return { deletion, verdict: 'caught', because: `${template} ${condition}: ${title}` };
  }
  const known = EQUIVALENT.find(({ template, lost: text }) => template === deletion.template && text === deletion.lost);
  if (known !== undefined) return { deletion, verdict: 'equivalent', because: known.reason };
  const because = lost.length === 0 ? 'it changes no constraint' : 'no forged witness passes without it';
  return { deletion, verdict: 'missed', because };
}

/** What {@link runDeletions} runs and tells. */
export interface DeletionRun {
  /** The circuits, as the forged witnesses were judged against. */
  readonly forms: Readonly<Record<CircuitName, Forms>>;
  readonly judged: readonly Judged[];
  /** Which deletions; all if left out. */
  readonly only?: (deletion: Deletion) => boolean;
  /** Compilations at a time. */
  readonly atOnce?: number;
  readonly onOutcome?: (outcome: Outcome, done: number, of: number) => void;
}

/**
 * Makes deletions one at a time and finds a forged witness that each would let through.
 *
 * @throws Error if the comparison itself does not hold: the unchanged sources differ, or a deletion adds
 * a constraint, or one listed as equivalent is none of the circuit's statements.
 */
export async function runDeletions({ forms, judged, only, atOnce = 2, onOutcome }: DeletionRun): Promise<Outcome[]> {
  const all = await allDeletions();
  const stale = EQUIVALENT.find(
    ({ template, lost }) => !all.some((deletion) => deletion.template === template && deletion.lost === lost),
  );
  if (stale !== undefined) throw new Error(`no statement of ${stale.template} reads ${stale.lost}`);

  const own = await ownTemplates();
  const common = [
    await compilerName(),
    await readFile(join(ROOT, 'scripts', 'circuits', 'deletions.ts'), 'utf8'),
    JSON.stringify([...own].sort()),
  ];
  const whole = { show: constraintsOf(forms.show.original), issue: constraintsOf(forms.issue.original) };
  const lostBy = (circuit: CircuitName, deletion?: Deletion): Promise<number[]> =>
    kept([...common, circuit, deletion?.file ?? '', deletion?.text ?? ''], async (folder) => {
      const changed = new Map(own);
      if (deletion !== undefined) changed.set(deletion.file, deletion.text);
      return lostConstraints(whole[circuit], constraintsOf(await compileChanged(circuit, changed, folder)));
    });

  const wanted = all.filter((deletion) => only?.(deletion) ?? true);
  for (const circuit of new Set(wanted.map(({ template }) => circuitOf(template)))) {
    if ((await lostBy(circuit)).length > 0) throw new Error(`${circuit}: the unchanged sources differ`);
  }
  const outcomes = new Array<Outcome>(wanted.length);
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < wanted.length; i = next++) {
      const deletion = wanted[i];
      if (deletion === undefined) return;
      const outcome = judge(deletion, await lostBy(circuitOf(deletion.template), deletion), judged);
      outcomes[i] = outcome;
      onOutcome?.(outcome, ++done, wanted.length);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes;
}
