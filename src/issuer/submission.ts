// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * An issuer's leaves on their way into the register, and what the register says of them. Every step may be
 * repeated: the register answers alike for what it knows already.
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
  unsubmittedLeaves,
  withdrawLeaf,
} from '../storage/submissions.ts';
import type { Standing } from './plan.ts';

/** Milliseconds between two looks at what became of replacements. */
const WATCH_INTERVAL = 60_000;
/** Milliseconds that the register may take to answer. */
const TIMEOUT = 20_000;

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
    const { database } = this.#deps;
    let waiting = 0;
    for (const row of (await unsubmittedLeaves(database)).filter(({ replaces }) => replaces === null)) {
      if (!(await this.#submit(row).catch(() => false))) waiting += 1;
    }
    for (const row of (await openReplacements(database)).filter(({ submitted }) => submitted === 0)) {
      if (!(await this.#submit(row).catch(() => false))) waiting += 1;
    }
    return waiting;
  }

  /**
   * Sends every wish to be revoked that the register has not acknowledged, after the leaves that it may not
   * know yet.
   *
   * @returns How many still wait.
   */
  async submitRequests(): Promise<number> {
    const { database, signingKey } = this.#deps;
    const requests = await openRequests(database);
    if (requests.length > 0) await this.submitPending();
    let waiting = 0;
    for (const leaf of requests) {
      const signature = toBase64Url(sign(requestMessage(parseField(leaf)), signingKey));
      const body = { leaf, issuer: this.#keyId, signature };
      const code = await this.#post('/v1/requests', body).catch(() => 'register_unreachable');
      // One that is revoked or replaced already is dead, as was wished.
      if (code === undefined || GONE.has(code)) await markRequested(database, leaf);
      else waiting += 1;
    }
    return waiting;
  }

  /** Looks at what became of replacements, once in a while. */
  async watch(): Promise<void> {
    const now = this.#deps.clock();
    if (now < this.#watched + WATCH_INTERVAL) return;
    this.#watched = now;
    await this.settle(await openReplacements(this.#deps.database));
  }

  /** Looks at what became of replacements that the register has acknowledged. A silent register tells nothing. */
  async settle(rows: readonly Underway[]): Promise<void> {
    for (const { leaf, replaces } of rows.filter(({ submitted }) => submitted === 1)) {
      const state = await this.#ask(leaf).catch(() => undefined);
      if (replaces === null || state === undefined) continue;
      if (state === 'unknown') {
        await markFallen(this.#deps.database, leaf);
      } else if (state.status !== 'pending') {
        await completeReplacement(this.#deps.database, leaf, replaces);
      }
    }
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
    const state = await this.#ask(leaf).catch(() => 'unknown' as const);
    if (state !== 'unknown') return { status: state.status, index: state.index, checkpoint: state.checkpoint };
    await this.submitPending();
    return { status: (await hasLeaf(this.#deps.database, leaf)) ? 'pending' : 'withdrawn' };
  }

  /** Sends one leaf; whether it waits no more. */
  async #submit({ leaf, signature, replaces }: Underway): Promise<boolean> {
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

  /** The code of a refusal, or undefined. */
  async #post(path: string, body: object): Promise<string | undefined> {
    const answer = await this.#deps.fetch(this.#deps.registerUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (answer.ok) return undefined;
    return z.object({ code: z.string() }).parse(await answer.json()).code;
  }

  async #ask(leaf: string): Promise<Registered | 'unknown'> {
    try {
      const answer = await this.#deps.fetch(`${this.#deps.registerUrl}/v1/leaves/${leaf}`, {
        signal: AbortSignal.timeout(TIMEOUT),
      });
      const body: unknown = await answer.json();
      if (answer.status === 404 && z.object({ code: z.literal('leaf_unknown') }).safeParse(body).success) {
        return 'unknown';
      }
      if (answer.ok) return registered.parse(body);
    } catch {
      // told below
    }
    throw new ProtocolError('register_unreachable', 'the register does not answer; try again later');
  }
}

function read({ status, announcement }: Registered): Standing {
  if (status === 'revoked' || status === 'replaced') return 'gone';
  return announcement?.status === 'open' ? 'announced' : 'active';
}
