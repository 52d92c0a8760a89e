// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Files of proofs with the verdict that is wanted, in the form in which transparency-dev/merkle publishes
 * its test data:
 *
 * ```json
 * [{ "leafIdx": 1, "treeSize": 8, "root": …, "leafHash": …, "proof": […], "wantErr": false },
 *  { "size1": 6, "size2": 8, "root1": …, "root2": …, "proof": null, "wantErr": true }]
 * ```
 *
 * Hashes are base64; integers may be as large as 2^64 - 1, which no JSON parser keeps, so that they are
 * read from the text. Whatever is well formed JSON gets a verdict: a hash or an integer that is none makes
 * a proof that does not hold.
 *
 * @module
 */
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64 } from './note.ts';
import { verifyConsistency, verifyInclusion } from './proofs.ts';

/** What came of a file. */
export interface ProofVerdicts {
  /** Proofs in the file. */
  readonly tried: number;
  /** Those whose verdict is the wanted one. */
  readonly agreed: number;
  /** The others: name or place in the file. */
  readonly differing: readonly string[];
}

const proof = z.array(z.unknown()).nullish();
const common = { name: z.string().optional(), desc: z.string().optional(), proof, wantErr: z.boolean() };
const inclusion = z.object({
  ...common,
  leafIdx: z.unknown(),
  treeSize: z.unknown(),
  root: z.unknown(),
  leafHash: z.unknown(),
});
const consistency = z.object({
  ...common,
  size1: z.unknown(),
  size2: z.unknown(),
  root1: z.unknown(),
  root2: z.unknown(),
});
type Vector = z.output<typeof inclusion> | z.output<typeof consistency>;

/**
 * Verifies a file of proofs.
 *
 * @param text - JSON: an array of vectors, of both kinds or one, or a single vector.
 * @throws {@link ProtocolError} `vectors_invalid` if it is no such file, or holds none.
 */
export function verifyVectors(text: string): ProofVerdicts {
  const vectors = parseVectors(text);
  const differing = vectors.flatMap((vector, i) =>
    holds(vector) === !vector.wantErr ? [] : [vector.name ?? `${String(i)} ${vector.desc ?? ''}`.trim()],
  );
  return { tried: vectors.length, agreed: vectors.length - differing.length, differing };
}

function parseVectors(text: string): readonly Vector[] {
  let value: unknown;
  try {
    value = JSON.parse(quoteIntegers(text));
  } catch (cause) {
    throw new ProtocolError('vectors_invalid', 'the file of proofs is not JSON', { cause });
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const vectors = list.map((item, i) => {
    const form = hasKeys(item, ['leafIdx', 'treeSize']) ? inclusion : consistency;
    const parsed = form.safeParse(hasKeys(item, ['size1', 'size2']) || form === inclusion ? item : undefined);
    if (!parsed.success) {
      throw new ProtocolError(
        'vectors_invalid',
        `item ${String(i)} of the file is neither a proof of inclusion nor one of consistency`,
        { cause: parsed.error },
      );
    }
    return parsed.data;
  });
  if (vectors.length === 0) {
    throw new ProtocolError('vectors_invalid', 'the file holds no proofs');
  }
  return vectors;
}

function hasKeys(value: unknown, keys: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => Object.hasOwn(value, key));
}

/** Writes each number outside of strings as a string of its digits. */
function quoteIntegers(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => (token.startsWith('"') ? token : `"${token}"`));
}

function holds(vector: Vector): boolean {
  const path = (vector.proof ?? []).map(toHash);
  if ('leafIdx' in vector) {
    return decided(
      [toIndex(vector.leafIdx), toIndex(vector.treeSize)],
      [vector.leafHash, vector.root],
      path,
      verifyInclusionOf,
    );
  }
  return decided([toIndex(vector.size1), toIndex(vector.size2)], [vector.root1, vector.root2], path, verifyConsistency);
}

type Verify = (a: bigint, b: bigint, first: Uint8Array, second: Uint8Array, path: readonly Uint8Array[]) => boolean;

const verifyInclusionOf: Verify = (position, size, hash, root, path) =>
  verifyInclusion(position, size, hash, path, root);

/** False if anything is not what it should be. */
function decided(
  [a, b]: readonly [bigint | undefined, bigint | undefined],
  [first, second]: readonly [unknown, unknown],
  path: readonly (Uint8Array | undefined)[],
  verify: Verify,
): boolean {
  const [one, two] = [toHash(first), toHash(second)];
  const whole = path.filter((hash) => hash !== undefined);
  return (
    a !== undefined &&
    b !== undefined &&
    one !== undefined &&
    two !== undefined &&
    whole.length === path.length &&
    verify(a, b, one, two, whole)
  );
}

function toIndex(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

function toHash(value: unknown): Uint8Array | undefined {
  try {
    return typeof value === 'string' ? fromBase64(value) : undefined;
  } catch {
    return undefined;
  }
}
