// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A day of a nation's register, in expected values, from what is assumed and what was measured.
 *
 * Leaves are added at neighbouring positions and emptied at random ones. Of W nodes of a level, c changes
 * at random touch
 *
 *     D(W, c) = W (1 - (1 - 1/W)^c)
 *
 * on average, and each touched node is hashed once.
 *
 * @module
 */
import { BLOCK_LEAVES, BLOCK_LEVELS, blockWidth, UPPER_LEVELS } from '../../src/log/block.ts';
import { deltaEpochs, MAX_DELTA_BYTES } from '../../src/log/delta.ts';
import { TREE_LEAVES } from '../../src/commitment/tree.ts';
import { TREE_ARITY, TREE_DEPTH } from '../../src/protocol/statement.ts';
import type { Assumed } from './assumptions.ts';
import type { Measured } from './measure.ts';

const VALUE_BYTES = 32;
const DAYS_OF_YEAR = 365;

/** Events of a day. */
export interface Events {
  readonly added: number;
  readonly revoked: number;
  /** Announcements and reversals. */
  readonly decisions: number;
  /** People given a new seed; no entries of their own, each issuer tells a count. */
  readonly resets: number;
}

/** What the model says about a day. */
export interface Day {
  readonly holders: number;
  readonly events: Events;
  /** Positions of the tree ever used, emptied ones included. */
  readonly positions: number;
  readonly blocks: number;
  /** Holders whose wallets ask for the same files as one holder's: on average, those of its block. */
  readonly blockAnonymity: number;
  readonly hashesPerDay: number;
  /** Cores that one register needs: for cuts, and for signatures all day. A witness needs as many. */
  readonly coresNeeded: number;
  readonly bytes: {
    readonly fullBlock: number;
    /** Delta of one epoch for a block in which leaves were only emptied. */
    readonly delta: number;
    /** What a wallet downloads to find its new leaf in the log. */
    readonly logAfterIssue: number;
    /** Of all that a wallet downloads, averaged over wallets and days. */
    readonly walletPerDay: number;
    /** The part of it that keeps the path fresh. */
    readonly syncPerDay: number;
    readonly mirrorsPerDay: number;
    /** What the register sends to its mirrors. */
    readonly originPerDay: number;
    readonly logPerYear: number;
    readonly tree: number;
  };
  /** Until the positions of the tree are used up. */
  readonly yearsUntilFull: number;
}

/** Expected number of nodes that are touched by changes at random. */
export function touched(nodes: number, changes: number): number {
  return nodes <= 1 ? Math.min(nodes, changes) : nodes * -Math.expm1(changes * Math.log1p(-1 / nodes));
}

/** Events of a day. */
export function eventsOf(holders: number, a: Assumed): Events {
  const reissued = a.documentRenewals + a.deviceRenewals + a.losses;
  const decided = a.decisions * (1 - a.reversed);
  const daily = (rate: number): number => (holders * rate) / DAYS_OF_YEAR;
  return {
    added: daily(reissued + a.newHolders),
    revoked: daily(reissued + a.deaths + decided),
    decisions: daily(a.decisions * (1 + a.reversed)),
    resets: daily(a.resets),
  };
}

/** Positions used after the assumed years. */
function positionsOf(holders: number, { added }: Events, { years }: Assumed): number {
  return Math.min(TREE_LEAVES, Math.ceil(holders + added * DAYS_OF_YEAR * years));
}

/** Hashes of a cut. */
export function hashesOfCut(positions: number, added: number, revoked: number): number {
  let sum = 0;
  for (let level = 1; level <= TREE_DEPTH; level++) {
    const nodes = Math.ceil(positions / TREE_ARITY ** level);
    const neighbours = added / TREE_ARITY ** level + (added > 0 ? 1 : 0);
    sum += Math.min(nodes, touched(nodes, revoked) + neighbours);
  }
  return sum;
}

/** Children on the way to the root that hold anything. */
function upperChildren(positions: number): number {
  const levels = Array.from({ length: UPPER_LEVELS }, (_, i) => BLOCK_LEVELS + i);
  return levels.reduce((sum, level) => sum + Math.min(TREE_ARITY, Math.ceil(positions / TREE_ARITY ** level)), 0);
}

/**
 * Bytes of nodes of a block, by the formats of blocks and deltas: values, and a run for each longest
 * sequence of neighbours.
 */
