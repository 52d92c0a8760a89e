// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The rules for events: what a replay accepts one after another between two checkpoints. It decides on
 * what the log says alone. docs/protocol.md section 7.
 *
 * @module
 */
import { parseField } from '../protocol/field.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Approval, LogEvent, RevocationReason } from './events.ts';
import { fault } from './faults.ts';
import type { LeafRecord, LogKey, ReplayState } from './replay_state.ts';
import {
  type isSignedBy,
  keyIdOf,
  leafMessage,
  NO_EVENT,
  replacementMessage,
  requestMessage,
  resetsMessage,
  reversalMessage,
  revocationMessage,
  urgentMessage,
} from './signatures.ts';

type EventOf<Kind extends LogEvent['kind']> = Extract<LogEvent, { readonly kind: Kind }>;
type Named = Extract<LogEvent, { readonly leaf: string }>;

/** What the events since the last checkpoint did. */
export class Ledger {
  readonly #checkpoint: Checkpoint;
  readonly #isSigned: typeof isSignedBy;
  readonly #keys: Map<string, LogKey>;
  readonly #resets: Map<string, number>;
  /** Positions below this were taken at the last checkpoint. */
  readonly #issuedBefore: number;
  /** Positions taken since. */
  readonly #taken = new Set<number>();
  #rules: ReplayState['rules'];
  #counts: ReplayState['counts'];
  #reasons: ReplayState['reasons'];

  constructor(state: ReplayState, checkpoint: Checkpoint, isSigned: typeof isSignedBy) {
    this.#checkpoint = checkpoint;
    this.#isSigned = isSigned;
    this.#keys = new Map(state.keys.map((key) => [keyName(key.role, key.id), key]));
    this.#resets = new Map(Object.entries(state.resets));
    this.#issuedBefore = state.counts.issued;
    this.#rules = state.rules;
    this.#counts = state.counts;
    this.#reasons = state.reasons;
  }

  /**
   * Applies events.
   *
   * @param start - Position of the first.
   * @param events - In order.
   * @param known - Records of the leaves that they name, as far as the log named them before.
   * @returns Records that changed, each once, in its last state.
   * @throws {@link ProtocolError} `log_fault`.
   */
  apply(start: number, events: readonly LogEvent[], known: ReadonlyMap<string, LeafRecord>): readonly LeafRecord[] {
    const leaves = new Map(known);
    const changed = new Map<string, LeafRecord>();
    for (const [i, event] of events.entries()) {
      for (const record of this.#step(start + i, event, leaves)) {
        leaves.set(record.leaf, record);
        changed.set(record.leaf, record);
      }
    }
    return [...changed.values()];
  }

