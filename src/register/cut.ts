// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The cut: what waited becomes log entries and tree nodes, and a checkpoint states both. All of it is
 * one transaction, so that a register killed in the middle has cut nothing, and two processes on one
 * database cut one checkpoint an epoch. docs/protocol.md section 7.
 *
 * @module
 */
import type { Kysely, Transaction } from 'kysely';
import { EMPTY_LEAF } from '../commitment/tree.ts';
import { type Checkpoint, openCheckpoint, reasonCounts, signCheckpoint } from '../log/checkpoint.ts';
import { encodeEvent, type LogEvent, parseEvent, type RevocationReason } from '../log/events.ts';
import { append, EMPTY_FRONTIER, entryHash, type Frontier, frontierRoot } from '../log/merkle.ts';
import { type FieldElement, parseField } from '../protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { appendLogTiles, logTilesOf } from '../storage/log_tiles.ts';
import type { CheckpointRow, RegisterTables } from '../storage/register.ts';
import { pruneFamilies, treeOf } from '../storage/tree.ts';
import { updateStored } from '../storage/tree_update.ts';
import type { RegisterContext } from './config.ts';
import { oldestOfDeltas } from './deltas.ts';
import { countOpen, hasPendingDecisions, pendingDecisions, reasonsOf, writeDecisions } from './due.ts';
import { hasPendingReplacements, pendingReplacements } from './replacements.ts';
import { pendingResets, totalResets, writeResets } from './resets.ts';
import { activeFrom, isDue } from './schedule.ts';
import {
  type EventOf,
  hasPendingLeaves,
  type KeyChanges,
  type KeyEvent,
  pendingKeys,
  pendingLeaves,
  pendingSettings,
  type SettingEvent,
  waitingIssuers,
  writeSettings,
} from './waiting.ts';
import { isWitnessed } from './witnessing.ts';

/** Checkpoints whose blocks are served: previous, active and next are always among the latest three. */
export const RETAINED = 3;

/** Rows in one statement: below the parameter limits of both databases. */
const BATCH = 1000;

type Tx = Transaction<RegisterTables>;

/** The checkpoints whose blocks are served, newest first. */
export function retainedCheckpoints(db: Kysely<RegisterTables>): Promise<readonly CheckpointRow[]> {
  return db.selectFrom('checkpoints').selectAll().orderBy('epoch', 'desc').limit(RETAINED).execute();
}

/**
 * Cuts a checkpoint if one is due.
 *
 * @param register - The register.
 * @returns Whether one was cut.
 */
export function cutIfDue(register: RegisterContext): Promise<boolean> {
  const exclusive = ['checkpoints', 'leaves', 'orders', 'resets'] as const;
  return register.database.transaction(
    async (tx) => {
      const now = register.clock() / 1000;
      const [latest] = await retainedCheckpoints(tx);
      const times = latest && { activeFrom: latest.active_from, cutAt: latest.cut_at };
      const next = { activeFrom: activeFrom(register, times, now), cutAt: Math.floor(now) };
      const keys = await pendingKeys(register, tx);
      const settings = await pendingSettings(register, tx);
      const waiting =
        keys.first.length + keys.last.length + settings.length > 0 ||
        (await hasPendingLeaves(tx)) ||
        (await hasPendingReplacements(tx)) ||
        (await hasPendingDecisions(tx, next.activeFrom)) ||
        (await pendingResets(tx)).length > 0;
      if (!isDue(register, times, now, waiting)) {
        return false;
      }
      // Nothing is built on a checkpoint that nobody accepts.
      if (latest !== undefined && !(await isWitnessed(tx, register.witnessing, latest.epoch))) {
        return false;
      }
      await cut(register, tx, latest, { keys, settings }, next);
      const oldest = latest && (await oldestOfDeltas(tx, latest.epoch + 1));
      if (oldest !== undefined) {
        await pruneFamilies(treeOf(tx), oldest);
      }
      return true;
    },
    { exclusive },
  );
}

