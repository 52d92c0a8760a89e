// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Twelve words that carry 128 random bits (BIP-39), in English or in simplified Chinese: the way to a
 * backup without a PIN and without guards. The words are an encoding; no passphrase is mixed in.
 *
 * @module
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist as english } from '@scure/bip39/wordlists/english.js';
import { wordlist as chinese } from '@scure/bip39/wordlists/simplified-chinese.js';
import { ProtocolError } from '../protocol/errors.ts';
import type { Random } from './environment.ts';

/** Bytes in a phrase. */
export const PHRASE_BYTES = 16;
/** Words in a phrase. */
export const PHRASE_WORDS = 12;

const LISTS = { en: english, zh: chinese } as const;

/** Languages of the words. */
export type PhraseLanguage = keyof typeof LISTS;

/** Draws the bits of a new phrase. */
export function createPhrase(random: Random): Uint8Array {
  return random(PHRASE_BYTES);
}

/** The words of a phrase, to be written down. */
export function phraseWords(entropy: Uint8Array, language: PhraseLanguage): readonly string[] {
  return entropyToMnemonic(entropy, LISTS[language]).split(' ');
}

/**
 * Reads words back, in either language, however they are spaced and capitalised; Chinese ones also
 * without spaces.
 *
 * @returns 16 bytes.
 * @throws {@link ProtocolError} `phrase_length`, `phrase_word_unknown` (naming the place, never the
 * word), `phrase_checksum`: a word is another one, or two changed places.
 */
export function readPhrase(text: string): Uint8Array {
  const plain = text.normalize('NFKD').toLowerCase().trim();
  const words = /^[\p{Script=Han}\s]+$/u.test(plain) ? Array.from(plain.replaceAll(/\s/g, '')) : plain.split(/\s+/);
  if (words.length !== PHRASE_WORDS) {
    throw new ProtocolError('phrase_length', `a phrase has ${String(PHRASE_WORDS)} words`);
  }
  const list = Object.values(LISTS).find((candidate) => words.some((word) => candidate.includes(word)));
  const wrong = words.findIndex((word) => list?.includes(word) !== true);
  if (list === undefined || wrong >= 0) {
    throw new ProtocolError('phrase_word_unknown', `word ${String(wrong + 1)} is not one of the list`);
  }
  try {
    return mnemonicToEntropy(words.join(' '), list);
  } catch {
    throw new ProtocolError(
      'phrase_checksum',
      'these words do not belong together; compare them with what was written',
    );
  }
}
