// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Peak memory of a process, as Linux tells it. `getrusage` would count what a process had from its parent.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';

/** Whether {@link peakOf} can tell. */
export const CAN_TELL_PEAK = process.platform === 'linux';

/**
 * Peak memory of a process in MB.
 *
 * @param id - Number of the process, or `self`.
 */
export async function peakOf(id: number | 'self'): Promise<number> {
  const status = await readFile(`/proc/${String(id)}/status`, 'utf8');
  return (Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1]) * 1024) / 1e6;
}
