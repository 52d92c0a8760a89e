// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The audit of a register: everything that it ever published is downloaded and held to every rule.
 *
 * - the newest checkpoint, those that matter now, and all there were: signed, one an epoch, none twice;
 * - cosignatures of the witnesses that the auditor trusts, on every checkpoint but the newest, for which
 *   the register may still be asking;
 * - every entry and every count, by the replay (src/log/replay.ts), and both roots of every checkpoint;
 * - every hash tile of the newest size, and the blocks of the checkpoints that matter now, byte by byte.
 *
 * The first fault ends it. docs/protocol.md section 7.
 *
 * @module
 */
import type { Poseidon } from '../commitment/poseidon.ts';
import { emptyRoots } from '../commitment/tree.ts';
import { type Checkpoint, openCheckpoint } from '../log/checkpoint.ts';
import { type Cosignature, cosignaturesOf, type WitnessPolicy } from '../log/cosignature.ts';
import { faultOf } from '../log/faults.ts';
import { MemoryStore } from '../log/memory_store.ts';
import { MAX_BLOCK_BYTES } from '../log/block.ts';
import { append, entryHash, equalBytes, frontierRoot } from '../log/merkle.ts';
import { type NoteKey, parseNote } from '../log/note.ts';
import { Replay } from '../log/replay.ts';
import { initialState, type ReplayState } from '../log/replay_state.ts';
import { TileLog } from '../log/tile_log.ts';
import { appendToTiles, tilePath } from '../log/tiles.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import type { FieldElement } from '../protocol/field.ts';
import { blocksOf, makeBlock } from './audit_blocks.ts';
import { type AuditFault, type AuditReport, FaultFound } from './audit_report.ts';
import { AuditReader, type AuditSource } from './audit_source.ts';
import { isSignedByNode } from './signatures_node.ts';

/** What an audit is given. */
export interface AuditDeps extends AuditSource {
  /** The register's key; undefined: as the register names it itself. */
  readonly key: NoteKey | undefined;
  /** Witnesses that the auditor trusts; threshold 0 with none. */
  readonly policy: WitnessPolicy;
  readonly hash: Poseidon;
  /** Told what is being done, some times a second at most. */
  readonly progress: (text: string) => void;
}

/** Entries that are replayed at a time. */
const PART = 4096;

/**
 * Audits a register.
 *
 * @throws {@link ProtocolError} `register_unreachable`, `register_foreign`: nothing can be said of it.
 */
export async function audit(deps: AuditDeps): Promise<AuditReport> {
  const reader = new AuditReader(deps);
  const key = deps.key ?? (await namedKey(reader));
  return new Audit(deps, reader, key).run();
}

async function namedKey(reader: AuditReader): Promise<NoteKey> {
  const { origin, publicKey } = await reader.info();
  try {
    return { name: origin, publicKey: fromBase64Url(publicKey) };
  } catch (cause) {
    throw new ProtocolError('register_foreign', 'the register names a key that is none', { cause });
  }
}

/** A checkpoint as it was downloaded. */
interface Found {
  readonly note: string;
  readonly checkpoint: Checkpoint;
  readonly cosignatures: readonly Cosignature[];
}

class Audit {
  readonly #deps: AuditDeps;
  readonly #reader: AuditReader;
  readonly #key: NoteKey;
  readonly #empty: readonly FieldElement[];
  readonly #store = new MemoryStore();
  #state: ReplayState;
  #checkpoints = 0;

  constructor(deps: AuditDeps, reader: AuditReader, key: NoteKey) {
    this.#deps = deps;
    this.#reader = reader;
    this.#key = key;
    this.#empty = emptyRoots(deps.hash);
    this.#state = initialState(deps.hash);
  }

  async run(): Promise<AuditReport> {
    const note = await this.#reader.newest();
    let newest: Found | undefined;
    let fault: AuditFault | null = null;
    try {
      newest = this.#open(note, 'the newest checkpoint');
      const chain = await this.#chain(newest);
      await this.#replay(chain, await this.#current(chain));
    } catch (error) {
      fault = this.#faultOf(error);
    }
    return this.#report(newest, fault);
  }