function levelBytes(width: number, nodes: number): number {
  const runs = nodes >= width ? 1 : Math.max(nodes > 0 ? 1 : 0, nodes * (1 - nodes / width));
  return 4 + 8 * runs + VALUE_BYTES * nodes;
}

const sumOfLevels = (nodes: (width: number) => number): number =>
  Array.from({ length: BLOCK_LEVELS }, (_, level) => blockWidth(level)).reduce(
    (sum, width) => sum + levelBytes(width, nodes(width)),
    0,
  );

/**
 * Size of a block.
 *
 * @param leaves - Leaves in it that are not empty, at random positions.
 */
export function blockBytes(leaves: number): number {
  const head = 15 + 8 + 8 + VALUE_BYTES * (BLOCK_LEVELS + UPPER_LEVELS * TREE_ARITY);
  // A node is empty where all leaves below it are.
  const empty = 1 - leaves / BLOCK_LEAVES;
  return head + sumOfLevels((width) => width * (1 - empty ** (BLOCK_LEAVES / width)));
}

/**
 * Size of a delta.
 *
 * @param changes - Leaves of the block that were emptied, at random.
 * @param upper - Children on the way to the root that changed.
 */
export function deltaBytes(changes: number, upper: number): number {
  return 15 + 4 * 8 + 5 + VALUE_BYTES * upper + sumOfLevels((width) => touched(width, changes));
}

/**
 * Models a day.
 *
 * @param holders - People with a credential, at least 1.
 * @param measured - Unit costs.
 * @param a - Assumptions.
 */
export function model(holders: number, measured: Measured, a: Assumed): Day {
  const events = eventsOf(holders, a);
  const positions = positionsOf(holders, events, a);
  const blocks = Math.ceil(positions / BLOCK_LEAVES);
  const inBlock = holders / blocks;
  const cut = { added: events.added / a.epochsPerDay, revoked: events.revoked / a.epochsPerDay };
  const hashes = hashesOfCut(positions, cut.added, cut.revoked);
  const { perEntry } = measured.bytes;
  const entries = events.added + events.revoked + events.decisions;

  const fullBlock = blockBytes(inBlock);
  const delta = deltaBytes(cut.revoked / blocks, upperChildren(positions));
  const syncPerDay = syncBytes(a, fullBlock, delta, measured.bytes.checkpoint);
  const logAfterIssue = (entries / a.epochsPerDay) * perEntry;
  const walletPerDay = syncPerDay + (events.added / holders) * (fullBlock + logAfterIssue);
  const perEpoch = blocks * (fullBlock + Math.min(delta, fullBlock)) + (entries / a.epochsPerDay) * perEntry;
  const families = Array.from({ length: TREE_DEPTH }, (_, level) => positions / TREE_ARITY ** (level + 1));
  return {
    holders,
    events,
    positions,
    blocks,
    blockAnonymity: inBlock,
    hashesPerDay: hashes * a.epochsPerDay,
    coresNeeded:
      (hashes * measured.seconds.perNode) / a.cutSeconds + (entries * measured.seconds.perSignature) / 86_400,
    bytes: {
      fullBlock,
      delta,
      logAfterIssue,
      walletPerDay,
      syncPerDay,
      mirrorsPerDay: holders * walletPerDay,
      originPerDay: perEpoch * a.epochsPerDay * a.mirrors,
      logPerYear: entries * DAYS_OF_YEAR * perEntry,
      tree:
        (families.reduce((sum, count) => sum + Math.max(1, count), 0) + hashes * a.retainedEpochs) *
        measured.bytes.perFamily,
    },
    yearsUntilFull: (TREE_LEAVES - holders) / (events.added * DAYS_OF_YEAR),
  };
}

/** What keeps the path fresh, bytes a day: latest checkpoints, and deltas in the groups that wallets ask for. */
function syncBytes(a: Assumed, fullBlock: number, delta: number, checkpoint: number): number {
  const once = (days: number): number => {
    const latest = 1_000_000;
    const count = deltaEpochs(latest - Math.round(days * a.epochsPerDay), latest)?.length;
    const changes = count === undefined || delta > MAX_DELTA_BYTES ? fullBlock : Math.min(fullBlock, count * delta);
    return (3 * checkpoint + changes) / days;
  };
  return a.syncedDaily * once(1) + a.syncedWeekly * once(7) + a.syncedMonthly * once(30);
}
