// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifier processes that share a database, as behind a balancer.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Question, Reply, Usage, VerifierTask } from './verifier_process.ts';

const PROCESS = fileURLToPath(new URL('verifier_process.ts', import.meta.url));

/** Running verifiers. */
export interface Fleet {
  /** Address of each. */
  readonly urls: readonly string[];
  /** What all of them have used: CPU times and memory added up. */
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

async function answerOf<T extends Reply>(child: ChildProcess, message: VerifierTask | Question): Promise<T> {
  const answered = once(child, 'message') as Promise<[T]>;
  const ended = once(child, 'exit').then(() => {
    throw new Error('a verifier process ended');
  });
  child.send(message);
  const [reply] = await Promise.race([answered, ended]);
  return reply;
}

/** Starts so many verifiers: one, which migrates the database, and then the others. */
export async function startFleet(count: number, task: VerifierTask): Promise<Fleet> {
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null) return;
        const exit = once(child, 'exit');
        child.send('stop' satisfies Question);
        await exit;
      }),
    );
  };
  let urls: readonly string[];
  try {
    // All load at the same time, and wait for their task.
    for (let i = 0; i < count; i++) {
      // Whoever starts it may not have tsx loaded, as tests have not.
      const child = fork(PROCESS, { execArgv: ['--import', 'tsx'] });
      child.setMaxListeners(0);
      children.push(child);
    }
    const start = async (child: ChildProcess): Promise<string> => (await answerOf<{ url: string }>(child, task)).url;
    const first = await Promise.all(children.slice(0, 1).map(start));
    urls = [...first, ...(await Promise.all(children.slice(1).map(start)))];
  } catch (error) {
    for (const child of children) child.kill();
    throw error;
  }
  return {
    urls,
    usage: async () => {
      const all = await Promise.all(children.map((child) => answerOf<Usage>(child, 'usage')));
      const sum = (of: (usage: Usage) => number): number => all.reduce((total, one) => total + of(one), 0);
      return { cpuMs: sum(({ cpuMs }) => cpuMs), rss: sum(({ rss }) => rss) };
    },
    stop,
  };
}