async function cut(
  register: RegisterContext,
  tx: Tx,
  latest: CheckpointRow | undefined,
  { keys, settings }: { readonly keys: KeyChanges; readonly settings: readonly SettingEvent[] },
  times: { readonly activeFrom: number; readonly cutAt: number },
): Promise<void> {
  const { size: start, issued, revoked } = latest ?? { size: 0, issued: 0, revoked: 0 };
  const opening: readonly LogEvent[] =
    latest === undefined ? [{ kind: 'log_created', origin: register.origin, version: 1 }] : [];
  const added = await pendingLeaves(register, tx, issued);
  const replaced = await pendingReplacements(register, tx, keys.first);
  const fresh = [...added, ...replaced];
  const decided = await pendingDecisions(register, tx, fresh, times.activeFrom);
  const resets = await pendingResets(tx);
  // While leaves wait for room, the issuers that signed them stay in.
  const staying = keys.last.length === 0 ? new Set() : await waitingIssuers(tx, fresh);
  const last = keys.last.filter(({ id }) => !staying.has(id));
  const events: readonly LogEvent[] = [
    ...[...opening, ...settings, ...keys.first, ...fresh],
    ...[...decided.announced, ...decided.reversed, ...decided.revoked, ...resets, ...last],
  ];
  const positions = new Map(events.map((event, i) => [event, start + i]));
  const entries = events.map((event) => encodeEvent(parseEvent(event)));
  const size = start + entries.length;

  const changes = new Map<number, FieldElement>([
    ...fresh.map(({ index, leaf }) => [index, parseField(leaf)] as const),
    ...decided.revoked.map(({ index }) => [index, EMPTY_LEAF] as const),
  ]);
  const sorted = [...changes].sort(([a], [b]) => a - b);
  const root = await updateStored(register, treeOf(tx), size, [sorted]);
  await writeEntries(tx, start, entries);
  await writeSettings(tx, settings);
  await writeKeys(tx, [...keys.first, ...last]);
  await emptyReplaced(tx, replaced);
  await writeLeaves(tx, size, fresh);
  await writeDecisions(tx, decided, positions, times.activeFrom + register.rules.delay);
  await writeResets(
    tx,
    resets.map((event) => ({ position: positions.get(event) ?? -1, event })),
  );

  const hashes = entries.map(entryHash);
  await appendLogTiles(logTilesOf(tx), start, hashes);
  const frontier = append(readFrontier(latest), hashes);
  const before = latest && openCheckpoint(latest.note, { name: register.origin, publicKey: register.publicKey });
  const counts = { issued: issued + added.length, revoked: revoked + decided.revoked.length };
  await writeCheckpoint(register, tx, frontier, times.cutAt, {
    origin: register.origin,
    size,
    rootHash: frontierRoot(frontier),
    epoch: latest === undefined ? 0 : latest.epoch + 1,
    activeFrom: times.activeFrom,
    presentationRoot: root,
    counts: {
      ...counts,
      active: counts.issued - counts.revoked,
      announced: await countOpen(tx),
      resets: await totalResets(tx),
      replaced: (before?.counts.replaced ?? 0) + replaced.length,
    },
    reasons: addReasons(before, decided.revoked),
  });
}

/** Totals by reason: those of the latest checkpoint, and those of this cut. */
function addReasons(
  before: Checkpoint | undefined,
  revoked: readonly { readonly reason: RevocationReason }[],
): Checkpoint['reasons'] {
  const here = Object.entries(reasonCounts(reasonsOf(revoked))) as [RevocationReason, number][];
  return reasonCounts(
    Object.fromEntries(here.map(([reason, count]) => [reason, count + (before?.reasons[reason] ?? 0)])),
  );
}

async function writeEntries(tx: Tx, start: number, entries: readonly string[]): Promise<void> {
  const rows = entries.map((entry, i) => ({ position: start + i, entry }));
  for (const batch of batches(rows)) {
    await tx.insertInto('events').values(batch).execute();
  }
}

async function writeKeys(tx: Tx, keys: readonly KeyEvent[]): Promise<void> {
  for (const event of keys) {
    await (event.kind === 'key_added'
      ? tx.insertInto('keys').values({ role: event.role, id: event.id, key: event.key }).execute()
      : tx.deleteFrom('keys').where('role', '=', event.role).where('id', '=', event.id).execute());
  }
}

/** Before others take their positions: no two rows may have one. */
async function emptyReplaced(tx: Tx, replaced: readonly EventOf<'leaf_replaced'>[]): Promise<void> {
  for (const batch of batches(replaced.map((event) => event.replaced))) {
    await tx.updateTable('leaves').set({ status: 'replaced', tree_index: null }).where('leaf', 'in', batch).execute();
  }
}

async function writeLeaves(
  tx: Tx,
  size: number,
  fresh: readonly EventOf<'leaf_added' | 'leaf_replaced'>[],
): Promise<void> {
  const rows = fresh.map((event) => ({
    leaf: event.leaf,
    status: 'published' as const,
    replaces: event.kind === 'leaf_replaced' ? event.replaced : null,
    issuer: event.issuer,
    signature: event.signature,
    tree_index: event.index,
    checkpoint: size,
  }));
  for (const batch of batches(rows)) {
    await tx
      .insertInto('leaves')
      .values(batch)
      .onConflict((conflict) =>
        conflict.column('leaf').doUpdateSet((query) => ({
          status: query.ref('excluded.status'),
          tree_index: query.ref('excluded.tree_index'),
          checkpoint: query.ref('excluded.checkpoint'),
        })),
      )
      .execute();
  }
}

async function writeCheckpoint(
  { signingKey }: RegisterContext,
  tx: Tx,
  frontier: Frontier,
  cutAt: number,
  checkpoint: Checkpoint,
): Promise<void> {
  await tx
    .insertInto('checkpoints')
    .values({
      epoch: checkpoint.epoch,
      size: checkpoint.size,
      active_from: checkpoint.activeFrom,
      cut_at: cutAt,
      issued: checkpoint.counts.issued,
      revoked: checkpoint.counts.revoked,
      note: signCheckpoint(checkpoint, signingKey, checkpoint.origin),
      frontier: frontier.roots.map(toBase64Url).join(' '),
    })
    .execute();
}

function readFrontier(latest: CheckpointRow | undefined): Frontier {
  return latest === undefined
    ? EMPTY_FRONTIER
    : { size: latest.size, roots: latest.frontier.split(' ').map(fromBase64Url) };
}

function batches<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH));
}
