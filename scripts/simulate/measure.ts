// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Unit costs of the register's tree, measured on a real one: loaded in bulk, updated in a batch, and
 * updated leaf by leaf, in SQL, by the register's own code.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { EMPTY_LEAF, emptyRoots } from '../../src/commitment/tree.ts';
import { encodeEvent } from '../../src/log/events.ts';
import { isSignedBy, keyIdOf, leafMessage, sign } from '../../src/log/signatures.ts';
import { updateTree } from '../../src/log/tree.ts';
import { type FieldElement, hashToField } from '../../src/protocol/field.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { startHashing } from '../../src/register/hashing.ts';
import { type Database, openDatabase } from '../../src/storage/open.ts';
import { createTreeTable, nodesAt, treeOf, type TreeTables, writeFamilies } from '../../src/storage/tree.ts';
import { type LeafChange, type TreeHash, updateStored } from '../../src/storage/tree_update.ts';
import { ed25519 } from '@noble/curves/ed25519.js';

/** Unit costs. */
export interface Measured {
  /** Leaves of the tree, and of the batch. */
  readonly leaves: number;
  readonly batch: number;
  readonly threads: number;
  readonly database: 'sqlite' | 'postgres';
  readonly leavesPerSecond: number;
  readonly updatesPerSecond: number;
  readonly perLeafUpdatesPerSecond: number;
  /** Largest resident memory while the tree was loaded. */
  readonly loadBytes: number;
  readonly seconds: {
    /** CPU time of a hash of eight values, on one core. */
    readonly perHash: number;
    /** CPU time of a dirty node: read, hashed and stored. */
    readonly perNode: number;
    /** CPU time of verifying what a leaf's issuer signed. */
    readonly perSignature: number;
  };
  readonly bytes: {
    /** Of a family of nodes in the database, with its index. */
    readonly perFamily: number;
    readonly perEntry: number;
    readonly checkpoint: number;
  };
}

/** What to measure with. */
export interface Measurement {
  readonly leaves: number;
  readonly batch: number;
  /** Leaves that are updated one by one. */
  readonly samples: number;
  readonly threads: number;
  /** A database for this alone; SQLite in a temporary folder unless given. */
  readonly database: string | undefined;
  readonly say: (line: string) => void;
}

const PAGE = 8192;
/** A cosigned checkpoint: text, the register's signature, three witnesses'. */
const CHECKPOINT_BYTES = 1024;

/**
 * Measures.
 *
 * @throws ProtocolError, Error if the database fails, or if the batch and the updates leaf by leaf
 * disagree about the root.
 */
export async function measure(options: Measurement): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'bauta-simulate-'));
  const file = join(folder, 'tree.sqlite');
  const database = await openDatabase<TreeTables>(options.database ?? `file:${file}`);
  try {
    await database.kysely.schema.dropTable('families').ifExists().execute();
    await createTreeTable(database.kysely);
    return await measureOn(database, options);
  } finally {
    await database.kysely.schema.dropTable('families').ifExists().execute();
    await database.close();
    await rm(folder, { recursive: true });
  }
}

async function measureOn(database: Database<TreeTables>, options: Measurement): Promise<Measured> {
  const { leaves, batch, samples, threads, say } = options;
  const poseidon = await buildWasmPoseidon();
  const empty = emptyRoots(poseidon);
  const hashing = startHashing(threads);
  let nodes = 0;
  const hash: TreeHash = {
    poseidon,
    empty,
    hashAll: (families) => {
      nodes += families.length;
      return hashing.hashAll(families);
    },
  };
  try {
    const warm = await hashing.hashAll(Array.from({ length: 256 * threads }, () => family(empty)));
    say(`${String(threads)} threads hash (${String(warm.length)} hashes to warm up)`);
    const memory = watchMemory();
    const load = await timed(() => store(database, hash, 1, pagesOf(leaves, say)));
    const loadBytes = memory();
    const families = nodes;
    const perFamily = (await sizeOf(database)) / families;
    say(`loaded ${String(leaves)} leaves in ${load.seconds.toFixed(1)} s`);

    nodes = 0;
    const indices = spread(batch, leaves);
    const update = await timed(() => store(database, hash, 2, [indices.map((at) => [at, EMPTY_LEAF] as const)]));
    const updated = nodes;
    say(`updated ${String(batch)} leaves in a batch in ${update.seconds.toFixed(1)} s, ${String(updated)} hashes`);

    const some = spread(samples, leaves);
    const single = await timed(() => oneByOne(database, hash, 3, some));
    say(`updated ${String(samples)} leaves one by one in ${single.seconds.toFixed(1)} s`);
    const again = await store(database, hash, 4, [some.map((at) => [at, leafOf(-at)] as const)]);
    if (again !== single.result) {
      throw new Error('the batch and the updates leaf by leaf lead to different roots');
    }
    return {
      leaves,
      batch,
      threads,
      database: database.dialect,
      leavesPerSecond: leaves / load.seconds,
      updatesPerSecond: batch / update.seconds,
      perLeafUpdatesPerSecond: samples / single.seconds,
      loadBytes,
      seconds: {
        perHash: cpuPerCall(2000, () => poseidon(family(empty).children)),
        perNode: update.cpuSeconds / updated,
        perSignature: signatureSeconds(),
      },
      bytes: { perFamily, perEntry: entryBytes(), checkpoint: CHECKPOINT_BYTES },
    };
  } finally {
    await hashing.close();
  }
}

