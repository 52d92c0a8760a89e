// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Signed notes as C2SP `signed-note` specifies them, with Ed25519 keys.
 *
 * ```text
 * note   = text || "\n" || one or more of: "— " || name || " " || base64(key id || signature) || "\n"
 * key id = SHA-256(name || 0x0A || 0x01 || public key)[:4]
 * ```
 *
 * The text ends in a newline, which is signed with it. Lines of unknown keys are ignored: they are the
 * place of witnesses' cosignatures and of a next key. https://c2sp.org/signed-note; docs/protocol.md
 * section 7.
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

const ED25519 = Uint8Array.of(1);
const MAX_LENGTH = 100_000;
const MAX_SIGNATURES = 64;

/** A key that signs notes, as its verifiers pin it. */
export interface NoteKey {
  /** Not empty, without spaces and plus signs. */
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** First four bytes of the hash of a key, its name and its kind. */
function keyHash({ name, publicKey }: NoteKey): Uint8Array {
  return sha256(concatBytes(utf8ToBytes(`${name}\n`), ED25519, publicKey)).subarray(0, 4);
}

/** Whether a text may be the name of a key. */
export function isKeyName(name: string): boolean {
  return /^[^\s+\p{Cc}]+$/u.test(name);
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
  if (!isNoteText(text) || !isKeyName(name)) {
    throw invalid('a note is text that ends in a newline, its key a name without spaces');
  }
  const publicKey = ed25519.getPublicKey(secretKey);
  const signature = ed25519.sign(utf8ToBytes(text), secretKey);
  return `${text}\n— ${name} ${toBase64(concatBytes(keyHash({ name, publicKey }), signature))}\n`;
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
  const split = note.lastIndexOf('\n\n');
  if (note.length > MAX_LENGTH || split < 0 || !note.endsWith('\n')) {
    throw invalid('a note is text, an empty line and signature lines');
  }
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (!isNoteText(text) || lines.length > MAX_SIGNATURES) {
    throw invalid('a note is text, an empty line and signature lines');
  }
  const wanted = keyHash(key);
  let signed = false;
  for (const { name, bytes } of lines.map(parseLine)) {
    if (name === key.name && equalBytes(bytes.subarray(0, 4), wanted)) {
      if (!isSignedBy(utf8ToBytes(text), bytes.subarray(4), key.publicKey)) {
        throw invalid('the signature of the note does not hold');
      }
      signed = true;
    }
  }
  if (!signed) {
    throw invalid('the note is not signed by the key that it should be signed by');
  }
  return text;
}

function parseLine(line: string): { readonly name: string; readonly bytes: Uint8Array } {
  const [, name = '', signature = ''] = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
  const bytes = fromBase64(signature);
  if (!isKeyName(name) || bytes.length < 5) {
    throw invalid('a signature line of the note is malformed');
  }
  return { name, bytes };
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
