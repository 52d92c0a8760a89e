// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * References for the tests of the log: a tree computed from its leaves alone, and a replay of events
 * that shares no code with the register.
 *
 * @module
 */
import type { Poseidon } from '../../src/commitment/poseidon.ts';
import { type LeafCounts, type ReasonCounts, reasonCounts } from '../../src/log/checkpoint.ts';
import type { LogEvent, RevocationReason } from '../../src/log/events.ts';
import type { NodeStore, TreeNode } from '../../src/log/tree.ts';
import { type FieldElement, hashToField, toField } from '../../src/protocol/field.ts';

/** A quick stand-in for Poseidon where a test is not about it; counts its calls. */
export function toyHash(): Poseidon & { calls: number } {
  const hash = ((inputs: readonly FieldElement[]) => {
    hash.calls += 1;
    return hashToField('toy', new TextEncoder().encode(inputs.join()));
  }) as Poseidon & { calls: number };
  hash.calls = 0;
  return hash;
}

/** Root of the subtree at a level and position, straight from the definition. */
export function naiveNode(
  hash: Poseidon,
  empty: readonly FieldElement[],
  leaves: ReadonlyMap<number, FieldElement>,
  level: number,
  position = 0,
): FieldElement {
  if (level === 0) {
    return leaves.get(position) ?? toField(0n);
  }
  const width = 8 ** level;
  if (![...leaves].some(([index, leaf]) => leaf !== 0n && Math.floor(index / width) === position)) {
    return empty[level] ?? toField(0n);
  }
  const inside = new Map([...leaves].filter(([index]) => Math.floor(index / width) === position));
  return hash(Array.from({ length: 8 }, (_, i) => naiveNode(hash, empty, inside, level - 1, position * 8 + i)));
}

/** A store in memory. */
export function memoryStore(): NodeStore & { write(nodes: readonly TreeNode[]): void } {
  const nodes = new Map<string, FieldElement>();
  return {
    read: (level, positions) =>
      Promise.resolve(
        new Map(
          positions.flatMap((position) => {
            const value = nodes.get(`${String(level)}/${String(position)}`);
            return value === undefined ? [] : [[position, value] as const];
          }),
        ),
      ),
    write: (changed) => {
      for (const { level, position, value } of changed) {
        nodes.set(`${String(level)}/${String(position)}`, value);
      }
    },
  };
}

/** What a log amounts to; refuses what a register must not log. Signatures and delays are not looked at. */
export function replay(events: readonly LogEvent[]): {
  readonly leaves: ReadonlyMap<number, FieldElement>;
  readonly counts: LeafCounts;
  readonly reasons: ReasonCounts;
} {
  const leaves = new Map<number, FieldElement>();
  const keys = new Set<string>();
  const seen = new Set<string>();
  const open = new Map<string, { position: number; reason: string }>();
  const reasons: Partial<Record<RevocationReason, number>> = {};
  let [issued, revoked, resets, replaced, needed] = [0, 0, 0, 0, Infinity];
  const check = (holds: boolean, event: LogEvent): void => {
    if (!holds) throw new Error(`the log must not hold ${JSON.stringify(event)}`);
  };
  for (const [position, event] of events.entries()) {
    check((event.kind === 'log_created') === (position === 0), event);
    if ('approvals' in event && event.kind !== 'rules_set') {
      check(event.approvals.length >= needed, event);
      check(
        event.approvals.every(({ approver }) => keys.has(`approver${approver}`)),
        event,
      );
    }
    if ('issuer' in event) {
      check(keys.has(`issuer${event.issuer}`), event);
    }
    if ('index' in event && event.kind !== 'leaf_added') {
      const named = event.kind === 'leaf_replaced' ? event.replaced : event.leaf;
      check(leaves.get(event.index) === BigInt(named), event);
    }
    switch (event.kind) {
      case 'rules_set':
        needed = event.approvals;
        break;
      case 'key_added':
        check(!keys.has(event.role + event.id), event);
        keys.add(event.role + event.id);
        break;
      case 'key_removed':
        check(keys.delete(event.role + event.id), event);
        break;
      case 'leaf_added':
        check(event.index === issued && !seen.has(event.leaf), event);
        seen.add(event.leaf);
        leaves.set(event.index, toField(BigInt(event.leaf)));
        issued += 1;
        break;
      case 'leaf_replaced':
        check(!seen.has(event.leaf) && !open.has(event.replaced), event);
        seen.add(event.leaf);
        leaves.set(event.index, toField(BigInt(event.leaf)));
        replaced += 1;
        break;
      case 'revocation_announced':
        check(!open.has(event.leaf), event);
        open.set(event.leaf, { position, reason: event.reason });
        break;
      case 'revocation_reversed':
        check(open.delete(event.leaf), event);
        break;
      case 'leaf_revoked': {
        const announced = open.get(event.leaf);
        if ('announced' in event) {
          check(announced?.position === event.announced && announced.reason === event.reason, event);
        }
        open.delete(event.leaf);
        leaves.set(event.index, toField(0n));
        reasons[event.reason] = (reasons[event.reason] ?? 0) + 1;
        revoked += 1;
        break;
      }
      case 'resets_counted':
        resets += event.count;
        break;
      case 'log_created':
      case 'artifacts_published':
    }
  }
  const counts = { issued, revoked, active: issued - revoked, announced: open.size, resets, replaced };
  return { leaves, counts, reasons: reasonCounts(reasons) };
}
