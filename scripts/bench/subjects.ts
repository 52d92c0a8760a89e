// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * All subjects by the names of their figures.
 *
 * @module
 */
import type { FigureName } from './figures.ts';
import type { Lab } from './lab.ts';
import type { Subject } from './runner.ts';
import { bautaSubjects } from './subjects_bauta.ts';
import { bbsSubjects } from './subjects_bbs.ts';
import { nobleSubjects } from './subjects_noble.ts';
import { semaphoreSubjects } from './subjects_semaphore.ts';
import { snarkjsSubjects } from './subjects_snarkjs.ts';

/** The subjects of some figures. */
export function subjectsOf(lab: Lab, names: readonly FigureName[]): Subject[] {
  const all = [
    ...snarkjsSubjects(lab),
    ...bautaSubjects(lab),
    ...nobleSubjects(lab),
    ...semaphoreSubjects(lab),
    ...bbsSubjects(lab),
  ];
  const wanted: ReadonlySet<string> = new Set(names);
  return all.filter(({ name }) => wanted.has(name));
}

/** Whether some figures are of peers, which have to be there then. */
export function needPeers(names: readonly FigureName[]): boolean {
  return names.some((name) => /^(semaphore|bbs)/.test(name));
}