  /** What the events amount to. */
  finish(): Pick<ReplayState, 'keys' | 'rules' | 'counts' | 'reasons' | 'resets'> {
    return {
      keys: [...this.#keys.values()],
      rules: this.#rules,
      counts: this.#counts,
      reasons: this.#reasons,
      resets: Object.fromEntries(this.#resets),
    };
  }

  /** Returns the records of the leaves that the event changed. */
  #step(at: number, event: LogEvent, leaves: ReadonlyMap<string, LeafRecord>): readonly LeafRecord[] {
    if ((event.kind === 'log_created') !== (at === 0)) {
      throw fault('first_entry', at, 'a log begins with log_created and holds no other');
    }
    switch (event.kind) {
      case 'log_created':
        if (event.origin !== this.#checkpoint.origin) {
          throw fault('first_entry', at, 'it names another origin than the checkpoint');
        }
        return [];
      case 'rules_set':
        this.#rules = { approvals: event.approvals, delay: event.delay };
        return [];
      case 'key_added':
        this.#addKey(at, event);
        return [];
      case 'key_removed':
        if (!this.#keys.delete(keyName(event.role, event.id))) {
          throw fault('key_unknown', at, `it removes an ${event.role}'s key that is not in force`);
        }
        return [];
      case 'artifacts_published':
        return [];
      case 'resets_counted':
        this.#countResets(at, event);
        return [];
      case 'leaf_added':
        return [this.#addLeaf(at, event, leaves)];
      case 'leaf_replaced':
        return this.#replace(at, event, leaves);
      case 'revocation_announced':
        return [this.#announce(at, event, this.#leafOf(at, event, leaves))];
      case 'revocation_reversed':
        return [this.#reverse(at, event, this.#leafOf(at, event, leaves))];
      case 'leaf_revoked':
        return [this.#revoke(at, event, this.#leafOf(at, event, leaves))];
    }
  }

  #addKey(at: number, { role, id, key }: EventOf<'key_added'>): void {
    if (this.#keys.has(keyName(role, id))) {
      throw fault('key_in_force', at, `it adds an ${role}'s key that is in force already`);
    }
    if (keyIdOf(fromBase64Url(key)) !== id) {
      throw fault('key_id', at, 'the id is not that of the key');
    }
    this.#keys.set(keyName(role, id), { role, id, key });
  }

  #countResets(at: number, { issuer, count, signature }: EventOf<'resets_counted'>): void {
    const previous = this.#resets.get(issuer) ?? NO_EVENT;
    this.#requireSigned(at, 'issuer', issuer, resetsMessage(count, previous), signature);
    this.#resets.set(issuer, at);
    this.#counts = { ...this.#counts, resets: this.#counts.resets + count };
  }

  #addLeaf(at: number, event: EventOf<'leaf_added'>, leaves: ReadonlyMap<string, LeafRecord>): LeafRecord {
    const { leaf, index, issuer, signature } = event;
    requireNew(at, leaf, leaves);
    if (index < this.#issuedBefore || this.#taken.has(index)) {
      throw fault('index_taken', at, 'another leaf has or had this position');
    }
    // As many leaves as positions, and none twice: no position stays free.
    if (index >= this.#checkpoint.counts.issued) {
      throw fault('index_outside', at, 'the leaves of an epoch take the next free positions');
    }
    this.#requireSigned(at, 'issuer', issuer, leafMessage(parseField(leaf)), signature);
    this.#taken.add(index);
    this.#counts = { ...this.#counts, issued: this.#counts.issued + 1, active: this.#counts.active + 1 };
    return newRecord(event);
  }

  #replace(at: number, event: EventOf<'leaf_replaced'>, leaves: ReadonlyMap<string, LeafRecord>): LeafRecord[] {
    const { replaced, leaf, index, issuer, signature } = event;
    const old = this.#leafOf(at, { leaf: replaced, index }, leaves);
    requireNew(at, leaf, leaves);
    // The leaves of an issuer that is in force are its own; those of one that left can still be renewed.
    if (issuer !== old.issuer && this.#keys.has(keyName('issuer', old.issuer))) {
      throw fault('issuer_other', at, 'another issuer signed the replaced leaf, and its key is in force');
    }
    if (old.reason !== null) {
      throw fault('announcement_replaced', at, `entry ${String(old.announcement)} announced the leaf's revocation`);
    }
    const message = replacementMessage(parseField(replaced), parseField(leaf));
    this.#requireSigned(at, 'issuer', issuer, message, signature);
    this.#counts = { ...this.#counts, replaced: this.#counts.replaced + 1 };
    return [{ ...old, replaced: true }, newRecord(event)];
  }

  #announce(at: number, event: EventOf<'revocation_announced'>, record: LeafRecord): LeafRecord {
    const rules = this.#requireRules(at);
    if (record.reason !== null) {
      throw fault('announcement_open', at, `entry ${String(record.announcement)} announced it, and is open`);
    }
    const message = revocationMessage(parseField(event.leaf), event.reason, record.announcement);
    this.#requireApprovals(at, event.approvals, message);
    this.#counts = { ...this.#counts, announced: this.#counts.announced + 1 };
    return { ...record, announcement: at, reason: event.reason, due: this.#checkpoint.activeFrom + rules.delay };
  }

  #reverse(at: number, event: EventOf<'revocation_reversed'>, record: LeafRecord): LeafRecord {
    if (record.reason === null) {
      throw fault('announcement_unknown', at, 'the leaf has no open announcement');
    }
    this.#requireApprovals(at, event.approvals, reversalMessage(parseField(event.leaf), record.announcement));
    this.#counts = { ...this.#counts, announced: this.#counts.announced - 1 };
    return { ...record, reason: null, due: null };
  }

