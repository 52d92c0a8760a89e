// SPDX-License-Identifier: GPL-3.0-or-later
/** A made-up holder in a tree of one leaf, and the committed artifacts, for tests of prover and wallet. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { credentialLeaf, deriveNullifier, holderCommitment, NO_EXTENSION } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { childPosition, emptyRoots, type TreePath } from '../../src/commitment/tree.ts';
import { type Attributes, packAttributes } from '../../src/protocol/attributes.ts';
import { toDate } from '../../src/protocol/dates.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { nationalityNumber } from '../../src/protocol/nationality.ts';
import { NATIONALITY_GROUPS, packPolicy, packRevealed, parseAsk, policyOf } from '../../src/protocol/policy.ts';
import { deriveScope, NO_SCOPE } from '../../src/protocol/scope.ts';
import type { ShowStatement } from '../../src/protocol/statement.ts';
import { type Artifacts, readArtifacts } from '../../src/proving/artifacts.ts';
import type { ShowInputs } from '../../src/proving/inputs.ts';

const ARTIFACTS = join(import.meta.dirname, '..', '..', 'circuits', 'artifacts');

export const readArtifact = async (file: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(join(ARTIFACTS, file)));

export const committedArtifacts = (): Promise<Artifacts> => readArtifacts(readArtifact);

/** 22 November 2026, 15:30 in Shanghai. */
export const NOW = Date.UTC(2026, 10, 22, 7, 30);
export const TODAY = toDate(20261122);

export const ATTRIBUTES: Attributes = {
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
};

/** The path of a leaf that stands alone in the tree, with its root. */
export function lonePath(leaf: FieldElement, index: number): { path: TreePath; root: FieldElement } {
  const empty = emptyRoots(poseidon);
  let node = leaf;
  const path = empty.slice(0, -1).map((sibling, level) => {
    const children = Array.from({ length: 8 }, (_, i) => (i === childPosition(index, level) ? node : sibling));
    node = poseidon(children);
    return children;
  });
  return { path, root: node };
}

export interface ShowSample {
  readonly inputs: ShowInputs;
  readonly statement: ShowStatement;
}

/** Inputs and statement of a login at `https://a.example`: over 18, nationality and assurance shown, unless told otherwise. */
export function showSample(
  attributes: Attributes = ATTRIBUTES,
  asked: unknown = { age_over: 18, reveal: ['nationality', 'assurance'] },
): ShowSample {
  const [seed, blinding] = [toField(12345n), toField(678n)];
  const packed = packAttributes(attributes);
  const leafIndex = 1_234_567;
  const { path, root } = lonePath(
    credentialLeaf(poseidon, holderCommitment(poseidon, seed, blinding), packed),
    leafIndex,
  );
  const ask = parseAsk(asked);
  const shared = {
    root,
    scope: ask.pseudonym ? deriveScope('https://a.example') : NO_SCOPE,
    context: toField(0n),
    policy: packPolicy(policyOf(ask, TODAY, { kind: 'account' })),
    nationalityMask: toField(NATIONALITY_GROUPS.any),
    binding: toField(999n),
  };
  return {
    inputs: {
      ...shared,
      seed,
      blinding,
      attributes: packed,
      extension: NO_EXTENSION,
      leafIndex,
      path,
      index: toField(0n),
    },
    statement: {
      ...shared,
      nullifier: ask.pseudonym ? deriveNullifier(poseidon, seed, shared.scope, shared.context) : toField(0n),
      revealed: packRevealed(ask.reveal.length > 0 ? { nationality: 'CHN', assurance: attributes.assurance } : {}, ask),
    },
  };
}
