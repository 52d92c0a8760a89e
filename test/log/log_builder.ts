// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Logs for the tests of replays: events signed as they should be, or as a test wants them, and
 * checkpoints over whatever was written. It judges nothing.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { emptyRoots } from '../../src/commitment/tree.ts';
import type { Poseidon } from '../../src/commitment/poseidon.ts';
import { type Checkpoint, reasonCounts, signCheckpoint } from '../../src/log/checkpoint.ts';
import { encodeEvent, type LogEvent, type RevocationReason } from '../../src/log/events.ts';
import { entryHash, merkleRoot } from '../../src/log/merkle.ts';
import {
  keyIdOf,
  leafMessage,
  NO_EVENT,
  replacementMessage,
  requestMessage,
  resetsMessage,
  reversalMessage,
  revocationMessage,
  sign,
  urgentMessage,
} from '../../src/log/signatures.ts';
import { type FieldElement, hashToField, parseField } from '../../src/protocol/field.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { naiveNode } from './reference.ts';

/** Secret keys of the parties. */
export const LOG_SECRETS = {
  register: new Uint8Array(32).fill(1),
  issuer: new Uint8Array(32).fill(2),
  otherIssuer: new Uint8Array(32).fill(3),
  approver1: new Uint8Array(32).fill(11),
  approver2: new Uint8Array(32).fill(12),
  approver3: new Uint8Array(32).fill(13),
  stranger: new Uint8Array(32).fill(5),
} as const;

/** A party. */
export type Party = keyof typeof LOG_SECRETS;

export const LOG_ORIGIN = 'register.test/v1';
export const LOG_KEY = { name: LOG_ORIGIN, publicKey: ed25519.getPublicKey(LOG_SECRETS.register) };
/** Unix seconds from which the first checkpoint is active, and between checkpoints. */
export const FIRST_ACTIVE = 1_790_000_000;
export const EPOCH = 300;

const publicKeyOf = (party: Party): Uint8Array => ed25519.getPublicKey(LOG_SECRETS[party]);
const signed = (message: Uint8Array, party: Party): string => toBase64Url(sign(message, LOG_SECRETS[party]));

/** Key id of a party. */
export const partyId = (party: Party): string => keyIdOf(publicKeyOf(party));

/** A leaf by any name. */
export const leafNamed = (name: string | number): FieldElement =>
  hashToField('test leaf', new TextEncoder().encode(String(name)));

const approvalsBy = (message: Uint8Array, parties: readonly Party[]) =>
  parties.map((party) => ({ approver: partyId(party), signature: signed(message, party) }));
const APPROVERS: readonly Party[] = ['approver1', 'approver2'];

/** Events as their parties make them. */
export const make = {
  created: (origin = LOG_ORIGIN): LogEvent => ({ kind: 'log_created', origin, version: 1 }),
  rules: (approvals = 2, delay = 2 * EPOCH): LogEvent => ({ kind: 'rules_set', approvals, delay }),
  key: (role: 'issuer' | 'approver', party: Party): LogEvent => ({
    kind: 'key_added',
    role,
    id: partyId(party),
    key: toBase64Url(publicKeyOf(party)),
  }),
  noKey: (role: 'issuer' | 'approver', party: Party): LogEvent => ({ kind: 'key_removed', role, id: partyId(party) }),
  leaf: (name: string | number, index: number, by: Party = 'issuer'): LogEvent => ({
    kind: 'leaf_added',
    leaf: String(leafNamed(name)),
    index,
    issuer: partyId(by),
    signature: signed(leafMessage(leafNamed(name)), by),
  }),
  replace: (replaced: string | number, name: string | number, index: number, by: Party = 'issuer'): LogEvent => ({
    kind: 'leaf_replaced',
    replaced: String(leafNamed(replaced)),
    leaf: String(leafNamed(name)),
    index,
    issuer: partyId(by),
    signature: signed(replacementMessage(leafNamed(replaced), leafNamed(name)), by),
  }),
  announce: (
    name: string | number,
    index: number,
    {
      reason = 'fraud',
      after = NO_EVENT,
      by = APPROVERS,
    }: { reason?: Exclude<RevocationReason, 'holder_request'>; after?: number; by?: readonly Party[] } = {},
  ): LogEvent => ({
    kind: 'revocation_announced',
    leaf: String(leafNamed(name)),
    index,
    reason,
    approvals: approvalsBy(revocationMessage(leafNamed(name), reason, after), by),
  }),
  reverse: (name: string | number, index: number, announcement: number, by = APPROVERS): LogEvent => ({
    kind: 'revocation_reversed',
    leaf: String(leafNamed(name)),
    index,
    approvals: approvalsBy(reversalMessage(leafNamed(name), announcement), by),
  }),
  carryOut: (
    name: string | number,
    index: number,
    announced: number,
    reason: Exclude<RevocationReason, 'holder_request'> = 'fraud',
  ): LogEvent => ({ kind: 'leaf_revoked', leaf: String(leafNamed(name)), index, reason, announced }),
  urgent: (
    name: string | number,
    index: number,
    by = APPROVERS,
    reason: 'document_lost' | 'issuer_key_compromised' = 'document_lost',
  ): LogEvent => ({
    kind: 'leaf_revoked',
    leaf: String(leafNamed(name)),
    index,
    reason,
    urgent: true,
    approvals: approvalsBy(urgentMessage(leafNamed(name), reason), by),
  }),
  request: (name: string | number, index: number, by: Party = 'issuer'): LogEvent => ({
    kind: 'leaf_revoked',
    leaf: String(leafNamed(name)),
    index,
    reason: 'holder_request',
    requested: true,
    issuer: partyId(by),
    signature: signed(requestMessage(leafNamed(name)), by),
  }),
  resets: (count: number, previous = NO_EVENT, by: Party = 'issuer'): LogEvent => ({
    kind: 'resets_counted',
    issuer: partyId(by),
    count,
    signature: signed(resetsMessage(count, previous), by),
  }),
  artifacts: (): LogEvent => ({ kind: 'artifacts_published', files: { 'show.zkey': 'ab'.repeat(32) } }),
};

