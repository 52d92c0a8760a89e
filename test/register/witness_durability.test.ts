// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeOnEachDatabase } from '../databases.ts';

/** Runs the forker until it has cosigned so many checkpoints, and kills it without warning. */
async function cosignedBeforeKill(url: string, first: number, count: number): Promise<readonly string[]> {
  const script = fileURLToPath(new URL('witness_forker.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, url, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (lines.length === count) child.kill('SIGKILL');
    }
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  return lines;
}

describeOnEachDatabase('a witness that is killed', (fresh) => {
  it('never cosigns two stories, whichever comes first when it is back', async () => {
    const url = await fresh();
    const cosigned: string[] = [];
    // The other story is asked first after each death.
    for (const [first, count] of [
      [0, 3],
      [1, 5],
      [1, 8],
    ] as const) {
      cosigned.push(...(await cosignedBeforeKill(url, first, count)));
    }
    // Epoch 0 is the same in both; from there on one story alone.
    const stories = new Set(cosigned.filter((line) => !line.endsWith(' 0')).map((line) => line.split(' ')[0]));
    expect([...stories]).toHaveLength(1);
    const epochs = cosigned.map((line) => Number(line.split(' ')[1]));
    expect(Math.max(...epochs)).toBeGreaterThan(4);
  }, 120_000);
});
