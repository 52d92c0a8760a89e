// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A platform has moved to another origin, and the holder shows both pseudonyms, so that the account comes
 * along. Two requests, one from each origin, that name each other and share a nonce; one consent; two
 * proofs, each for its own origin.
 *
 * **What the page must say before it asks**, with both origins large, since this links what is otherwise
 * unrelated:
 *
 * - FROM and TO say that they are the same site, which has moved from FROM to TO.
 * - If you agree, both learn that your pseudonym there (short form) and your pseudonym here (short form)
 *   belong to one person. This cannot be taken back. Nobody else learns it, and neither learns more.
 * - Agree only if you had an account at FROM, and you know that TO has taken its place. If you merely want
 *   to log in at TO, decline.
 *
 * The wallet cannot know whether two origins belong to one platform: two that collude can ask as well.
 * docs/protocol.md section 6, docs/threat-model.md.
 *
 * @module
 */
import type { Poseidon } from '../commitment/poseidon.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type Move, moveOf } from '../protocol/move.ts';
import { type Consent, consentOf, type Unmet } from './consent.ts';
import type { Credential } from './credential.ts';
import {
  type ArmDeps,
  armPresentation,
  type ArmedPresentation,
  deliver,
  type DeliverDeps,
  discard,
  firePresentation,
} from './present.ts';
import { type PendingRequest, readRequest, type RequestDeps } from './request.ts';
import type { Synced } from './synced.ts';

/** Two requests that belong together. */
export interface PendingMove {
  readonly move: Move;
  /** Asked by the old origin. */
  readonly old: PendingRequest;
  /** Asked by the new origin. */
  readonly new: PendingRequest;
  /** Unix time in milliseconds: of the one that ends first. */
  readonly expiresAt: number;
}

/** What a holder would link. */
export interface MoveConsent {
  readonly from: Pick<Consent, 'origin'> & { readonly sub: string };
  readonly to: Pick<Consent, 'origin'> & { readonly sub: string };
  /** Reasons for which this credential cannot answer; empty if it can. */
  readonly unmet: readonly Unmet[];
}

/** Two presentations that wait for one consent. */
export interface ArmedMove {
  readonly old: ArmedPresentation;
  readonly new: ArmedPresentation;
}

/** Whether a link to the wallet asks for a move; otherwise it is for `readRequest`. */
export function isMoveLink(fragment: string): boolean {
  return new URLSearchParams(fragment.replace(/^#/, '')).has('old_request_uri');
}

/**
 * Fetches and checks both requests.
 *
 * @param fragment - `location.hash`: `client_id` and `request_uri` of the new origin, `old_client_id` and
 * `old_request_uri` of the old one.
 * @throws {@link ProtocolError} `move_invalid` unless both ask for one and the same move between their own
 * origins and for nothing but the pseudonym; and those of `readRequest`.
 */
export async function readMove(fragment: string, deps: RequestDeps): Promise<PendingMove> {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ''));
  const linkOf = (prefix: string): string => {
    const names = ['client_id', 'request_uri'] as const;
    const pairs = names.flatMap((name) => parameters.getAll(prefix + name).map((value) => [name, value]));
    return new URLSearchParams(pairs).toString();
  };
  const read = async (prefix: string): Promise<{ move: Move; pending: PendingRequest }> => {
    const pending = await readRequest(linkOf(prefix), deps, (data) => {
      moveOf(data);
      return [];
    });
    return { pending, move: moveOf(pending.request.transaction_data) };
  };
  const [fresh, old] = await Promise.all([read(''), read('old_')]);
  const { move } = fresh;
  const same = (['from', 'to', 'nonce'] as const).every((name) => move[name] === old.move[name]);
  if (
    !same ||
    old.pending.origin !== move.from ||
    fresh.pending.origin !== move.to ||
    ![old.pending, fresh.pending].every(asksForPseudonymOnly)
  ) {
    throw new ProtocolError('move_invalid', 'the two addresses do not ask for the same move; go back and start again');
  }
  const expiresAt = Math.min(old.pending.expiresAt, fresh.pending.expiresAt);
  return { move, old: old.pending, new: fresh.pending, expiresAt };
}

function asksForPseudonymOnly({ request, ask }: PendingRequest): boolean {
  return (
    ask.pseudonym &&
    // Beside `valid_id` and `sub`, which every request with a pseudonym has.
    request.dcql_query.credentials[0].claims.length === 2 &&
    request.context.kind === 'account' &&
    request.purpose === 'login' &&
    request.channel === 'same_device'
  );
}

/** What the holder would link, for the sheet; computed on the device. */
export function moveConsentOf(pending: PendingMove, credential: Credential, poseidon: Poseidon): MoveConsent {
  const [from, to] = [pending.old, pending.new].map((request) => consentOf(request, credential, poseidon));
  if (from?.sub === undefined || to?.sub === undefined) {
    throw new ProtocolError('move_invalid', 'a move is between two pseudonyms');
  }
  return {
    from: { origin: from.origin, sub: from.sub },
    to: { origin: to.origin, sub: to.sub },
    unmet: [...new Set([...from.unmet, ...to.unmet])],
  };
}

/**
 * Arms both while the holder reads; sends nothing.
 *
 * @throws {@link ProtocolError} as `armPresentation`; then nothing stays armed.
 */
export async function armMove(
  pending: PendingMove,
  credential: Credential,
  synced: Synced,
  deps: ArmDeps,
): Promise<ArmedMove> {
  const old = await armPresentation(pending.old, credential, synced, deps);
  try {
    return { old, new: await armPresentation(pending.new, credential, synced, deps) };
  } catch (error) {
    await discard(old, deps);
    throw error;
  }
}

/** Wipes what the holder declined. */
export async function discardMove(armed: ArmedMove, deps: Pick<ArmDeps, 'prover'>): Promise<void> {
  await Promise.all([discard(armed.old, deps), discard(armed.new, deps)]);
}

/**
 * Proves both after consent, and then delivers both: the old pseudonym to the old origin, the new one to the
 * new origin. If the second delivery fails, the first says nothing more than a login there.
 *
 * @returns The page of the new origin to go to, with both response codes in its fragment.
 * @throws {@link ProtocolError} as `firePresentation` and `deliver`.
 */
export async function fireMove(armed: ArmedMove, deps: ArmDeps & DeliverDeps): Promise<string> {
  const [oldPresentation, newPresentation] = [
    await firePresentation(armed.old, deps),
    await firePresentation(armed.new, deps),
  ];
  const old = await deliver(armed.old.pending, oldPresentation, deps);
  const fresh = await deliver(armed.new.pending, newPresentation, deps);
  const code = codeOf(old.redirectUri);
  if (fresh.redirectUri === undefined || code === undefined) {
    throw new ProtocolError('redirect_refused', 'the platform named no page to go back to');
  }
  return `${fresh.redirectUri}&${new URLSearchParams({ old_response_code: code }).toString()}`;
}

function codeOf(redirectUri: string | undefined): string | undefined {
  if (redirectUri === undefined) return undefined;
  return new URLSearchParams(new URL(redirectUri).hash.slice(1)).get('response_code') ?? undefined;
}
