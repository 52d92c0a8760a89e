// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An issuer's leaves on their way into the register, and what the register says of them. Every step may be
 * repeated: the register answers alike for what it knows already.
 *
 * Whoever waits for an answer here waits for their own leaf: all that has piled up goes in a round of its own.
 * Both end at the first call that does not reach the register, since the next would wait as long for nothing.
 *
 * A leaf that takes another's place is submitted as a replacement and watched until the log holds it, since
 * the register lets a replacement fall when a revocation of the old leaf comes before it. Then it is
 * submitted again, and refused until that is decided: after a reversal it is taken, after a revocation it is
 * withdrawn here too, and its person has to ask again. docs/protocol.md section 8.
 *
 * @module
 */
import { z } from 'zod';
import { replacementMessage, requestMessage, sign } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { markRequested, openRequests } from '../storage/holders.ts';
import type { IssuerSchema } from '../storage/issuer.ts';
import type { Database } from '../storage/open.ts';
import {
  completeReplacement,
  hasLeaf,
  markFallen,
  markSubmitted,
  openReplacements,
  type Underway,
  unsubmittedChain,
  unsubmittedLeaves,
  withdrawLeaf,
} from '../storage/submissions.ts';
import type { Standing } from './plan.ts';

/** Milliseconds between two looks at what became of replacements. */
const WATCH_INTERVAL = 60_000;
/** Milliseconds that the register may take to answer. */
export const REGISTER_MILLISECONDS = 20_000;

/** What submitting needs from outside. */
export interface SubmissionDeps {
  readonly database: Database<IssuerSchema>;
  /** Ed25519 secret key, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** Base URL of the register. */
  readonly registerUrl: string;
  readonly fetch: typeof fetch;
  readonly clock: () => number;
}

/** Where a leaf stands in the register. */
export interface LeafState {
  readonly status: 'pending' | 'published' | 'replaced' | 'revoked' | 'withdrawn';
  readonly index?: number | undefined;
  /** Log size of the checkpoint that first holds the leaf. */
  readonly checkpoint?: number | undefined;
}

const registered = z.object({
  status: z.enum(['pending', 'published', 'replaced', 'revoked']),
  index: z.number().int().nonnegative().optional(),
  checkpoint: z.number().int().positive().optional(),
  announcement: z.object({ status: z.string() }).optional(),
});
type Registered = z.infer<typeof registered>;

/** Codes by which the register says that a leaf is gone for good. */
const GONE: ReadonlySet<string> = new Set(['leaf_revoked', 'leaf_replaced']);

/** Sees leaves of one issuer into the register. */
export class Submission {
  readonly #deps: SubmissionDeps;
  readonly #keyId: string;
  #watched = Number.NEGATIVE_INFINITY;

  /**
   * @param deps - Everything from outside.
   * @param keyId - Of the signing key.
   */
  constructor(deps: SubmissionDeps, keyId: string) {
    this.#deps = deps;
    this.#keyId = keyId;
  }

