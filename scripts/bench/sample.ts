// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What is proved while measuring: a login over 18 that shows nationality and assurance. The holder is
 * made up; the nodes of the tree are hashes of their place, so that every sibling is a full-size number
 * as in a tree that is in use. Always the same, in Node and in a page.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { credentialLeaf, deriveNullifier, holderCommitment, NO_EXTENSION } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { childPosition, type TreePath } from '../../src/commitment/tree.ts';
import { packAttributes } from '../../src/protocol/attributes.ts';
import { toDate } from '../../src/protocol/dates.ts';
import { bytesToInteger, type FieldElement, toField } from '../../src/protocol/field.ts';
import { nationalityNumber } from '../../src/protocol/nationality.ts';
import {
  type Ask,
  NATIONALITY_GROUPS,
  packPolicy,
  packRevealed,
  parseAsk,
  policyOf,
} from '../../src/protocol/policy.ts';
import { deriveScope } from '../../src/protocol/scope.ts';
import { type ShowStatement, TREE_ARITY, TREE_DEPTH } from '../../src/protocol/statement.ts';
import type { ShowInputs } from '../../src/proving/inputs.ts';

/** What to prove, and the statement that is proved. */
export interface Sample {
  readonly inputs: ShowInputs;
  readonly statement: ShowStatement;
}

/** What samples differ in. */
export interface SampleOptions {
  /** Number of the platform. Default 0. */
  readonly platform?: number;
  /** Number of the tree: all siblings differ from one to the next. Default 0. */
  readonly tree?: number;
  /** Depth of the tree. Default that of the circuit. */
  readonly depth?: number;
  /** Value of `extension`. Default 0. */
  readonly extension?: FieldElement;
}

const TODAY = toDate(20261122);
const ASK: Ask = parseAsk({ age_over: 18, reveal: ['nationality', 'assurance'] });
const SEED = number('seed');
const BLINDING = number('blinding');
const ATTRIBUTES = packAttributes({
  version: 1,
  document: 2,
  nationality: nationalityNumber('CHN'),
  region: 0,
  assurance: 1,
  phone: 0,
  birth: 20000101,
  expiry: 20300101,
  issued: 20261101,
  secretSince: 20261201,
  generation: 0,
  issuer: 1,
});

/** A number of 248 bits that depends on a text alone. */
function number(text: string): FieldElement {
  return toField(bytesToInteger(sha256(utf8ToBytes(`bauta/bench/${text}`))) >> 8n);
}

function pathIn(
  tree: number,
  depth: number,
  leaf: FieldElement,
  index: number,
): { path: TreePath; root: FieldElement } {
  let node = leaf;
  const path = Array.from({ length: depth }, (_, level) => {
    const children = Array.from({ length: TREE_ARITY }, (__, i) =>
      i === childPosition(index, level) ? node : number(`node/${String(tree)}/${String(level)}/${String(i)}`),
    );
    node = poseidon(children);
    return children;
  });
  return { path, root: node };
}

/** Makes a sample. */
export function sampleOf(options: SampleOptions = {}): Sample {
  const { platform = 0, tree = 0, depth = TREE_DEPTH, extension = NO_EXTENSION } = options;
  const leaf = credentialLeaf(poseidon, holderCommitment(poseidon, SEED, BLINDING), ATTRIBUTES, extension);
  const leafIndex = 1_234_567 % TREE_ARITY ** depth;
  const { path, root } = pathIn(tree, depth, leaf, leafIndex);
  const shared = {
    root,
    scope: deriveScope(`https://platform-${String(platform)}.example`),
    context: toField(0n),
    policy: packPolicy(policyOf(ASK, TODAY, { kind: 'account' })),
    nationalityMask: toField(NATIONALITY_GROUPS.any),
    binding: number('request'),
  };
  return {
    inputs: {
      ...shared,
      seed: SEED,
      blinding: BLINDING,
      attributes: ATTRIBUTES,
      extension,
      leafIndex,
      path,
      index: toField(0n),
    },
    statement: {
      ...shared,
      nullifier: deriveNullifier(poseidon, SEED, shared.scope, shared.context),
      revealed: packRevealed({ nationality: 'CHN', assurance: 1 }, ASK),
    },
  };
}

/** The statement for another request. */
export function forRequest(statement: ShowStatement, request: number): ShowStatement {
  return { ...statement, binding: number(`request/${String(request)}`) };
}
