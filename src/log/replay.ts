// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The replay of a register's log: every event and every checkpoint, held to every rule of
 * docs/protocol.md section 7. Witnesses replay before they cosign, auditors whenever they like.
 *
 * ```text
 * for each checkpoint, in order:
 *   replay = new Replay(state, checkpoint, tools)      compared with the checkpoint before
 *   for each part of the entries from state.frontier.size to checkpoint.size:
 *     store(await replay.take(entries))                the caller stores, the next part reads
 *   state = replay.finish()                            roots and counts compared
 * ```
 *
 * The first fault ends it: {@link faultOf} tells rule and position. What was stored of that checkpoint is
 * then to be rolled back.
 *
 * @module
 */
import type { Poseidon } from '../commitment/poseidon.ts';
import { EMPTY_LEAF } from '../commitment/tree.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import type { Checkpoint } from './checkpoint.ts';
import { decodeEntry, type LogEvent } from './events.ts';
import { fault } from './faults.ts';
import { append, entryHash, equalBytes, frontierRoot } from './merkle.ts';
import { Ledger } from './replay_rules.ts';
import type { LeafRecord, ReplayChanges, ReplayState, ReplayStore } from './replay_state.ts';
import { isSignedBy } from './signatures.ts';
import { type TreeUpdate, updateTree } from './tree.ts';

/** What a replay works with. */
export interface ReplayTools {
  readonly hash: Poseidon;
  /** `emptyRoots(hash)`. */
  readonly empty: readonly FieldElement[];
  /** What the caller stored so far. */
  readonly store: ReplayStore;
  /** Verifies signatures with the verdicts of `isSignedBy`, which is the default, only faster. */
  readonly isSigned?: typeof isSignedBy;
}

/** The replay of the entries that one checkpoint adds. */
export class Replay {
  readonly #checkpoint: Checkpoint;
  readonly #tools: ReplayTools;
  readonly #ledger: Ledger;
  #state: ReplayState;

  /**
   * @param state - After the checkpoint before.
   * @param checkpoint - Opened: its signature holds.
   * @param tools - Hash and store.
   * @throws {@link ProtocolError} `log_fault` if the checkpoint cannot follow the one before.
   */
  constructor(state: ReplayState, checkpoint: Checkpoint, tools: ReplayTools) {
    checkSuccession(state, checkpoint);
    this.#state = state;
    this.#checkpoint = checkpoint;
    this.#tools = tools;
    this.#ledger = new Ledger(state, checkpoint, tools.isSigned ?? isSignedBy);
  }

  /** Size of the log as far as it has been replayed. */
  get size(): number {
    return this.#state.frontier.size;
  }

