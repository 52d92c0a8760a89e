// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The first step of an enrolment: a document, checked, becomes the attributes that a credential will
 * have and the keyed tag of its person. docs/protocol.md section 8.
 *
 * @module
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { Hono } from 'hono';
import { z } from 'zod';
import type { AnchorSet } from '../documents/anchors.ts';
import { type PassportFiles, readPassport } from '../documents/person.ts';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { ASSURANCE_LEVELS, ATTRIBUTES_VERSION, DOCUMENT_KINDS } from '../protocol/attributes.ts';
import { dateInZone, monthStart, monthStartAfter } from '../protocol/dates.ts';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { countAttempt, type Session, type Sessions } from './session.ts';

/** Documents that may be tried in one session. */
export const MAX_DOCUMENT_ATTEMPTS = 10;
/** Largest JSON body with a document's files, in bytes. */
export const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;

/** What the step needs from outside. */
export interface DocumentDeps {
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  readonly timeZone: string;
  /** Key of the person tags, 32 bytes. */
  readonly dedupKey: Uint8Array;
  /** The issuer's number in credentials, 0 to 4095. */
  readonly issuerNumber: number;
  /** Country signing keys that are trusted. */
  readonly anchors: AnchorSet;
}

const file = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .transform(fromBase64Url);
const documentBody = z.strictObject({
  sod: file,
  dg1: file,
  dg2: file,
  dg14: file.optional(),
  dg15: file.optional(),
});

/**
 * Checks a passport: passive authentication, dates, number of the person. A document that was accepted
 * earlier in the session is forgotten, with what followed from it.
 *
 * @throws {@link ProtocolError} the codes of `readPassport`, `document_expires_too_soon`,
 * `attempts_exhausted`.
 */
function acceptPassport(session: Session, files: PassportFiles, deps: DocumentDeps): void {
  countAttempt(++session.documents, MAX_DOCUMENT_ATTEMPTS);
  const today = dateInZone(deps.clock(), deps.timeZone);
  const passport = readPassport(files, { anchors: deps.anchors, at: deps.clock(), today });
  const expiry = monthStart(passport.expiry);
  if (expiry < today) {
    throw new ProtocolError('document_expires_too_soon', 'the document has expired or expires within this month');
  }
  session.evidence = {
    dedupTag: dedupTagOf(passport.personNumber, deps.dedupKey),
    portrait: passport.portrait.bytes,
    chip: { dg14: files.dg14, dg15: files.dg15 },
    attributes: {
      version: ATTRIBUTES_VERSION,
      document: DOCUMENT_KINDS.passport,
      nationality: passport.nationality,
      region: 0,
      // The chip is not challenged yet: its files could be a copy.
      assurance: ASSURANCE_LEVELS.copyable_data,
      phone: 0,
      birth: passport.birth,
      expiry,
      issued: monthStart(today),
      secretSince: monthStartAfter(today),
      generation: 0,
      issuer: deps.issuerNumber,
    },
  };
  session.challenge = undefined;
  session.status = 'document_accepted';
}

function dedupTagOf(personNumber: string, key: Uint8Array): string {
  return bytesToHex(hmac(sha256, key, concatBytes(utf8ToBytes(MESSAGE_TAG.dedup), utf8ToBytes(personNumber))));
}

/**
 * HTTP of the step.
 *
 * @param sessions - Open sessions.
 * @param deps - Everything from outside.
 * @param bearer - Reads the token from the Authorization header.
 */
export function documentRoutes(
  sessions: Sessions,
  deps: DocumentDeps,
  bearer: (header: string | undefined) => string,
): Hono {
  const app = new Hono();

  app.put(
    '/v1/enrolments/:id/document',
    requireContentType('application/json'),
    bodyLimit(MAX_DOCUMENT_BYTES),
    async (c) => {
      const files = await readJson(c, documentBody);
      const token = bearer(c.req.header('authorization'));
      await sessions.run(c.req.param('id'), token, ['open', 'document_accepted'], (session) => {
        acceptPassport(session, files, deps);
      });
      return c.json({ status: 'document_accepted' });
    },
  );
  return app;
}
