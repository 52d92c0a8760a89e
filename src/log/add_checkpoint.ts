// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The body of `POST /add-checkpoint`, by which a register asks a witness for a cosignature, as C2SP
 * `tlog-witness` specifies it:
 *
 * ```text
 * old 4700                                           size that the witness cosigned last, or 0
 * PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=       consistency proof, at most 63 hashes
 *
 * register.bauta.example/v1                          the checkpoint: a signed note
 * …
 * ```
 *
 * https://c2sp.org/tlog-witness; docs/protocol.md section 7.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64, toBase64 } from './note.ts';

/** Most hashes of a consistency proof. */
export const MAX_PROOF_HASHES = 63;
/** Largest body that a witness reads, bytes: a proof of 63 hashes, and a note with all its signatures. */
export const MAX_ADD_CHECKPOINT_BYTES = 16_384;
/** Content type of the answer to another old size than the witness's own: the size in decimal, and a newline. */
export const SIZE_TYPE = 'text/x.tlog.size';

/** What a register sends. */
export interface AddCheckpoint {
  /** Size of the checkpoint that the witness cosigned last; 0 if it never did. */
  readonly oldSize: number;
  /** RFC 6962 consistency proof from there to the checkpoint. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint. */
  readonly note: string;
}

/** Writes a body. */
export function encodeAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): string {
  return [`old ${String(oldSize)}`, ...proof.map(toBase64), '', note].join('\n');
}

/**
 * Reads a body; the note in it is not opened.
 *
 * @param body - Untrusted.
 * @throws {@link ProtocolError} `add_checkpoint_invalid`.
 */
export function parseAddCheckpoint(body: string): AddCheckpoint {
  const split = body.indexOf('\n\n');
  const [first = '', ...lines] = body.slice(0, Math.max(0, split)).split('\n');
  const [, digits] = /^old (0|[1-9]\d{0,15})$/.exec(first) ?? [];
  const oldSize = Number(digits);
  if (!Number.isSafeInteger(oldSize) || lines.length > MAX_PROOF_HASHES) {
    throw invalid();
  }
  let proof: readonly Uint8Array[];
  try {
    proof = lines.map(fromBase64);
  } catch (cause) {
    throw invalid({ cause });
  }
  if (proof.some((hash) => hash.length !== 32)) {
    throw invalid();
  }
  return { oldSize, proof, note: body.slice(split + 2) };
}

/**
 * Reads the size that a witness names instead of the register's.
 *
 * @returns Undefined if it is not in its one form.
 */
export function parseSize(text: string): number | undefined {
  const [, digits] = /^(0|[1-9]\d{0,15})\n$/.exec(text) ?? [];
  const size = Number(digits);
  return Number.isSafeInteger(size) ? size : undefined;
}

function invalid(options?: ErrorOptions): ProtocolError {
  return new ProtocolError(
    'add_checkpoint_invalid',
    'send the old size, a consistency proof, an empty line and a checkpoint, as C2SP tlog-witness has it',
    options,
  );
}
