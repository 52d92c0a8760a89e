// SPDX-License-Identifier: GPL-3.0-or-later
/** A sample of the deletion run; `npm run circuits:check` runs all of it. */
import { describe, expect, it } from 'vitest';
import { runDeletions } from '../../scripts/circuits/deletions.ts';
import { FORGERIES } from '../../scripts/circuits/forgeries.ts';
import { allDeletions, ownTemplates } from '../../scripts/circuits/mutants.ts';
import { court } from './judged.ts';

/** For a statement of each kind, a signal of the forgery that it lets through when it is lost. */
const SAMPLE: readonly (readonly [lost: string, signal: string])[] = [
  ['version === 1;', 'version'],
  ['signal bindingSquared <== binding * binding;', 'bindingSquared'],
  ['AtMost(27)(today, expiry); [input greater]', 'AtMost#0.greater'],
  ['signal isBelow <== LessThan(8)([index, limit]);', 'Nullifier#0.isBelow'],
];

describe('the deletion run', () => {
  it('deletes every constraint statement of our own templates', async () => {
    const deletions = await allDeletions();
    let statements = 0;
    for (const [file, text] of await ownTemplates()) {
      const code = text.replaceAll(/\/\/.*/g, '');
      const lines = new Set(deletions.filter((deletion) => deletion.file === file).map(({ line }) => line));
      for (const [i, line] of code.split('\n').entries()) {
        if (/===|<==/.test(line)) expect(lines, `${file}:${String(i + 1)}`).toContain(i + 1);
      }
      statements += code.match(/===|<==/g)?.length ?? 0;
    }
    expect(deletions.filter(({ lost }) => !lost.endsWith(']') || !lost.includes('[input '))).toHaveLength(statements);
  });

  it('catches a sample', async () => {
    const { forms, try: judge } = await court();
    const wanted = SAMPLE.map(([, signal]) => signal);
    const judged = FORGERIES.filter(({ by }) => by.some((signal) => wanted.includes(signal))).map(judge);
    const only = ({ lost }: { lost: string }): boolean => SAMPLE.some(([statement]) => statement === lost);
    const outcomes = await runDeletions({ forms, judged, only });
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(SAMPLE.map(() => 'caught'));

    // Without the forgery of a condition, the loss of its statement is told.
    const [first] = SAMPLE;
    const others = judged.filter(({ forgery }) => !forgery.by.includes('version'));
    const missed = await runDeletions({ forms, judged: others, only: ({ lost }) => lost === first?.[0] });
    expect(missed.map(({ verdict }) => verdict)).toEqual(['missed']);
  }, 300_000);
});
