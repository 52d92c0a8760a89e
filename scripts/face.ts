// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Compares faces from the command line: `npm run --silent face -- --help`.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createFaceComparer, type FaceComparer, type FaceComparison } from '../src/issuer/faces.ts';
import { ProtocolError } from '../src/protocol/errors.ts';

const HELP = `Usage: npm run --silent face -- compare PORTRAIT LIVE
       npm run --silent face -- pairs FOLDER

compare  Whether two pictures (JPEG, PNG, JPEG 2000) show the same person. Prints one line of JSON:
         {"match", "distances": {"human", "face_api"}, "ms"}; a match needs both distances <= 0.5.
         Where a picture cannot be judged: {"error": {"code", "message"}}.
pairs    Compares every NNN-portrait.jpg of a folder with every NNN-live.jpg and prints how genuine
         and impostor pairs spread, as JSON. Two seconds a pair.

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

interface Spread {
  readonly pairs: number;
  readonly matched: number;
  readonly distances: Readonly<
    Record<string, { readonly least: number; readonly median: number; readonly most: number }>
  >;
}

function spread(results: readonly FaceComparison[]): Spread {
  const names = Object.keys(results[0]?.distances ?? {});
  const rounded = (value: number | undefined): number => Math.round((value ?? NaN) * 1000) / 1000;
  return {
    pairs: results.length,
    matched: results.filter(({ match }) => match).length,
    distances: Object.fromEntries(
      names.map((name) => {
        const sorted = results.map(({ distances }) => distances[name] ?? NaN).sort((a, b) => a - b);
        return [
          name,
          { least: rounded(sorted[0]), median: rounded(sorted[sorted.length >> 1]), most: rounded(sorted.at(-1)) },
        ];
      }),
    ),
  };
}

async function comparePairs({ compareFaces }: FaceComparer, folder: string): Promise<object> {
  const numbers = readdirSync(folder).flatMap((file) => /^(\d+)-portrait\.jpg$/.exec(file)?.slice(1) ?? []);
  const genuine: FaceComparison[] = [];
  const impostor: FaceComparison[] = [];
  for (const portrait of numbers) {
    for (const live of numbers) {
      const result = await compareFaces(
        readInput(join(folder, `${portrait}-portrait.jpg`)),
        readInput(join(folder, `${live}-live.jpg`)),
      );
      (portrait === live ? genuine : impostor).push(result);
    }
  }
  return { genuine: spread(genuine), impostor: spread(impostor) };
}

async function answer(args: readonly string[]): Promise<object | undefined> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return undefined;
  const [command, first, second, ...more] = positionals;
  const faces = createFaceComparer();
  if (command === 'compare' && first !== undefined && second !== undefined && more.length === 0) {
    return faces.compareFaces(readInput(first), readInput(second));
  }
  if (command === 'pairs' && first !== undefined && second === undefined) {
    return comparePairs(faces, first);
  }
  throw new UsageError('say what to compare');
}

async function main(): Promise<number> {
  try {
    const result = await answer(process.argv.slice(2));
    process.stdout.write(result === undefined ? HELP : `${JSON.stringify(result)}\n`);
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