  /**
   * Replays entries.
   *
   * @param entries - The next ones, in order; untrusted.
   * @returns What the caller stores before it takes more.
   * @throws {@link ProtocolError} `log_fault`, and as the store says.
   */
  async take(entries: readonly Uint8Array[]): Promise<ReplayChanges> {
    const start = this.size;
    if (start + entries.length > this.#checkpoint.size) {
      throw fault('entry_beyond', this.#checkpoint.size, 'there are more entries than the checkpoint counts');
    }
    const { events, malformed } = readEntries(entries, start);
    const named = new Set(events.flatMap(leavesOf));
    const known = await this.#tools.store.readLeaves([...named]);
    const changed = this.#ledger.apply(start, events, known);
    if (malformed !== undefined) {
      throw malformed;
    }
    const tree = await this.#updateTree(known, changed);
    this.#state = {
      ...this.#state,
      frontier: append(this.#state.frontier, entries.map(entryHash)),
      presentationRoot: tree.root,
    };
    return { leaves: changed, tree };
  }

  async #updateTree(known: ReadonlyMap<string, LeafRecord>, changed: readonly LeafRecord[]): Promise<TreeUpdate> {
    // An announcement leaves the tree as it is.
    const moved = changed.filter(
      // A replaced leaf's position has the value of the leaf that took it.
      ({ leaf, revoked, replaced }) => !replaced && known.get(leaf)?.revoked !== revoked,
    );
    if (moved.length === 0) {
      return { root: this.#state.presentationRoot, nodes: [], families: [] };
    }
    const values = moved.map(({ index, leaf, revoked }) => [index, revoked ? EMPTY_LEAF : parseField(leaf)] as const);
    const { hash, empty, store } = this.#tools;
    return updateTree(hash, empty, store, new Map(values));
  }

  /**
   * Compares what was replayed with the checkpoint.
   *
   * @returns The state from which the next checkpoint is replayed.
   * @throws {@link ProtocolError} `log_fault`.
   */
  finish(): ReplayState {
    const { size, rootHash, presentationRoot, epoch, activeFrom } = this.#checkpoint;
    const { frontier } = this.#state;
    if (frontier.size !== size) {
      throw fault('entry_missing', frontier.size, `the checkpoint counts ${String(size)} entries`);
    }
    if (!equalBytes(frontierRoot(frontier), rootHash)) {
      throw fault('log_root', size, 'the entries do not have the root that the checkpoint states');
    }
    const state = { ...this.#state, ...this.#ledger.finish(), last: { epoch, activeFrom } };
    if (state.presentationRoot !== presentationRoot) {
      throw fault('presentation_root', size, 'the leaves do not have the presentation root that the checkpoint states');
    }
    compareCounts('counts', size, { ...state.counts }, { ...this.#checkpoint.counts });
    compareCounts('reasons', size, state.reasons, this.#checkpoint.reasons);
    this.#state = state;
    return state;
  }
}

/** The leaves that an event names. */
function leavesOf(event: LogEvent): readonly string[] {
  return 'leaf' in event ? ['replaced' in event ? [event.replaced] : [], event.leaf].flat() : [];
}

/** One checkpoint an epoch, each later than the one before, of a log that never shrinks. */
function checkSuccession({ frontier, presentationRoot, last }: ReplayState, checkpoint: Checkpoint): void {
  const { epoch, activeFrom, size } = checkpoint;
  const expected = last === undefined ? 0 : last.epoch + 1;
  if (last !== undefined && epoch === last.epoch) {
    throw fault('second_root', size, `epoch ${String(epoch)} had a checkpoint already`);
  }
  if (epoch !== expected) {
    throw fault('epoch', size, `epoch ${String(expected)} comes next, the checkpoint is of ${String(epoch)}`);
  }
  if (last !== undefined && activeFrom <= last.activeFrom) {
    throw fault('active_from', size, `the checkpoint is active no later than the one before`);
  }
  if (size < frontier.size) {
    throw fault('rollback', size, `the log had ${String(frontier.size)} entries before`);
  }
  if (last !== undefined && size === frontier.size && checkpoint.presentationRoot !== presentationRoot) {
    throw fault('presentation_root', size, 'the root changed without an entry');
  }
}

/** The events of entries, up to the first that is none: those before it may break a rule, and come first. */
function readEntries(
  entries: readonly Uint8Array[],
  start: number,
): { readonly events: readonly LogEvent[]; readonly malformed?: ProtocolError } {
  const events: LogEvent[] = [];
  for (const [i, entry] of entries.entries()) {
    const event = readEntry(entry, start + i);
    if (event instanceof ProtocolError) {
      return { events, malformed: event };
    }
    events.push(event);
  }
  return { events };
}

function readEntry(entry: Uint8Array, position: number): LogEvent | ProtocolError {
  try {
    return decodeEntry(entry);
  } catch (cause) {
    return fault('entry_form', position, cause instanceof ProtocolError ? cause.message : 'it is no event', { cause });
  }
}

function compareCounts(
  rule: 'counts' | 'reasons',
  size: number,
  counted: Readonly<Record<string, number>>,
  stated: Readonly<Record<string, number>>,
): void {
  const wrong = Object.keys(counted).find((name) => counted[name] !== stated[name]);
  if (wrong !== undefined) {
    const [found, said] = [String(counted[wrong]), String(stated[wrong])];
    throw fault(rule, size, `the log counts ${wrong}=${found}, the checkpoint states ${said}`);
  }
}
