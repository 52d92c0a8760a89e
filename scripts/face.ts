// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Compares faces from the command line: `npm run --silent face -- --help`.
 *
 * @module
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createFaceComparer, type FaceComparer } from '../src/issuer/faces.ts';
import { ProtocolError } from '../src/protocol/errors.ts';
import { ROOT } from './circuits/compile.ts';
import { drawCurve } from './face/curve.ts';
import { type Evaluation, evaluate, measureFolder } from './face/evaluate.ts';
import { writeReport } from './face/report.ts';

const HELP = `Usage: npm run --silent face -- compare PORTRAIT LIVE
       npm run --silent face -- evaluate FOLDER [--json] [--out FILE] [--write]

compare   Whether two pictures (JPEG, PNG, JPEG 2000) show the same person. Prints one line of JSON:
          {"match", "distances": {"human", "face_api"}, "ms"}; a match needs both distances <= 0.5.
          Where a picture cannot be judged: {"error": {"code", "message"}}.
evaluate  Compares every NNN-portrait.jpg of a folder with every NNN-live.jpg and prints
          {"genuine", "impostor", "threshold", "fmr", "fnmr", …}: counts of pairs of one person and of
          two, the threshold, and the rates of false matches and non-matches, for both networks
          together and each alone, with the upper ends of their 95 % confidence intervals.
  --json       one line of JSON in place of lines for people
  --out FILE   draws the curve of both rates over the threshold, as SVG
  --write      writes docs/faces.md and its curve
          A second a picture; progress goes to stderr.

Exit status: 0 compared, match or not; 1 no verdict (no face, several faces, not a picture); 2 wrong
usage or unreadable file.
`;

class UsageError extends Error {}

function readInput(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw new UsageError(`cannot read ${path}`, { cause });
  }
}

interface EvaluateOptions {
  readonly json: boolean;
  readonly out: string | undefined;
  readonly write: boolean;
}

async function runEvaluate(
  faces: FaceComparer,
  folder: string,
  { json, out, write }: EvaluateOptions,
): Promise<string> {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(`${folder} is no folder`);
  }
  const measured = await measureFolder(faces, folder, (line) => process.stderr.write(`${line}\n`));
  if (measured.impostor.length === 0)
    throw new UsageError(`${folder} holds no two pairs NNN-portrait.jpg, NNN-live.jpg`);
  const evaluation = evaluate(measured);
  if (out !== undefined) writeFileSync(out, drawCurve(measured));
  if (write) await writeReport(join(ROOT, 'docs'), measured, evaluation);
  return json ? JSON.stringify(evaluation) : describe(evaluation);
}

function describe({ genuine, impostor, threshold, fmr, fmrUpper, fnmr, fnmrUpper }: Evaluation): string {
  const rate = (value: number, upper: number): string =>
    `${(value * 100).toFixed(2)} % (95 %: at most ${(upper * 100).toFixed(2)} %)`;
  return `false matches among ${String(impostor)} pairs of two people at ${String(threshold)}: ${rate(fmr, fmrUpper)}
false non-matches among ${String(genuine)} pairs of one person: ${rate(fnmr, fnmrUpper)}`;
}

async function answer(args: readonly string[]): Promise<string | undefined> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  if (values.help === true) return undefined;
  const [command, first, second, ...more] = positionals;
  const faces = createFaceComparer();
  if (command === 'compare' && first !== undefined && second !== undefined && more.length === 0) {
    return JSON.stringify(await faces.compareFaces(readInput(first), readInput(second)));
  }
  if (command === 'evaluate' && first !== undefined && second === undefined) {
    return runEvaluate(faces, first, { ...values, out: values.out });
  }
  throw new UsageError('say what to compare');
}

async function main(): Promise<number> {
  try {
    const result = await answer(process.argv.slice(2));
    process.stdout.write(result === undefined ? HELP : `${result}\n`);
    return 0;
  } catch (error) {
    if (error instanceof ProtocolError) {
      process.stdout.write(`${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`);
      return 1;
    }
    const reason = error instanceof Error ? error.message : 'unknown failure';
    process.stderr.write(`${reason}\n\n${HELP}`);
    return 2;
  }
}

process.exitCode = await main();
