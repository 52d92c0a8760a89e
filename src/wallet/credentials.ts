// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The credentials of one person: one for each document, all of one seed, so that whichever answers a
 * request, the pseudonym is the same and nobody counts twice.
 *
 * @module
 */
import { z } from 'zod';
import type { Poseidon } from '../commitment/poseidon.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type Asked, consentOf } from './consent.ts';
import { type Credential, decodeCredential, encodeCredential } from './credential.ts';

/**
 * Most credentials of a person, one for each kind of document.
 */
export const MAX_CREDENTIALS = 5;

function checkOneSeed(credentials: readonly Credential[]): readonly Credential[] {
  const seeds = new Set(credentials.map(({ seed }) => seed));
  const kinds = new Set(credentials.map(({ attributes }) => attributes.document));
  if (seeds.size > 1 || kinds.size !== credentials.length || credentials.length > MAX_CREDENTIALS) {
    throw new ProtocolError('stored_invalid', 'the stored credentials are not one of each kind, of one seed');
  }
  return credentials;
}

/**
 * Stored form; JSON text, for the vault.
 *
 * @throws {@link ProtocolError} `stored_invalid` if they are of several seeds, or two of one kind.
 */
export function encodeCredentials(credentials: readonly Credential[]): string {
  return JSON.stringify(checkOneSeed(credentials).map(encodeCredential));
}

/**
 * Reads the stored form.
 *
 * @throws {@link ProtocolError} `stored_invalid`.
 */
export function decodeCredentials(text: string): readonly Credential[] {
  let texts: readonly string[];
  try {
    texts = z.array(z.string()).parse(JSON.parse(text));
  } catch (cause) {
    throw new ProtocolError('stored_invalid', 'the stored credentials can not be read by this version', { cause });
  }
  return checkOneSeed(texts.map(decodeCredential));
}

/**
 * Takes a published credential in.
 *
 * @param credentials - What there was.
 * @param fresh - A renewal takes the place of the one of its kind; one of another seed, after a reset, of all.
 * @param alone - Whether all others are gone, as after a restore.
 * @returns The newest first.
 */
export function withCredential(
  credentials: readonly Credential[],
  fresh: Credential,
  alone = false,
): readonly Credential[] {
  const stays = ({ seed, attributes }: Credential): boolean =>
    !alone && seed === fresh.seed && attributes.document !== fresh.attributes.document;
  return [fresh, ...credentials.filter(stays)];
}

/**
 * The credential that answers a request best: the one that lacks least, then the one that is valid longest,
 * then the surer one. The choice depends on the request and the credentials alone, so that a platform that
 * asks twice sees no other answer.
 *
 * @param asked - The request; its policy has the day.
 * @param credentials - Of one seed.
 * @returns Undefined if there is none. Whether it answers in full is for `consentOf` to say.
 */
export function chooseCredential(
  asked: Asked,
  credentials: readonly Credential[],
  poseidon: Poseidon,
): Credential | undefined {
  const rated = credentials.map((credential) => ({
    credential,
    lacks: consentOf(asked, credential, poseidon).unmet.length,
  }));
  rated.sort(
    (a, b) =>
      a.lacks - b.lacks ||
      b.credential.attributes.expiry - a.credential.attributes.expiry ||
      b.credential.attributes.assurance - a.credential.attributes.assurance ||
      a.credential.attributes.document - b.credential.attributes.document,
  );
  return rated[0]?.credential;
}