/** A checkpoint with its note and the entries that are new in it. */
export interface Cut {
  readonly checkpoint: Checkpoint;
  readonly note: string;
  readonly entries: readonly Uint8Array[];
}

/**
 * Writes a log.
 *
 * @param hash - Poseidon, or a quick stand-in.
 * @param epochs - For each checkpoint what is new: events, or texts where a test wants an entry that is none.
 * @param change - Changes a checkpoint before it is signed.
 */
export function buildLog(
  hash: Poseidon,
  epochs: readonly (readonly (LogEvent | string)[])[],
  change: (checkpoint: Checkpoint) => Checkpoint = (checkpoint) => checkpoint,
): readonly Cut[] {
  const empty = emptyRoots(hash);
  const leaves = new Map<number, FieldElement>();
  const open = new Set<string>();
  let reasons = reasonCounts();
  let [issued, revoked, resets, replaced] = [0, 0, 0, 0];
  const log: Uint8Array[] = [];
  return epochs.map((events, epoch) => {
    for (const event of events) {
      if (typeof event === 'string') continue;
      if (event.kind === 'leaf_added') {
        leaves.set(event.index, parseField(event.leaf));
        issued += 1;
      } else if (event.kind === 'leaf_replaced') {
        leaves.set(event.index, parseField(event.leaf));
        replaced += 1;
      } else if (event.kind === 'leaf_revoked') {
        leaves.delete(event.index);
        open.delete(event.leaf);
        revoked += 1;
        reasons = { ...reasons, [event.reason]: reasons[event.reason] + 1 };
      } else if (event.kind === 'revocation_announced') open.add(event.leaf);
      else if (event.kind === 'revocation_reversed') open.delete(event.leaf);
      else if (event.kind === 'resets_counted') resets += event.count;
    }
    const entries = events.map((event) =>
      new TextEncoder().encode(typeof event === 'string' ? event : encodeEvent(event)),
    );
    log.push(...entries);
    const checkpoint = change({
      origin: LOG_ORIGIN,
      size: log.length,
      rootHash: merkleRoot(log.map(entryHash)),
      epoch,
      activeFrom: FIRST_ACTIVE + epoch * EPOCH,
      presentationRoot: naiveNode(hash, empty, leaves, empty.length - 1),
      counts: { issued, revoked, active: issued - revoked, announced: open.size, resets, replaced },
      reasons,
    });
    return { checkpoint, note: signCheckpoint(checkpoint, LOG_SECRETS.register, LOG_ORIGIN), entries };
  });
}

/**
 * A log in which everything happens that may: 31 entries in eight checkpoints. Positions stand in comments,
 * for the tests that break it.
 */
export function goodEpochs(): (LogEvent | string)[][] {
  return [
    [
      make.created(), // 0
      make.rules(), // 1
      make.key('issuer', 'issuer'), // 2
      make.key('issuer', 'otherIssuer'), // 3
      make.key('approver', 'approver1'), // 4
      make.key('approver', 'approver2'), // 5
      make.key('approver', 'approver3'), // 6
      make.artifacts(), // 7
    ],
    [
      make.leaf('a', 1), // 8
      make.leaf('b', 0), // 9
      make.leaf('c', 3, 'otherIssuer'), // 10
      make.leaf('d', 2), // 11
      make.resets(2), // 12
    ],
    [
      make.announce('a', 1), // 13
      make.announce('c', 3, { reason: 'death', by: ['approver3', 'approver1'] }), // 14
      make.request('d', 2), // 15
      make.leaf('e', 4), // 16
    ],
    [
      make.reverse('c', 3, 14), // 17
      make.announce('b', 0, { reason: 'document_withdrawn' }), // 18
      make.resets(1, 12), // 19
    ],
    [
      make.carryOut('a', 1, 13), // 20: announced at epoch 2, and two epochs have passed
      make.urgent('b', 0), // 21: overtakes its announcement
      make.announce('c', 3, { after: 14 }), // 22
      make.noKey('issuer', 'otherIssuer'), // 23
      make.leaf('f', 5), // 24
    ],
    [],
    [make.rules(1, EPOCH), make.carryOut('c', 3, 22)], // 25, 26: by the rules that held at 22
    [
      make.replace('e', 'g', 4), // 27
      make.leaf('i', 6), // 28
      make.replace('i', 'j', 6), // 29: of the same checkpoint
      make.replace('g', 'h', 4), // 30: once more
    ],
  ];
}
