// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Every figure by name, with what it measures; `--help` and docs/benchmarks.md print this list.
 *
 * @module
 */

/** Figures in milliseconds, measured in Node and in Chromium alike. */
export const FIGURES = {
  'snarkjs.prove': 'snarkjs groth16.fullProve on our circuit `show`: witness and proof, from files in memory',
  'snarkjs.verify': 'snarkjs groth16.verify of such a proof',
  'bauta.load': 'load: hashes checked, key and witness program made ready, from files in memory; once a session',
  'bauta.full': 'arm with nothing to begin from, then fire: the first proof of a session',
  'bauta.arm': 'arm for a platform that is new, from the record of another; while the consent sheet is read',
  'bauta.armRoot': 'arm for a new root with every node on the path changed, from a record of the old one',
  'bauta.fire': 'fire: the proof for one request, from an armed record; after the tap',
  'bauta.verify': 'one of our proofs, verified alone',
  'bauta.verifyBatch16PerProof': 'a batch of 16 proofs, verified together, by proof',
  'bauta.verifyBatch64PerProof': 'a batch of 64, by proof',
  'bauta.verifyBatch256PerProof': 'a batch of 256, by proof',
  'noble.verify': 'our proof by the same equation in @noble/curves, e(alpha, beta) kept',
  'semaphore20.prove': 'Semaphore 4 generateProof at depth 20, its own code and files',
  'semaphore20.verify': 'Semaphore 4 verifyProof of such a proof',
  'semaphore32.prove': 'the same at depth 32',
  'semaphore32.verify': 'the same at depth 32',
  'bbs.prove': 'BBS deriveProof: 2 of 12 attributes disclosed, BLS12-381-SHA-256',
  'bbs.verify': 'BBS verifyProof of such a proof',
} as const;

/** Name of a figure. */
export type FigureName = keyof typeof FIGURES;

/** All names, in order. */
export const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];

/** What `--quick` measures. */
export const QUICK: readonly FigureName[] = [
  'snarkjs.prove',
  'snarkjs.verify',
  'bauta.load',
  'bauta.full',
  'bauta.arm',
  'bauta.fire',
  'bauta.verify',
  'bauta.verifyBatch64PerProof',
  'semaphore20.prove',
  'semaphore20.verify',
];

/** Parts of a full run beside the figures in Node. */
export const SECTIONS = {
  chromium: 'the figures in headless Chromium, in a module worker',
  throttled: 'the figures in Chromium at a quarter of the speed, on one thread: a stand-in for a cheap phone',
  tap: 'in Chromium, over HTTP on localhost: from the tap on the wallet’s button to the platform’s answer',
  memory: 'peak memory of a process that does one thing, less that of one that does nothing; on Linux',
  bytes: 'what a wallet downloads before its first proof, under Brotli as its host serves it',
  depth: 'growth with the depth of the tree, 5 to 14; keys for each depth are made once, in some minutes',
  attributes: 'growth with the number of attributes, against BBS',
  batch: 'growth with the size of a batch, 1 to 256',
  concurrency: 'proofs verified in a second by 1, 2 and 4 processes',
} as const;

/** Name of a part. */
export type SectionName = keyof typeof SECTIONS;

/** All names, in order. */
export const SECTION_NAMES = Object.keys(SECTIONS) as SectionName[];

/** What one run measures. */
export interface Selection {
  readonly figures: readonly FigureName[];
  readonly sections: readonly SectionName[];
}

/**
 * Finds out what `--quick` and `--only` ask for.
 *
 * @param quick - Whether less is asked for.
 * @param only - Names of figures, of groups of figures (`bauta`) or of parts; empty for everything.
 * @throws RangeError for a name that is none of these.
 */
export function select(quick: boolean, only: readonly string[]): Selection {
  if (only.length === 0) {
    return quick ? { figures: QUICK, sections: ['bytes'] } : { figures: FIGURE_NAMES, sections: SECTION_NAMES };
  }
  const asked = (name: string): boolean => only.some((wanted) => name === wanted || name.startsWith(`${wanted}.`));
  const known = [...FIGURE_NAMES, ...SECTION_NAMES];
  const unknown = only.find((wanted) => !known.some((name) => name === wanted || name.startsWith(`${wanted}.`)));
  if (unknown !== undefined) {
    throw new RangeError(`there is no figure or part named "${unknown}"; there are ${known.join(', ')}`);
  }
  return { figures: FIGURE_NAMES.filter(asked), sections: SECTION_NAMES.filter(asked) };
}
