// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Work that a page does at a tap, and what it shows when that fails.
 *
 * @module
 */
import { useState } from 'preact/hooks';
import { codeOf } from './problems.ts';

/** See {@link useAttempt}. */
export interface Attempts {
  /** Code of what failed last; undefined once something else is begun. */
  readonly problem: string | undefined;
  /** Does something; a failure becomes the problem. */
  readonly attempt: (work: () => Promise<void>) => Promise<void>;
}

/** The problem of a page, and a way to do what may cause one. */
export function useAttempt(): Attempts {
  const [problem, setProblem] = useState<string>();
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(codeOf(error));
    }
  };
  return { problem, attempt };
}