  #open(note: string, what: string): Found {
    try {
      const checkpoint = openCheckpoint(note, this.#key);
      return { note, checkpoint, cosignatures: cosignaturesOf(note, this.#deps.policy.keys) };
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const cause = error.cause instanceof ProtocolError ? error.cause.message : error.message;
      throw new FaultFound('checkpoint', what, cause);
    }
  }

  /** All checkpoints from epoch 0 to the newest. */
  async #chain(newest: Found): Promise<readonly Found[]> {
    this.#deps.progress('downloading checkpoints');
    const notes = await this.#reader.history(newest.checkpoint.epoch);
    const chain = notes.map((note, epoch) => this.#open(note, `the checkpoint of epoch ${String(epoch)}`));
    const last = chain.at(-1);
    if (last === undefined || chain.length !== newest.checkpoint.epoch + 1) {
      throw new FaultFound('history', `epoch ${String(chain.length)}`, 'the checkpoint is missing');
    }
    this.#requireSame(newest, last);
    const { threshold } = this.#deps.policy;
    const lacking = chain.slice(0, -1).find(({ cosignatures }) => cosignatures.length < threshold);
    if (lacking !== undefined) {
      const found = `${String(lacking.cosignatures.length)} of ${String(threshold)} cosignatures`;
      throw new FaultFound('cosignatures', `checkpoint of size ${String(lacking.checkpoint.size)}`, found);
    }
    return chain;
  }

  /** Epochs of the checkpoints that wallets are shown now; each must be one of the chain. */
  async #current(chain: readonly Found[]): Promise<ReadonlySet<number>> {
    const shown = (await this.#reader.current()).map((note) => this.#open(note, 'a checkpoint of /v1/checkpoints'));
    for (const found of shown) {
      const same = chain.find(({ checkpoint }) => checkpoint.epoch === found.checkpoint.epoch);
      // One that was cut since the audit began is none of the chain.
      if (same !== undefined) this.#requireSame(found, same);
    }
    return new Set(shown.map(({ checkpoint }) => checkpoint.epoch));
  }

  #requireSame(one: Found, other: Found): void {
    if (parseNote(one.note).text !== parseNote(other.note).text) {
      const at = `epoch ${String(one.checkpoint.epoch)}`;
      throw new FaultFound('second_root', at, 'the register shows two checkpoints of one epoch');
    }
  }

  async #replay(chain: readonly Found[], current: ReadonlySet<number>): Promise<void> {
    const size = chain.at(-1)?.checkpoint.size ?? 0;
    const hashes: Uint8Array[] = [];
    const next = this.#entries(size);
    for (const { checkpoint } of chain) {
      const tools = { hash: this.#deps.hash, empty: this.#empty, store: this.#store, isSigned: isSignedByNode };
      const replay = new Replay(this.#state, checkpoint, tools);
      const added = await next(checkpoint.size - replay.size);
      const fresh = added.map(entryHash);
      await this.#compareRoot(checkpoint, fresh);
      for (const hash of fresh) hashes.push(hash);
      for (let start = 0; start < added.length; start += PART) {
        this.#store.write(await replay.take(added.slice(start, start + PART)));
        this.#deps.progress(`replayed ${String(replay.size)} of ${String(size)} entries`);
      }
      this.#state = replay.finish();
      this.#checkpoints += 1;
      if (current.has(checkpoint.epoch)) await this.#blocks(checkpoint);
    }
    await this.#tiles(hashes);
  }

  /** Entries one after another, as many at a time as are asked for. */
  #entries(size: number): (count: number) => Promise<readonly Uint8Array[]> {
    const bundles = new TileLog((path) => this.#reader.file(path), size).entries();
    let waiting: Uint8Array[] = [];
    return async (count) => {
      while (waiting.length < count) {
        const bundle = await bundles.next();
        if (bundle.done === true) break;
        waiting.push(...bundle.value.entries);
      }
      const part = waiting.slice(0, count);
      waiting = waiting.slice(count);
      return part;
    };
  }

  /** Entries that are not those of the checkpoint were damaged on the way: no rule is to be held against them. */
  async #compareRoot({ size, rootHash }: Checkpoint, hashes: readonly Uint8Array[]): Promise<void> {
    const { frontier } = this.#state;
    if (equalBytes(frontierRoot(append(frontier, hashes)), rootHash)) return;
    const log = new TileLog((path) => this.#reader.file(path), size);
    const wrong = await log.firstDifference(frontier.size, hashes).catch(() => undefined);
    throw new FaultFound(
      'log_root',
      `checkpoint of size ${String(size)}`,
      wrong === undefined
        ? 'the entries do not have the root that the checkpoint states'
        : `entry ${String(wrong)} is not the one whose hash stands in its tile`,
    );
  }

  async #blocks(checkpoint: Checkpoint): Promise<void> {
    for (const { path, number } of blocksOf(checkpoint)) {
      this.#deps.progress(`comparing ${path}`);
      const bytes = await this.#reader.file(path, MAX_BLOCK_BYTES);
      // Registers keep the blocks of the latest checkpoints only, and an epoch may have turned since.
      if (bytes === undefined && !(await this.#isCurrent(checkpoint))) return;
      if (bytes === undefined) throw new FaultFound('block', path, 'it is missing');
      if (!equalBytes(bytes, await makeBlock(this.#store, this.#empty, checkpoint.size, number))) {
        throw new FaultFound('block', path, 'it is not the block of the replayed tree');
      }
    }
  }

  async #isCurrent({ epoch }: Checkpoint): Promise<boolean> {
    const notes = await this.#reader.current();
    return notes.some((note) => this.#open(note, 'a checkpoint of /v1/checkpoints').checkpoint.epoch === epoch);
  }

  async #tiles(hashes: readonly Uint8Array[]): Promise<void> {
    for (const { level, index, bytes } of appendToTiles(0, new Map(), hashes)) {
      const path = tilePath({ level, index, width: bytes.length / 32 });
      this.#deps.progress(`comparing ${path}`);
      const found = await this.#reader.file(path);
      if (found === undefined || !equalBytes(found, bytes)) {
        throw new FaultFound(
          'tile',
          path,
          found === undefined ? 'it is missing' : 'its hashes are not those of the entries',
        );
      }
    }
  }

  #faultOf(error: unknown): AuditFault {
    const found = faultOf(error);
    if (found !== undefined) {
      const place = found.of === 'entry' ? 'entry' : 'checkpoint of size';
      return { rule: found.rule, at: `${place} ${String(found.position)}`, detail: found.detail };
    }
    if (error instanceof FaultFound) return error.fault;
    if (error instanceof ProtocolError && (error.code === 'tile_unknown' || error.code === 'tile_invalid')) {
      const next = String(this.#state.frontier.size);
      return { rule: 'tile', at: `entries from ${next} on`, detail: error.message };
    }
    throw error;
  }

  #report(newest: Found | undefined, fault: AuditFault | null): AuditReport {
    const { url, key, policy } = this.#deps;
    const stated = newest?.checkpoint;
    return {
      url,
      origin: this.#key.name,
      key: key === undefined ? 'named by the register' : 'given',
      holds: fault === null,
      fault,
      epoch: stated?.epoch ?? -1,
      size: stated?.size ?? 0,
      counts: stated?.counts ?? this.#state.counts,
      reasons: stated?.reasons ?? this.#state.reasons,
      checkpoints: this.#checkpoints,
      entries: this.#state.frontier.size,
      witnesses: {
        trusted: policy.keys.length,
        threshold: policy.threshold,
        newest: (newest?.cosignatures ?? []).map(({ witness, time }) => ({ name: witness.name, time })),
      },
      downloaded: { ...this.#reader.downloaded },
    };
  }
}
