// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Inputs of the two circuits, public and private, by the names of `circuits/lib`.
 *
 * @module
 */
import type { TreePath } from '../commitment/tree.ts';
import type { FieldElement } from '../protocol/field.ts';
import type { Scope } from '../protocol/scope.ts';

/** Inputs of `show`. */
export interface ShowInputs {
  readonly root: FieldElement;
  readonly scope: Scope;
  readonly context: FieldElement;
  readonly policy: FieldElement;
  readonly nationalityMask: FieldElement;
  /** The request; the one input that may change between arm and fire. */
  readonly binding: FieldElement;
  readonly seed: FieldElement;
  readonly blinding: FieldElement;
  readonly attributes: FieldElement;
  readonly extension: FieldElement;
  /** Position of the leaf, `0 <= leafIndex < 2^33`. */
  readonly leafIndex: number;
  /** Eight children at each of eleven levels, from the leaf up. */
  readonly path: TreePath;
  /** Which of `limit` pseudonyms: `0 <= index < limit`, or 0. */
  readonly index: FieldElement;
}

/** Inputs of `issue`. */
export interface IssueInputs {
  /** The enrolment session; the one input that may change between arm and fire. */
  readonly session: FieldElement;
  readonly seed: FieldElement;
  readonly blinding: FieldElement;
}
