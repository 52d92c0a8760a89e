// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Signed notes as C2SP `signed-note` specifies them: a text and any number of signature lines, by keys
 * of several kinds.
 *
 * ```text
 * note   = text || "\n" || one or more of: "— " || name || " " || base64(key id || signature) || "\n"
 * key id = SHA-256(name || 0x0A || kind || public key)[:4]
 * ```
 *
 * The text ends in a newline, which is signed with it. A signature of kind 0x01 is Ed25519 over the
 * text; kind 0x04 is a witness's cosignature (src/log/cosignature.ts). Lines of unknown keys are
 * ignored. https://c2sp.org/signed-note; docs/protocol.md section 7.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { equalBytes } from './merkle.ts';
import { isSignedBy } from './signatures.ts';

/** Largest note, UTF-16 code units: room for the checkpoint and for every line below. */
const MAX_LENGTH = 100_000;
/** Most signature lines of a note. */
const MAX_SIGNATURES = 64;
const KEY_ID_BYTES = 4;

/** What the signatures of a key are over; the byte enters the key's id. */
const KIND = { note: 0x01, cosignature: 0x04 } as const;

/** `note`: signs texts. `cosignature`: signs that it saw a checkpoint at a time. */
export type KeyKind = keyof typeof KIND;

/** A key that signs or cosigns notes, as its verifiers pin it. */
export interface NoteKey {
  /** Not empty, without spaces and plus signs. */
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A signature line of a note. */
export interface SignatureLine {
  /** Name of the key. */
  readonly name: string;
  /** Key id and signature. */
  readonly bytes: Uint8Array;
}

/** A note taken apart; nothing is verified yet. */
export interface Note {
  /** Ends in a newline. */
  readonly text: string;
  /** In the order of the note. */
  readonly lines: readonly SignatureLine[];
}

/** First four bytes of the hash of a key, its name and its kind. */
function keyId({ name, publicKey }: NoteKey, kind: KeyKind): Uint8Array {
  const hashed = concatBytes(utf8ToBytes(`${name}\n`), Uint8Array.of(KIND[kind]), publicKey);
  return sha256(hashed).subarray(0, KEY_ID_BYTES);
}

/** Whether a text may be the name of a key. */
export function isKeyName(name: string): boolean {
  return /^[^\s+\p{Cc}]+$/u.test(name);
}

/**
 * Takes a note apart.
 *
 * @param note - Untrusted; at most 100,000 code units and 64 signature lines.
 * @throws {@link ProtocolError} `note_invalid` if it is malformed.
 */
export function parseNote(note: string): Note {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  if (note.length > MAX_LENGTH || split < 0 || !isNoteText(text)) {
    throw invalid('a note is text, an empty line and signature lines');
  }
  return { text, lines: parseSignatureLines(note.slice(split + 2)) };
}

/**
 * Reads signature lines that come without their note, as a witness answers.
 *
 * @param text - Untrusted; lines that each end in a newline, one at least and at most 64.
 * @throws {@link ProtocolError} `note_invalid`.
 */
export function parseSignatureLines(text: string): readonly SignatureLine[] {
  const lines = text.slice(0, -1).split('\n');
  if (text.length > MAX_LENGTH || !text.endsWith('\n') || lines.length > MAX_SIGNATURES) {
    throw invalid('a note is text, an empty line and signature lines');
  }
  return lines.map((line) => {
    const [, name = '', signature = ''] = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
    const bytes = fromBase64(signature);
    if (!isKeyName(name) || bytes.length <= KEY_ID_BYTES) {
      throw invalid('a signature line of the note is malformed');
    }
    return { name, bytes };
  });
}

/**
 * The signatures that a note carries in the name of a key; what they are over depends on the kind, and
 * the caller verifies them.
 *
 * @returns Without the key's id.
 */
export function signaturesOf(note: Note, key: NoteKey, kind: KeyKind): readonly Uint8Array[] {
  const id = keyId(key, kind);
  return note.lines
    .filter(({ name, bytes }) => name === key.name && equalBytes(bytes.subarray(0, KEY_ID_BYTES), id))
    .map(({ bytes }) => bytes.subarray(KEY_ID_BYTES));
}

/**
 * Writes a signature line.
 *
 * @returns With its final newline.
 * @throws {@link ProtocolError} `note_invalid` if the key's name cannot stand in a note.
 */
export function signatureLine(key: NoteKey, kind: KeyKind, signature: Uint8Array): string {
  if (!isKeyName(key.name)) {
    throw invalid('the name of a key is not empty and has no spaces and plus signs');
  }
  return `— ${key.name} ${toBase64(concatBytes(keyId(key, kind), signature))}\n`;
}

/**
 * Signs a text.
 *
 * @param text - Ends in a newline; no other control characters.
 * @param name - Name of the key.
 * @param secretKey - Ed25519, 32 bytes.
 * @returns The note.
 * @throws {@link ProtocolError} `note_invalid` if text or name cannot stand in a note.
 */
export function signNote(text: string, name: string, secretKey: Uint8Array): string {
  if (!isNoteText(text)) {
    throw invalid('a note is text that ends in a newline');
  }
  const publicKey = ed25519.getPublicKey(secretKey);
  const signature = ed25519.sign(utf8ToBytes(text), secretKey);
  return `${text}\n${signatureLine({ name, publicKey }, 'note', signature)}`;
}

/**
 * Returns a note's text if the key signed it.
 *
 * @param note - Untrusted.
 * @param key - The key to trust.
 * @throws {@link ProtocolError} `note_invalid` if the note is malformed, not signed by the key, or
 * carries a signature in the key's name that does not hold.
 */
export function openNote(note: string, key: NoteKey): string {
  const parsed = parseNote(note);
  const signatures = signaturesOf(parsed, key, 'note');
  if (signatures.length === 0) {
    throw invalid('the note is not signed by the key that it should be signed by');
  }
  if (!signatures.every((signature) => isSignedBy(utf8ToBytes(parsed.text), signature, key.publicKey))) {
    throw invalid('the signature of the note does not hold');
  }
  return parsed.text;
}

function isNoteText(text: string): boolean {
  // Control characters other than the newline, and halves of surrogate pairs, which UTF-8 cannot write.
  return text.endsWith('\n') && !/(?!\n)[\p{Cc}\p{Cs}]/u.test(text);
}

/** Base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  const text = toBase64Url(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

/**
 * Reads base64 with padding, in its one canonical form.
 *
 * @throws {@link ProtocolError} `note_invalid`.
 */
export function fromBase64(text: string): Uint8Array {
  let bytes: Uint8Array | undefined;
  if (!/[-_]/.test(text)) {
    try {
      bytes = fromBase64Url(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));
    } catch {
      // told below
    }
  }
  if (bytes === undefined || toBase64(bytes) !== text) {
    throw invalid('the note holds malformed base64');
  }
  return bytes;
}

function invalid(message: string): ProtocolError {
  return new ProtocolError('note_invalid', message);
}
