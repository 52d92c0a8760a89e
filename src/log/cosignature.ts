// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Cosignatures: a witness states that at a time this was the largest checkpoint of the log that it had
 * seen, consistent with all it saw before. C2SP `tlog-cosignature` v1 with Ed25519:
 *
 * ```text
 * line    = "— " || name || " " || base64(key id || timestamp u64 || signature) || "\n"
 * signed  = "cosignature/v1\ntime " || timestamp || "\n" || text of the checkpoint
 * ```
 *
 * Timestamps are Unix seconds, big-endian; those above 2^53 - 1 are refused. Our witnesses state more:
 * they replayed the log (src/log/replay.ts) and cosign one presentation root an epoch.
 * https://c2sp.org/tlog-cosignature; docs/protocol.md section 7.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from '../protocol/errors.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { equalBytes } from './merkle.ts';
import { type Note, type NoteKey, parseNote, signatureLine, signaturesOf } from './note.ts';
import { isSignedBy } from './signatures.ts';

const TIMESTAMP_BYTES = 8;

/** Which witnesses a client trusts, and how many of them must have cosigned a checkpoint. */
export interface WitnessPolicy {
  /** Different names, different public keys. */
  readonly keys: readonly NoteKey[];
  /** At most the number of keys; 0 only for the register and for witnesses themselves. */
  readonly threshold: number;
}

/** A cosignature that holds. */
export interface Cosignature {
  readonly witness: NoteKey;
  /** When it was made, by the witness's clock, Unix seconds. */
  readonly time: number;
}

/** A checkpoint with the cosignatures that it was opened with. */
export interface WitnessedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** One for each witness of the policy that cosigned, the latest of each. */
  readonly cosignatures: readonly Cosignature[];
}

/**
 * Cosigns a checkpoint. The caller has verified it and stored that it did.
 *
 * @param note - The signed checkpoint.
 * @param name - Name of the witness.
 * @param secretKey - Ed25519, 32 bytes; used under no other name, for the name is not signed.
 * @param time - Unix seconds.
 * @returns The signature line, with its final newline: it is appended to the note.
 * @throws {@link ProtocolError} `note_invalid` for a malformed note or name.
 */
export function cosign(note: string, name: string, secretKey: Uint8Array, time: number): string {
  const signature = ed25519.sign(cosignedMessage(parseNote(note).text, time), secretKey);
  const timestamp = hexToBytes(time.toString(16).padStart(2 * TIMESTAMP_BYTES, '0'));
  const key = { name, publicKey: ed25519.getPublicKey(secretKey) };
  return signatureLine(key, 'cosignature', concatBytes(timestamp, signature));
}

function cosignedMessage(text: string, time: number): Uint8Array {
  if (!Number.isSafeInteger(time) || time < 0) {
    throw new ProtocolError('note_invalid', 'the time of a cosignature is whole seconds since 1970');
  }
  return utf8ToBytes(`cosignature/v1\ntime ${String(time)}\n${text}`);
}

/**
 * Finds the cosignatures of known witnesses on a note.
 *
 * @param note - Untrusted.
 * @param witnesses - The keys to trust.
 * @returns One for each witness that cosigned, the latest of each.
 * @throws {@link ProtocolError} `note_invalid` if the note is malformed or a cosignature in the name of
 * a known key does not hold.
 */
export function cosignaturesOf(note: string, witnesses: readonly NoteKey[]): readonly Cosignature[] {
  const parsed = parseNote(note);
  return witnesses.flatMap((witness) => {
    const times = signaturesOf(parsed, witness, 'cosignature').map((signature) => timeOf(parsed, signature, witness));
    return times.length === 0 ? [] : [{ witness, time: Math.max(...times) }];
  });
}

function timeOf({ text }: Note, signature: Uint8Array, { publicKey }: NoteKey): number {
  const time = Number(`0x${bytesToHex(signature.subarray(0, TIMESTAMP_BYTES))}`);
  if (!isSignedBy(cosignedMessage(text, time), signature.subarray(TIMESTAMP_BYTES), publicKey)) {
    throw new ProtocolError('note_invalid', 'a cosignature in the name of a known witness does not hold');
  }
  return time;
}

/**
 * Opens a checkpoint that enough witnesses cosigned.
 *
 * @param note - Untrusted.
 * @param register - The register's key; its name is the origin that is expected.
 * @param policy - The witnesses to trust.
 * @throws {@link ProtocolError} `checkpoint_invalid` as `openCheckpoint` says, and if a cosignature in
 * the name of a trusted witness does not hold; `checkpoint_not_witnessed` with fewer cosignatures than
 * the policy asks for; `witness_policy_invalid`.
 */
export function openWitnessed(note: string, register: NoteKey, policy: WitnessPolicy): Checkpoint {
  return openWithCosignatures(note, register, policy).checkpoint;
}

/** As {@link openWitnessed}, and says who cosigned when. */
export function openWithCosignatures(note: string, register: NoteKey, policy: WitnessPolicy): WitnessedCheckpoint {
  checkWitnessPolicy(policy);
  const checkpoint = openCheckpoint(note, register);
  let cosignatures: readonly Cosignature[];
  try {
    cosignatures = cosignaturesOf(note, policy.keys);
  } catch (cause) {
    throw new ProtocolError('checkpoint_invalid', 'a cosignature of the checkpoint does not hold', { cause });
  }
  if (cosignatures.length < policy.threshold) {
    throw new ProtocolError(
      'checkpoint_not_witnessed',
      `the checkpoint has ${String(cosignatures.length)} cosignatures of known witnesses, ${String(policy.threshold)} are needed`,
    );
  }
  return { checkpoint, cosignatures };
}

/**
 * Checks that a policy counts every witness once: a key under two names would count twice, for
 * cosignatures do not sign names.
 *
 * @throws {@link ProtocolError} `witness_policy_invalid`.
 */
export function checkWitnessPolicy({ keys, threshold }: WitnessPolicy): void {
  const distinct = keys.every(
    ({ name, publicKey }, i) =>
      publicKey.length === 32 &&
      keys.findIndex((other) => other.name === name || equalBytes(other.publicKey, publicKey)) === i,
  );
  if (!distinct || !Number.isSafeInteger(threshold) || threshold < 0 || threshold > keys.length) {
    throw new ProtocolError(
      'witness_policy_invalid',
      'a witness policy has different names and keys, and a threshold of at most their number',
    );
  }
}
