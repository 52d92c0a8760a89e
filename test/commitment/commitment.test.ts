// SPDX-License-Identifier: GPL-3.0-or-later
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPoseidon } from 'circomlibjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { credentialLeaf, deriveNullifier, holderCommitment, seedTag } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { childPosition, emptyRoots, pathRoot, TREE_LEAVES } from '../../src/commitment/tree.ts';
import { FIELD_ORDER, parseField, toField } from '../../src/protocol/field.ts';
import type { Scope } from '../../src/protocol/scope.ts';

const wasm = await buildWasmPoseidon();
const field = fc.bigInt({ min: 0n, max: FIELD_ORDER - 1n }).map(toField);
const code = (value: string): unknown => expect.objectContaining({ code: value });

describe('Poseidon', () => {
  it('is that of the vectors, in both implementations', () => {
    const file = join(import.meta.dirname, '..', 'vectors', 'poseidon.json');
    for (const { inputs, hash } of JSON.parse(readFileSync(file, 'utf8')) as { inputs: string[]; hash: string }[]) {
      const values = inputs.map(parseField);
      expect(poseidon(values).toString()).toBe(hash);
      expect(wasm(values).toString()).toBe(hash);
    }
  });

  it('is one function in both implementations', () => {
    for (const arity of [2, 3, 4, 5, 8]) {
      fc.assert(
        fc.property(fc.array(field, { minLength: arity, maxLength: arity }), (inputs) => {
          expect(wasm(inputs)).toBe(poseidon(inputs));
        }),
        { numRuns: 5 },
      );
    }
  });

  it('is that of circomlibjs, at the ends of the field too', async () => {
    const reference = await buildPoseidon();
    const ends = fc.constantFrom(0n, 1n, FIELD_ORDER - 1n, FIELD_ORDER - 2n, 2n ** 253n, 2n ** 29n - 1n).map(toField);
    for (const arity of [2, 3, 4, 5, 8]) {
      const inputs = fc.array(fc.oneof(ends, field), { minLength: arity, maxLength: arity });
      fc.assert(
        fc.property(inputs, (values) => {
          expect(wasm(values)).toBe(reference.F.toObject(reference(values)));
        }),
        { examples: [[Array.from({ length: arity }, () => toField(FIELD_ORDER - 1n))]], numRuns: 40 },
      );
    }
  });

  it('takes no other number of inputs', () => {
    for (const arity of [0, 1, 6, 7, 9]) {
      expect(() => poseidon(Array.from({ length: arity }, () => toField(1n)))).toThrow(code('poseidon_arity'));
    }
  });
});

describe('commitments', () => {
  const [a, b, c] = [toField(1n), toField(2n), toField(3n)];

  it('keep their meanings apart: same inputs, other tag, other hash', () => {
    const hashes = [
      holderCommitment(wasm, a, b),
      seedTag(wasm, a),
      credentialLeaf(wasm, a, b, c),
      deriveNullifier(wasm, a, b as Scope, c, a),
      wasm([a, b]),
      wasm([a, b, c]),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('are the formulas of the protocol', () => {
    expect(holderCommitment(wasm, a, b)).toBe(wasm([toField(102n), a, b]));
    expect(credentialLeaf(wasm, a, b)).toBe(wasm([toField(103n), a, b, toField(0n)]));
    expect(seedTag(wasm, a)).toBe(wasm([toField(107n), a]));
    expect(deriveNullifier(wasm, a, b as Scope, c)).toBe(wasm([toField(101n), a, b, c, toField(0n)]));
  });
});

describe('the tree', () => {
  const empty = emptyRoots(wasm);
  const lone = (leaf: bigint, index: number): bigint[][] => {
    let node = toField(leaf);
    return empty.slice(0, -1).map((sibling, level) => {
      const children = Array.from({ length: 8 }, () => sibling);
      children[childPosition(index, level)] = node;
      node = wasm(children);
      return children;
    });
  };

  it('has twelve empty roots, each the hash of eight below', () => {
    expect(empty).toHaveLength(12);
    expect(empty[0]).toBe(0n);
    expect(empty[1]).toBe(wasm(Array.from({ length: 8 }, () => toField(0n))));
  });

  it('finds the same root at the first, a middle and the last place as a hash by hand', () => {
    for (const index of [0, 8 ** 5 + 3, TREE_LEAVES - 1]) {
      const path = lone(7n, index).map((children) => children.map(toField));
      expect(pathRoot(wasm, toField(7n), index, path)).toBe(wasm(path[10] ?? []));
    }
  });

  it('refuses a path to another leaf or place, and one of another shape', () => {
    const path = lone(7n, 100).map((children) => children.map(toField));
    const refused = [
      () => pathRoot(wasm, toField(8n), 100, path),
      () => pathRoot(wasm, toField(7n), 101, path),
      () => pathRoot(wasm, toField(7n), 100 + 8 ** 10, path),
      () => pathRoot(wasm, toField(7n), 100 + TREE_LEAVES, path),
      () => pathRoot(wasm, toField(7n), -1, path),
      () => pathRoot(wasm, toField(7n), 100.5, path),
      () => pathRoot(wasm, toField(7n), 100, path.slice(0, 10)),
      () => pathRoot(wasm, toField(7n), 100, [...path.slice(0, 10), (path[10] ?? []).slice(0, 7)]),
    ];
    for (const attempt of refused) expect(attempt).toThrow(code('path_invalid'));
  });
});