  #revoke(at: number, event: EventOf<'leaf_revoked'>, record: LeafRecord): LeafRecord {
    const leaf = parseField(event.leaf);
    if ('announced' in event) {
      this.#requireDue(at, event.announced, event.reason, record);
    } else if ('urgent' in event) {
      this.#requireApprovals(at, event.approvals, urgentMessage(leaf, event.reason));
    } else {
      if (event.issuer !== record.issuer) {
        throw fault('issuer_other', at, 'another issuer signed the leaf');
      }
      this.#requireSigned(at, 'issuer', event.issuer, requestMessage(leaf), event.signature);
    }
    const { revoked, active, announced, ...counts } = this.#counts;
    const closed = record.reason === null ? 0 : 1;
    this.#counts = { ...counts, revoked: revoked + 1, active: active - 1, announced: announced - closed };
    this.#reasons = { ...this.#reasons, [event.reason]: this.#reasons[event.reason] + 1 };
    return { ...record, revoked: true, reason: null, due: null };
  }

  #requireDue(at: number, announced: number, reason: RevocationReason, record: LeafRecord): void {
    if (record.reason === null || record.announcement !== announced) {
      throw fault('announcement_unknown', at, `entry ${String(announced)} is no open announcement of this leaf`);
    }
    if (record.reason !== reason) {
      throw fault('announcement_reason', at, `it was announced for ${record.reason}`);
    }
    if (record.due === null || this.#checkpoint.activeFrom < record.due) {
      throw fault(
        'delay',
        at,
        `it may be carried out from ${String(record.due)} on, and would be at ${String(this.#checkpoint.activeFrom)}`,
      );
    }
  }

  #leafOf(
    at: number,
    { leaf, index }: Pick<Named, 'leaf' | 'index'>,
    leaves: ReadonlyMap<string, LeafRecord>,
  ): LeafRecord {
    const record = leaves.get(leaf);
    if (record === undefined) {
      throw fault('leaf_unknown', at, 'the log does not hold this leaf');
    }
    if (record.index !== index) {
      throw fault('leaf_elsewhere', at, `the leaf is at ${String(record.index)}, not at ${String(index)}`);
    }
    if (record.revoked) {
      throw fault('leaf_revoked', at, 'the leaf was revoked before');
    }
    if (record.replaced) {
      throw fault('leaf_replaced', at, 'another leaf has taken its position');
    }
    return record;
  }

  #requireRules(at: number): NonNullable<ReplayState['rules']> {
    if (this.#rules === undefined) {
      throw fault('rules_missing', at, 'no rules_set came before');
    }
    return this.#rules;
  }

  #requireApprovals(at: number, approvals: readonly Approval[], message: Uint8Array): void {
    const { approvals: needed } = this.#requireRules(at);
    const distinct = new Set(approvals.map(({ approver }) => approver)).size;
    if (distinct < needed || distinct < approvals.length) {
      throw fault('approvals', at, `${String(needed)} distinct approvers are needed`);
    }
    for (const { approver, signature } of approvals) {
      this.#requireSigned(at, 'approver', approver, message, signature);
    }
  }

  #requireSigned(at: number, role: LogKey['role'], id: string, message: Uint8Array, signature: string): void {
    const key = this.#keys.get(keyName(role, id));
    if (key === undefined) {
      throw fault('key_unknown', at, `the ${role}'s key ${id} is not in force`);
    }
    if (!this.#isSigned(message, fromBase64Url(signature), fromBase64Url(key.key))) {
      throw fault('signature', at, `the signature of the ${role} ${id} does not hold`);
    }
  }
}

/** What is known of a leaf that the log names for the first time. */
function newRecord({ leaf, index, issuer }: EventOf<'leaf_added' | 'leaf_replaced'>): LeafRecord {
  const state = { revoked: false, replaced: false, announcement: NO_EVENT, reason: null, due: null };
  return { leaf, index, issuer, ...state };
}

function requireNew(at: number, leaf: string, leaves: ReadonlyMap<string, LeafRecord>): void {
  if (leaves.has(leaf)) {
    throw fault('leaf_repeated', at, 'the log holds this leaf already');
  }
}

function keyName(role: LogKey['role'], id: string): string {
  return `${role}/${id}`;
}
