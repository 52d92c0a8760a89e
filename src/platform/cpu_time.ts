// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * CPU time of a stretch of work on this thread, which Node 20 does not tell.
 *
 * @module
 */

/**
 * Begins to measure.
 *
 * @returns A function that tells at most how many milliseconds of CPU this thread has used since, if it has
 * not waited in between: the lesser of the elapsed time, in which other programs run too, and the CPU time of
 * the process, in which its other threads count too.
 */
export function measureCpuTime(): () => number {
  const cpu = process.cpuUsage();
  const started = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return Math.min((user + system) / 1000, performance.now() - started);
  };
}
