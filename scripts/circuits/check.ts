// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run circuits:check -- [--json] [--quick]`: what the circuits refuse, shown in one run.
 *
 * - counts and domains of both circuits, rebuilt from the sources, against the manifest and the numbers
 *   pinned here;
 * - every forged witness, refused by the sources and by what is shipped;
 * - every deletion of a constraint statement, caught by a forged witness;
 * - every wire, determined by the inputs or on record as harmless.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import type { CircuitName, Manifest } from '../../src/protocol/artifacts.ts';
import { runDeletions } from './deletions.ts';
import { analyse } from './determinism.ts';
import { type Court, conditionsWithoutForgery, FORGERIES, type Forgery, type Judged, openCourt } from './forgeries.ts';
import type { Deletion } from './mutants.ts';
import { readR1cs } from './r1cs.ts';
import { readManifest, rebuild } from './rebuild.ts';

const HELP = `usage: npm run --silent circuits:check -- [--json] [--quick] [--help]

Tries every forged witness against both circuits, deletes each of their constraint statements in turn,
looks for wires that the inputs do not determine, and compares counts with the manifest. Takes minutes.

  --json   print one line of JSON
  --quick  a sample of the forgeries and deletions, in under a minute
  --help   print this

Exits 1 when anything falls short. Progress is written to stderr.
`;

/** What the keys of version 1 were made for. */
const PINNED: Readonly<Record<CircuitName, Counted>> = {
  show: { constraints: 6458, domain: 8192 },
  issue: { constraints: 496, domain: 512 },
};
/** Statements that the quick run deletes: one of each kind. */
const SAMPLE: readonly (readonly [template: string, lost: string])[] = [
  ['Show', 'version === 1;'],
  ['Show', 'signal birth <== credential.fields[6];'],
  ['Nullifier', 'isBelow === on;'],
  ['Issue', 'signal sessionSquared <== session * session;'],
];
/** Signals of the forgeries that those deletions let through. */
const SAMPLE_SIGNALS = ['version', 'birth', 'Nullifier#0.isBelow', 'sessionSquared'];
/** The quick run tries every so many forged witnesses, and the first of each condition. */
const STRIDE = 8;

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (options.help === true) {
  process.stdout.write(HELP);
  process.exit(0);
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
let short = 0;
const fallShort = (text: string): void => {
  short++;
  say(`FAULT ${text}`);
};
const quick = options.quick === true;

interface Counted {
  readonly constraints: number;
  readonly domain: number;
}

/** Compiles a circuit from the sources and counts. */
async function count(name: CircuitName, manifest: Manifest): Promise<{ counted: Counted; r1cs: string }> {
  say(`${name}: compiling`);
  const { r1cs, constraints, faults } = await rebuild(name, manifest);
  for (const fault of faults) fallShort(fault);
  const { publicOutputs, publicInputs } = await readR1cs(r1cs);
  const domain = 2 ** Math.ceil(Math.log2(constraints + publicOutputs + publicInputs + 1));
  if (domain !== manifest.circuits[name].domain) fallShort(`${name}: the manifest names another domain`);
  if (constraints !== PINNED[name].constraints || domain !== PINNED[name].domain) {
    fallShort(`${name}: ${String(constraints)} constraints in a domain of ${String(domain)}, not as pinned`);
  }
  return { counted: { constraints, domain }, r1cs };
}

function sampleOf(forgeries: readonly Forgery[]): readonly Forgery[] {
  const met = new Set<string>();
  return forgeries.filter(({ template, condition, by }, i) => {
    const first = !met.has(`${template} ${condition}`);
    met.add(`${template} ${condition}`);
    return first || i % STRIDE === 0 || SAMPLE_SIGNALS.some((signal) => by.includes(signal));
  });
}

function tryForgeries(court: Court): Judged[] {
  const forgeries = quick ? sampleOf(FORGERIES) : FORGERIES;
  for (const condition of conditionsWithoutForgery()) fallShort(`${condition}: no forged witness`);
  return forgeries.map((forgery, i) => {
    const judged = court.try(forgery);
    if (judged.fault !== undefined) {
      fallShort(`${forgery.template} ${forgery.condition}: ${forgery.title}: ${judged.fault}`);
    }
    if ((i + 1) % 25 === 0 || i + 1 === forgeries.length) {
      say(`forged witnesses: ${String(i + 1)} of ${String(forgeries.length)}`);
    }
    return judged;
  });
}

async function tryDeletions(court: Court, judged: readonly Judged[]): Promise<{ tried: number; caught: number }> {
  const inSample = ({ template, lost }: Deletion): boolean =>
    SAMPLE.some(([of, statement]) => of === template && statement === lost);
  const outcomes = await runDeletions({
    forms: court.forms,
    judged,
    ...(quick ? { only: inSample } : {}),
    onOutcome: ({ deletion: { file, line, lost }, verdict, because }, done, of) => {
      const what = `deletion ${String(done)} of ${String(of)}: ${file}:${String(line)}: ${lost}`;
      if (verdict === 'missed') fallShort(`${what}: ${because}`);
      else say(`${what}: ${verdict}, ${because}`);
    },
  });
  if (quick && outcomes.length !== SAMPLE.length) fallShort('a statement of the sample of deletions is gone');
  // Deletions on record as equivalent remove nothing that the circuit demands: there is nothing to catch.
  const real = outcomes.filter(({ verdict }) => verdict !== 'equivalent');
  return { tried: real.length, caught: real.filter(({ verdict }) => verdict === 'caught').length };
}

const manifest = await readManifest();
const [show, issue] = [await count('show', manifest), await count('issue', manifest)];

const undetermined = { unexplained: 0, explained: 0 };
for (const [name, { r1cs }] of [['show', show] as const, ['issue', issue] as const]) {
  const { explained, unexplained } = await analyse(name, r1cs, r1cs.replace(/\.r1cs$/, '.sym'));
  for (const wire of unexplained) fallShort(`${name}: undetermined: ${wire}`);
  undetermined.unexplained += unexplained.length;
  undetermined.explained += explained;
}

say('compiling what forging needs, unless it is there');
const court = await openCourt();
const judged = tryForgeries(court);
const deletions = await tryDeletions(court, judged);
const report = {
  show: show.counted,
  issue: issue.counted,
  forged: { tried: judged.length, refused: judged.filter(({ fault }) => fault === undefined).length },
  deletions,
  undetermined,
};
if (options.json === true) {
  console.log(JSON.stringify(report));
} else {
  for (const name of ['show', 'issue'] as const) {
    console.log(`${name}: ${String(report[name].constraints)} constraints, domain ${String(report[name].domain)}`);
  }
  console.log(`forged witnesses refused: ${String(report.forged.refused)} of ${String(report.forged.tried)}`);
  console.log(`deletions caught: ${String(deletions.caught)} of ${String(deletions.tried)}`);
  console.log(
    `undetermined wires: ${String(undetermined.unexplained)} unexplained, ${String(undetermined.explained)} explained`,
  );
}
if (short > 0) {
  say(`${String(short)} faults`);
  process.exitCode = 1;
}
