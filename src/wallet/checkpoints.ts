// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The register's checkpoints as the wallet takes them. Whatever serves them, and wherever they were kept,
 * they are opened here and nowhere else. docs/protocol.md section 7.
 *
 * @module
 */
import { z } from 'zod';
import type { Checkpoint } from '../log/checkpoint.ts';
import { openWitnessed, type WitnessPolicy } from '../log/cosignature.ts';
import type { NoteKey } from '../log/note.ts';
import { openNotes, requireFresh } from '../log/witnessed.ts';
import type { Clock, Fetch, RegisterConfig } from './environment.ts';
import { jsonOf, send } from './http.ts';

/** Checkpoints in one answer: three matter. */
const MAX_CHECKPOINTS = 8;
/** Longest note: a checkpoint with the lines of 64 witnesses. */
const MAX_NOTE = 16_384;

/** A checkpoint with the note that it came in. */
export interface SignedCheckpoint {
  /** As received. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

const answerSchema = z.object({ checkpoints: z.array(z.string().max(MAX_NOTE)).min(1).max(MAX_CHECKPOINTS) });

const keyOf = ({ name, key }: RegisterConfig): NoteKey => ({ name, publicKey: key });
const policyOf = ({ witnesses, threshold }: RegisterConfig): WitnessPolicy => ({ keys: witnesses, threshold });

/**
 * Opens a checkpoint that the wallet is to rely on.
 *
 * @param note - Untrusted.
 * @throws ProtocolError `checkpoint_invalid`, `checkpoint_not_witnessed`.
 */
export function openAccepted(note: string, register: RegisterConfig): SignedCheckpoint {
  return { note, checkpoint: openWitnessed(note, keyOf(register), policyOf(register)) };
}

/**
 * Downloads the register's checkpoints that matter now, as far as enough witnesses cosigned them.
 *
 * @param from - Base URL of a mirror; the register's own by default.
 * @throws ProtocolError `checkpoint_invalid`, `checkpoint_not_witnessed` if none is witnessed,
 * `checkpoints_stale` if a newer one has not been for too long, `network_failed`, `response_invalid`.
 */
export async function fetchCheckpoints(
  register: RegisterConfig,
  deps: { readonly fetch: Fetch; readonly clock: Clock; readonly signal?: AbortSignal },
  from = register.url,
): Promise<readonly SignedCheckpoint[]> {
  const answer = await send(deps.fetch, { url: `${from}/v1/checkpoints`, signal: deps.signal });
  const { checkpoints } = jsonOf(answer, answerSchema, 'the register');
  const opened = openNotes(checkpoints, keyOf(register), policyOf(register), deps.clock());
  requireFresh(opened, register, deps.clock());
  return opened.witnessed;
}

/** Size of the largest log among checkpoints; 0 if there are none. */
export function newestSize(signed: readonly SignedCheckpoint[]): number {
  return Math.max(0, ...signed.map(({ checkpoint }) => checkpoint.size));
}
