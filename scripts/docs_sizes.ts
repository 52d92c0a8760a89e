// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run docs:sizes`: writes the sizes of blocks and deltas into docs/protocol.md section 7, as measured
 * on blocks whose nodes are random field elements: hashes are no different to a compressor.
 *
 * @module
 */
import { createCipheriv } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { format, resolveConfig } from 'prettier';
import { BLOCK_LEAVES, BLOCK_LEVELS, encodeBlock, UPPER_LEVELS } from '../src/log/block.ts';
import { encodeDelta } from '../src/log/delta.ts';
import { bytesToInteger, type FieldElement, FIELD_ORDER, toField } from '../src/protocol/field.ts';
import { TREE_ARITY } from '../src/protocol/statement.ts';
import { ROOT } from './circuits/compile.ts';

const FILE = join(ROOT, 'docs', 'protocol.md');
const PLACE = /(<!-- sizes:begin[^\n]*-->\n)[\s\S]*(<!-- sizes:end -->)/;
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

/** Field elements that look like hashes, the same in every run. */
function* randomFields(): Generator<FieldElement, never> {
  const stream = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16));
  for (;;) {
    const bytes = stream.update(Buffer.alloc(32));
    bytes[0] = (bytes[0] ?? 0) & 0x3f;
    const value = bytesToInteger(bytes);
    if (value < FIELD_ORDER) yield toField(value);
  }
}

const fields = randomFields();
const next = (): FieldElement => fields.next().value;
const nextMany = (count: number): FieldElement[] => Array.from({ length: count }, next);
const range = (count: number, first = 0): number[] => Array.from({ length: count }, (_, i) => first + i);

/** Places without a pattern, the same in every run: multiples of an odd number, modulo the block. */
const scattered = (count: number): number[] => range(count).map((i) => (i * 100_003 + 7) % BLOCK_LEAVES);

/** Nodes of each level above some leaves, with values of their own. */
function levelsAbove(leaves: readonly number[]): ReadonlyMap<number, FieldElement>[] {
  return range(BLOCK_LEVELS).map((level) => {
    const positions = [...new Set(leaves.map((leaf) => Math.floor(leaf / TREE_ARITY ** level)))];
    return new Map(positions.sort((a, b) => a - b).map((position) => [position, next()]));
  });
}

function blockOf(leaves: readonly number[]): Uint8Array {
  const upper = range(UPPER_LEVELS).map(() => nextMany(TREE_ARITY));
  return encodeBlock({ size: 1, number: 0, empty: nextMany(BLOCK_LEVELS), upper, levels: levelsAbove(leaves) });
}

/** An epoch that changes some leaves of a block, and every other subtree on the way to the root. */
function deltaOf(leaves: readonly number[]): Uint8Array {
  const upper = new Map(range(UPPER_LEVELS * TREE_ARITY).map((place) => [place, next()]));
  return encodeDelta({ epoch: 1, before: 1, after: 2, number: 0, upper, levels: levelsAbove(leaves) });
}

/** Three digits, which no version of a compressor changes. */
function amount(bytes: number): string {
  const [unit, size] = bytes < 1e6 ? (['kB', 1e3] as const) : (['MB', 1e6] as const);
  return `${String(Number((bytes / size).toPrecision(3)))} ${unit}`;
}

/** The table, some seconds of CPU. */
export function sizesTable(): string {
  const all = range(BLOCK_LEAVES);
  const rows: readonly (readonly [string, Uint8Array])[] = [
    ['block without leaves', blockOf([])],
    ['block of 1,000 leaves', blockOf(range(1000))],
    ['block half full', blockOf(range(BLOCK_LEAVES / 2))],
    ['full block of 2^18, of which one in 20 was revoked', blockOf(all.filter((leaf) => leaf % 20 !== 0))],
    ['full block of 2^18', blockOf(all)],
    ['delta of an epoch that changed other blocks only', deltaOf([])],
    ...[1, 10, 100, 1000].map(
      (count) => [`delta of scattered changes: ${count.toLocaleString('en')}`, deltaOf(scattered(count))] as const,
    ),
    ...[1000, 10_000].map(
      (count) => [`delta of new neighbours: ${count.toLocaleString('en')}`, deltaOf(range(count))] as const,
    ),
  ];
  const lines = rows.map(([name, bytes]) => [
    name,
    amount(bytes.length),
    amount(gzipSync(bytes).length),
    amount(brotliCompressSync(bytes, BROTLI).length),
  ]);
  return [['', 'bytes', 'gzip', 'brotli'], ['---', '--:', '--:', '--:'], ...lines]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** The document with its table replaced. */
export async function withSizes(document: string, table: string): Promise<string> {
  if (!PLACE.test(document)) throw new Error('docs/protocol.md has no place for the sizes');
  const written = document.replace(PLACE, (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`);
  return format(written, { ...(await resolveConfig(FILE)), parser: 'markdown' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(FILE, await withSizes(await readFile(FILE, 'utf8'), sizesTable()));
}