function store(
  database: Database<TreeTables>,
  hash: TreeHash,
  size: number,
  changes: Parameters<typeof updateStored>[3],
): Promise<FieldElement> {
  return database.transaction((tx) => updateStored(hash, treeOf(tx), size, changes));
}

/** The straightforward way: every leaf by itself, its eleven hashes, all in one transaction. */
function oneByOne(
  database: Database<TreeTables>,
  { poseidon, empty }: TreeHash,
  size: number,
  indices: readonly number[],
): Promise<FieldElement | undefined> {
  return database.transaction(async (tx) => {
    const tree = treeOf(tx);
    let last: FieldElement | undefined;
    for (const index of indices) {
      const changes = new Map([[index, leafOf(-index)]]);
      const { root, families } = await updateTree(poseidon, empty, nodesAt(tree, size), changes);
      await writeFamilies(tree, size, families);
      last = root;
    }
    return last;
  });
}

function leafOf(name: number): FieldElement {
  return hashToField('simulated leaf', new TextEncoder().encode(String(name)));
}

const family = (empty: readonly FieldElement[]) => ({
  level: 0,
  parent: 0,
  children: Array.from({ length: 8 }, (_, i) => empty[i + 1] ?? EMPTY_LEAF),
});

function* pagesOf(leaves: number, say: (line: string) => void): Iterable<readonly LeafChange[]> {
  for (let start = 0; start < leaves; start += PAGE) {
    if (start > 0 && start % (32 * PAGE) === 0) say(`${String(start)} of ${String(leaves)} leaves`);
    yield Array.from({ length: Math.min(PAGE, leaves - start) }, (_, i) => [start + i, leafOf(start + i)] as const);
  }
}

/** Distinct indices that look random and are the same in every run, ascending. */
export function spread(count: number, below: number): readonly number[] {
  const indices = new Set<number>();
  for (let i = 0; indices.size < Math.min(count, below); i++) {
    indices.add(Number(leafOf(i) % BigInt(below)));
  }
  return [...indices].sort((a, b) => a - b);
}

interface Timed<Result> {
  readonly result: Result;
  readonly seconds: number;
  /** Of all threads. */
  readonly cpuSeconds: number;
}

async function timed<Result>(work: () => Promise<Result>): Promise<Timed<Result>> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { result, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 };
}

function cpuPerCall(calls: number, work: () => unknown): number {
  const cpu = process.cpuUsage();
  for (let i = 0; i < calls; i++) work();
  return process.cpuUsage(cpu).user / 1e6 / calls;
}

function signatureSeconds(): number {
  const secret = new Uint8Array(32).fill(1);
  const key = ed25519.getPublicKey(secret);
  const message = leafMessage(leafOf(1));
  const signature = sign(message, secret);
  return cpuPerCall(200, () => isSignedBy(message, signature, key));
}

/** Bytes of an entry of the log: that of a leaf, of which half of all entries are; no other is longer on average. */
function entryBytes(): number {
  const issuer = keyIdOf(new Uint8Array(32));
  const signature = toBase64Url(new Uint8Array(64));
  const leaf = leafOf(1).toString();
  return encodeEvent({ kind: 'leaf_added', leaf, index: 1_400_000_000, issuer, signature }).length + 2;
}

async function sizeOf({ kysely, dialect }: Database<TreeTables>): Promise<number> {
  if (dialect === 'postgres') {
    const { rows } = await sql<{ size: number }>`select pg_total_relation_size('families') as size`.execute(kysely);
    return rows[0]?.size ?? 0;
  }
  const { rows } = await sql<{ size: number }>`
    select page_count * page_size as size from pragma_page_count(), pragma_page_size()`.execute(kysely);
  return rows[0]?.size ?? 0;
}

function watchMemory(): () => number {
  let most = process.memoryUsage.rss();
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 200);
  return () => {
    clearInterval(timer);
    return most;
  };
}
