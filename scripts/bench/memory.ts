// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Peak memory: what a process that does one thing once holds at most, less what one holds that loads the
 * same modules and does nothing. Run with the name of a figure, this module is that process.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench } from './chromium.ts';
import { FIGURE_NAMES, type FigureName } from './figures.ts';
import { openLab } from './lab.ts';
import { NODE } from './node_place.ts';
import { CAN_TELL_PEAK, peakOf } from './peak.ts';
import type { Results } from './results.ts';
import { subjectsOf } from './subjects.ts';

const SELF = fileURLToPath(import.meta.url);
const MEASURED: readonly FigureName[] = ['snarkjs.prove', 'bauta.full', 'semaphore20.prove', 'bbs.prove'];
const NOTHING = 'nothing';

async function peakInNode(name: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, SELF, name]);
  return Number(stdout);
}

/** Measures peak memory in MB, in Node and in Chromium; undefined where the system does not tell it. */
export async function measureMemory(bench: Bench, say: (line: string) => void): Promise<Results['memory']> {
  if (!CAN_TELL_PEAK) {
    say('this system does not tell');
    return undefined;
  }
  const memory = { node: {} as Record<string, number>, chromium: {} as Record<string, number> };
  const idle = { node: await peakInNode(NOTHING), chromium: await bench.peak(undefined) };
  for (const name of MEASURED) {
    say(name);
    memory.node[name] = Math.max(0, Math.round((await peakInNode(name)) - idle.node));
    memory.chromium[name] = Math.max(0, Math.round((await bench.peak(name)) - idle.chromium));
  }
  return memory;
}

if (process.argv[1] === SELF) {
  const lab = openLab(NODE);
  for (const subject of subjectsOf(
    lab,
    FIGURE_NAMES.filter((name) => name === process.argv[2]),
  )) {
    await (await subject.prepare()).run();
  }
  process.stdout.write(String(await peakOf('self')));
  process.exit(0);
}
