// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * CPU time of a stretch of work on this thread.
 *
 * @module
 */

/** Newer versions of Node tell the CPU time of one thread, microseconds. */
const thread = process as { readonly threadCpuUsage?: () => NodeJS.CpuUsage };

/**
 * Begins to measure.
 *
 * @returns A function that tells how many milliseconds of CPU this thread has used since. Node 20 tells only
 * the bounds of it: the elapsed time, in which other programs run too, and the CPU time of the process, in
 * which its other threads count too; the lesser is taken, so the work must not wait in between.
 */
export function measureCpuTime(): () => number {
  const before = thread.threadCpuUsage?.();
  const processBefore = process.cpuUsage();
  const started = performance.now();
  return () => {
    const after = thread.threadCpuUsage?.();
    if (before !== undefined && after !== undefined) return millisecondsOf(after) - millisecondsOf(before);
    return Math.min(millisecondsOf(process.cpuUsage(processBefore)), performance.now() - started);
  };
}

function millisecondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}