  /**
   * Sends every signed leaf that the register has not acknowledged. Failures are left for the next call.
   *
   * @returns How many still wait.
   */
  async submitPending(): Promise<number> {
    return (await inTurn(await unsubmittedLeaves(this.#deps.database), (row) => this.#send(row))).waiting;
  }

  /**
   * Sends every wish to be revoked that the register has not acknowledged, each after the leaf, which it may
   * not know yet.
   *
   * @returns How many still wait.
   */
  async submitRequests(): Promise<number> {
    return this.request(await openRequests(this.#deps.database));
  }

  /**
   * Sends one signed leaf, after those that it takes the place of, as far as the register has not acknowledged
   * them. Failures are left for the next round.
   *
   * @returns Whether the register was reached.
   */
  async submit(leaf: string): Promise<boolean> {
    return (await inTurn(await unsubmittedChain(this.#deps.database, leaf), (row) => this.#send(row))).isReached;
  }

  /**
   * Sends the wish to be revoked of some leaves, each after the leaf itself.
   *
   * @param leaves - Decimal; the wish is recorded.
   * @returns How many still wait.
   */
  async request(leaves: readonly string[]): Promise<number> {
    return (await inTurn(leaves, (leaf) => this.#request(leaf))).waiting;
  }

  /** Sends one wish; whether it waits no more. */
  async #request(leaf: string): Promise<boolean> {
    const { database, signingKey } = this.#deps;
    if (!(await this.submit(leaf))) throw unreachable();
    const signature = toBase64Url(sign(requestMessage(parseField(leaf)), signingKey));
    const code = await this.#post('/v1/requests', { leaf, issuer: this.#keyId, signature });
    // One that is revoked or replaced already is dead, as was wished.
    if (code !== undefined && !GONE.has(code)) return false;
    await markRequested(database, leaf);
    return true;
  }

  /** Looks at what became of replacements, once in a while. */
  async watch(): Promise<void> {
    const now = this.#deps.clock();
    if (now < this.#watched + WATCH_INTERVAL) return;
    this.#watched = now;
    await inTurn(await openReplacements(this.#deps.database), (row) => this.#settle(row));
  }

  /** Looks at what became of one replacement; whether that is decided. A silent register tells nothing. */
  async #settle({ leaf, replaces }: Underway): Promise<boolean> {
    const state = await this.#ask(leaf);
    if (replaces === null) return true;
    if (state === 'unknown') {
      await markFallen(this.#deps.database, leaf);
    } else if (state.status !== 'pending') {
      await completeReplacement(this.#deps.database, leaf, replaces);
    }
    return state !== 'unknown' && state.status !== 'pending';
  }

  /**
   * Where leaves of a person stand.
   *
   * @throws {@link ProtocolError} `register_unreachable`.
   */
  async standings(
    leaves: readonly { readonly leaf: string; readonly replaces: string | null }[],
  ): Promise<ReadonlyMap<string, Standing>> {
    const states = new Map<string, Registered | 'unknown'>();
    for (const { leaf } of leaves) states.set(leaf, await this.#ask(leaf));
    const standingOf = (leaf: string): Standing => {
      const state = states.get(leaf);
      if (state !== undefined && state !== 'unknown') return read(state);
      // Not submitted yet, or fallen: as the leaf whose place it would take.
      const { replaces } = leaves.find((row) => row.leaf === leaf) ?? { replaces: null };
      return replaces === null ? 'active' : standingOf(replaces);
    };
    return new Map(leaves.map(({ leaf }) => [leaf, standingOf(leaf)]));
  }

  /**
   * Whether the register has a leaf already.
   *
   * @throws {@link ProtocolError} `register_unreachable`.
   */
  async knows(leaf: string): Promise<boolean> {
    return (await this.#ask(leaf)) !== 'unknown';
  }

  /**
   * Where a leaf stands. A register that does not answer leaves it pending.
   *
   * @param leaf - Decimal leaf that this issuer signed.
   */
  async leafState(leaf: string): Promise<LeafState> {
    const state = await this.#ask(leaf).catch(() => 'unreachable' as const);
    if (typeof state === 'object') return { status: state.status, index: state.index, checkpoint: state.checkpoint };
    if (state === 'unknown') await this.submit(leaf);
    return { status: (await hasLeaf(this.#deps.database, leaf)) ? 'pending' : 'withdrawn' };
  }

  /** Sends one leaf; whether it waits no more. */
  async #send({ leaf, signature, replaces }: Underway): Promise<boolean> {
    const { database, signingKey } = this.#deps;
    const code =
      replaces === null
        ? await this.#post('/v1/leaves', { leaf, issuer: this.#keyId, signature })
        : await this.#post('/v1/replacements', {
            replaced: replaces,
            leaf,
            issuer: this.#keyId,
            signature: toBase64Url(sign(replacementMessage(parseField(replaces), parseField(leaf)), signingKey)),
          });
    if (code === undefined) {
      await markSubmitted(database, leaf);
      return true;
    }
    if (!GONE.has(code)) return false;
    if (replaces === null) {
      // The leaf itself was revoked since: the register has it, after all.
      await markSubmitted(database, leaf);
    } else if (await this.knows(leaf)) {
      await completeReplacement(database, leaf, replaces);
    } else {
      await withdrawLeaf(database, leaf);
    }
    return true;
  }

  /** The code of a refusal, or undefined; throws when there is no answer of the register. */
  async #post(path: string, body: object): Promise<string | undefined> {
    const answer = await this.#deps.fetch(this.#deps.registerUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REGISTER_MILLISECONDS),
    });
    if (answer.ok) return undefined;
    return z.object({ code: z.string() }).parse(await answer.json()).code;
  }

  async #ask(leaf: string): Promise<Registered | 'unknown'> {
    try {
      const answer = await this.#deps.fetch(`${this.#deps.registerUrl}/v1/leaves/${leaf}`, {
        signal: AbortSignal.timeout(REGISTER_MILLISECONDS),
      });
      const body: unknown = await answer.json();
      if (answer.status === 404 && z.object({ code: z.literal('leaf_unknown') }).safeParse(body).success) {
        return 'unknown';
      }
      if (answer.ok) return registered.parse(body);
    } catch {
      // told below
    }
    throw unreachable();
  }
}

function unreachable(): ProtocolError {
  return new ProtocolError('register_unreachable', 'the register does not answer; try again later');
}

/**
 * Sends one after another until something is thrown; a refusal of one stops no other.
 *
 * @param send - Whether what it sent waits no more; throws when the register was not reached.
 */
async function inTurn<Item>(
  items: readonly Item[],
  send: (item: Item) => Promise<boolean>,
): Promise<{ readonly waiting: number; readonly isReached: boolean }> {
  let waiting = 0;
  for (const [at, item] of items.entries()) {
    try {
      if (!(await send(item))) waiting += 1;
    } catch {
      return { waiting: waiting + items.length - at, isReached: false };
    }
  }
  return { waiting, isReached: true };
}

function read({ status, announcement }: Registered): Standing {
  if (status === 'revoked' || status === 'replaced') return 'gone';
  return announcement?.status === 'open' ? 'announced' : 'active';
}
