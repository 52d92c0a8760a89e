// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * docs/faces.md, with the figures of an evaluation.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { drawCurve } from './curve.ts';
import { type Evaluation, MATCHERS, type Measured, type Rates } from './evaluate.ts';

const percent = (rate: number): string => `${(rate * 100).toFixed(rate > 0 && rate < 0.01 ? 2 : 1)} %`;
const row = (name: string, { fmr, fmrUpper, fnmr, fnmrUpper }: Rates): string =>
  `| ${name} | ${percent(fmr)} | ${percent(fmrUpper)} | ${percent(fnmr)} | ${percent(fnmrUpper)} |`;

/** Writes document and curve. */
export async function writeReport(docs: string, measured: Measured, evaluation: Evaluation): Promise<void> {
  mkdirSync(join(docs, 'faces'), { recursive: true });
  writeFileSync(join(docs, 'faces', 'rates.svg'), drawCurve(measured));
  const file = join(docs, 'faces.md');
  const { genuine, impostor, threshold, matchers, unusable } = evaluation;
  const text = `# How well faces are told apart

<!-- Written by \`npm run face -- evaluate FOLDER --write\`; do not edit. -->

Portrait and live picture match if both networks put them at a distance of at most ${String(threshold)}. Measured on
${String(genuine)} pairs of one person and ${String(impostor)} pairs of two, every portrait with every live picture${
    unusable === 0
      ? ''
      : `; ${String(unusable)} people were left out, since no single face was found in a picture of theirs`
  }.

| decided by | false matches | at most | false non-matches | at most |
| --- | --- | --- | --- | --- |
${row('both', evaluation)}
${MATCHERS.map((name) => row(`\`${name}\` alone`, matchers[name])).join('\n')}

"At most" is the upper end of the 95 % confidence interval: where none of n was seen, the true rate may still be 3/n. It
counts pairs as if they were independent; pairs share their people, so it is too narrow. So few people say little about
rates as small as an operator of many enrolments needs.

![Both error rates over the threshold](faces/rates.svg)

The pictures are of the Face Research Lab London Set (DeBruine and Jones, CC BY 4.0), resized: studio portraits of
volunteers, in even light, from the front. They say nothing about phones at night, nor about age between a document and
its holder, and little about groups of people: an operator has to measure on its own population.

What the check of liveness stops and what it does not stands in the [threat model](threat-model.md#another-face).
`;
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}
