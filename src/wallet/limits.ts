// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How often the holder has used what a platform allows a few times in each period.
 *
 * Each time has a pseudonym of its own, `nullifier(s, scope, context, index)` with `index` below the limit, so
 * that the platform can count but not connect. The wallet remembers which indexes it used, encrypted, until
 * the period has ended. A restored wallet has forgotten: the platform then answers `limit_index_used`, and the
 * next index is tried. docs/protocol.md section 6.
 *
 * @module
 */
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { periodNumber } from '../protocol/scope.ts';
import type { Clock } from './environment.ts';
import type { PendingRequest } from './request.ts';
import type { Vault } from './vault.ts';

/** Name of the record in the vault. */
const RECORD = 'limits';

const recordSchema = z.array(
  z.object({
    /** Scope and context, decimal. */
    place: z.string(),
    /** Unix seconds after which the period can no longer be asked for. */
    endsAt: z.number(),
    used: z.array(z.number().int()),
  }),
);
type Uses = z.infer<typeof recordSchema>;

/** What {@link chooseIndex} and {@link markUsed} need. */
export interface LimitDeps {
  readonly vault: Vault;
  readonly clock: Clock;
}

/**
 * The request with an index that the holder has not used in this period.
 *
 * @throws {@link ProtocolError} `limit_reached` if all are used; those of the vault.
 */
export async function chooseIndex(pending: PendingRequest, deps: LimitDeps): Promise<PendingRequest> {
  const { context } = pending.request;
  if (context.kind !== 'epoch') return pending;
  const used = (await readUses(deps)).find(({ place }) => place === placeOf(pending))?.used ?? [];
  const index = Array.from({ length: context.limit }, (_, i) => i).find((i) => !used.includes(i));
  if (index === undefined) {
    throw new ProtocolError('limit_reached', 'you have done this as often as the platform allows in this period');
  }
  return { ...pending, index };
}

/** Remembers that the index of a request was used, by an accepted answer or by one refused as `limit_index_used`. */
export async function markUsed(pending: PendingRequest, deps: LimitDeps): Promise<void> {
  const { context } = pending.request;
  if (context.kind !== 'epoch') return;
  const place = placeOf(pending);
  const uses = await readUses(deps);
  const used = uses.find((entry) => entry.place === place)?.used ?? [];
  // One period longer, since the platform's clock may be behind.
  const endsAt = (context.number + 2) * context.seconds;
  const entry = { place, endsAt, used: [...new Set([...used, pending.index])] };
  await deps.vault.put(RECORD, JSON.stringify([...uses.filter((other) => other.place !== place), entry]));
}

function placeOf({ inputs }: PendingRequest): string {
  return `${String(inputs.scope)} ${String(inputs.context)}`;
}

async function readUses({ vault, clock }: LimitDeps): Promise<Uses> {
  const text = await vault.get(RECORD);
  const uses = text === undefined ? [] : recordSchema.parse(JSON.parse(text));
  return uses.filter(({ endsAt }) => periodNumber(clock() / 1000, 1) < endsAt);
}
