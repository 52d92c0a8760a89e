// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The register's checkpoints as the wallet takes them. Whatever serves them, and wherever they were kept,
 * they are opened here and nowhere else. docs/protocol.md section 7.
 *
 * @module
 */
import { z } from 'zod';
import { type Checkpoint, openCheckpoint } from '../log/checkpoint.ts';
import type { Fetch, RegisterConfig } from './environment.ts';
import { jsonOf, send } from './http.ts';

/** Checkpoints in one answer: three matter. */
const MAX_CHECKPOINTS = 8;

/** A checkpoint with the note that it came in. */
export interface SignedCheckpoint {
  /** As received. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

const answerSchema = z.object({ checkpoints: z.array(z.string().max(4096)).min(1).max(MAX_CHECKPOINTS) });

/**
 * Opens a checkpoint that the wallet is to rely on.
 *
 * @param note - Untrusted.
 * @throws ProtocolError `checkpoint_invalid`.
 */
export function openAccepted(note: string, register: RegisterConfig): SignedCheckpoint {
  return { note, checkpoint: openCheckpoint(note, { name: register.name, publicKey: register.key }) };
}

/**
 * Downloads the register's checkpoints that matter now.
 *
 * @param from - Base URL of a mirror; the register's own by default.
 * @throws ProtocolError `checkpoint_invalid`, `network_failed`, `response_invalid`.
 */
export async function fetchCheckpoints(
  register: RegisterConfig,
  deps: { readonly fetch: Fetch; readonly signal?: AbortSignal },
  from = register.url,
): Promise<readonly SignedCheckpoint[]> {
  const answer = await send(deps.fetch, { url: `${from}/v1/checkpoints`, signal: deps.signal });
  const { checkpoints } = jsonOf(answer, answerSchema, 'the register');
  return checkpoints.map((note) => openAccepted(note, register));
}

/** Size of the largest log among checkpoints; 0 if there are none. */
export function newestSize(signed: readonly SignedCheckpoint[]): number {
  return Math.max(0, ...signed.map(({ checkpoint }) => checkpoint.size));
}
