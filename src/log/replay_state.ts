// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a replay of the log knows between two checkpoints: little enough to be stored as a line of JSON;
 * what it knows of each leaf and of the tree stays in its caller's store. src/log/replay.ts;
 * docs/protocol.md section 7.
 *
 * @module
 */
import { emptyRoots } from '../commitment/tree.ts';
import type { Poseidon } from '../commitment/poseidon.ts';
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { TREE_DEPTH } from '../protocol/statement.ts';
import { type LeafCounts, type ReasonCounts, reasonCounts } from './checkpoint.ts';
import { type RevocationReason, rulesSchema } from './events.ts';
import { EMPTY_FRONTIER, type Frontier } from './merkle.ts';
import { emptyAt, type NodeStore, type TreeUpdate } from './tree.ts';

/** A leaf that the log has named. */
export interface LeafRecord {
  /** Decimal. */
  readonly leaf: string;
  readonly index: number;
  /** Key id of the issuer that signed it. */
  readonly issuer: string;
  readonly revoked: boolean;
  /** Whether another leaf has taken its position. */
  readonly replaced: boolean;
  /** Log position of its latest announcement, reversed or not; `NO_EVENT` if there was none. */
  readonly announcement: number;
  /** Reason of the open announcement, or null if none is open. */
  readonly reason: RevocationReason | null;
  /** When the open announcement may be carried out, Unix seconds; null if none is open. */
  readonly due: number | null;
}

/** Where a replay finds what it has told its caller to store. */
export interface ReplayStore extends NodeStore {
  /**
   * Finds leaves.
   *
   * @param leaves - Decimal, distinct.
   * @returns Those that the log has named.
   */
  readLeaves(leaves: readonly string[]): Promise<ReadonlyMap<string, LeafRecord>>;
}

/** What the caller stores before the replay goes on. */
export interface ReplayChanges {
  /** Leaves that are new or changed, each once. */
  readonly leaves: readonly LeafRecord[];
  /** Changes of the tree. */
  readonly tree: TreeUpdate;
}

/** A key that the log has put in force. */
export interface LogKey {
  readonly role: 'issuer' | 'approver';
  readonly id: string;
  /** Base64url. */
  readonly key: string;
}

/** The latest checkpoint, as far as the next is compared with it. */
export interface LastCheckpoint {
  readonly epoch: number;
  readonly activeFrom: number;
}

/** What a replay knows. */
export interface ReplayState {
  /** Size of the log and the roots of its complete subtrees. */
  readonly frontier: Frontier;
  readonly keys: readonly LogKey[];
  /** Undefined before the first `rules_set`. */
  readonly rules: z.infer<typeof rulesSchema> | undefined;
  readonly counts: LeafCounts;
  readonly reasons: ReasonCounts;
  /** Log position of each issuer's latest `resets_counted`. */
  readonly resets: Readonly<Record<string, number>>;
  readonly presentationRoot: FieldElement;
  /** Undefined before the first. */
  readonly last: LastCheckpoint | undefined;
}

/** What is known of a log before its first entry. */
export function initialState(hash: Poseidon): ReplayState {
  return {
    frontier: EMPTY_FRONTIER,
    keys: [],
    rules: undefined,
    counts: { issued: 0, revoked: 0, active: 0, announced: 0, resets: 0, replaced: 0 },
    reasons: reasonCounts(),
    resets: {},
    presentationRoot: emptyAt(emptyRoots(hash), TREE_DEPTH),
    last: undefined,
  };
}

const count = z.number().int().nonnegative();
const stored = z.strictObject({
  size: count,
  roots: z.array(z.string()),
  keys: z.array(z.strictObject({ role: z.enum(['issuer', 'approver']), id: z.string(), key: z.string() })),
  rules: rulesSchema.optional(),
  counts: z.strictObject({
    ...{ issued: count, revoked: count, active: count },
    ...{ announced: count, resets: count, replaced: count },
  }),
  reasons: z.record(z.string(), count),
  resets: z.record(z.string(), count),
  presentationRoot: z.string(),
  last: z.strictObject({ epoch: count, activeFrom: count }).optional(),
});

/** Writes a state as JSON text. */
export function encodeReplayState({ frontier, presentationRoot, ...rest }: ReplayState): string {
  return JSON.stringify({
    size: frontier.size,
    roots: frontier.roots.map(toBase64Url),
    presentationRoot: String(presentationRoot),
    ...rest,
  });
}

/**
 * Reads a state.
 *
 * @param text - From the caller's own store.
 * @throws {@link ProtocolError} `replay_state_invalid`.
 */
export function decodeReplayState(text: string): ReplayState {
  try {
    const { size, roots, presentationRoot, reasons, rules, last, ...rest } = stored.parse(JSON.parse(text));
    return {
      ...rest,
      rules,
      last,
      frontier: { size, roots: roots.map(fromBase64Url) },
      presentationRoot: parseField(presentationRoot),
      reasons: reasonCounts(reasons),
    };
  } catch (cause) {
    throw new ProtocolError('replay_state_invalid', 'the stored replay can not be read; replay the log again', {
      cause,
    });
  }
}
