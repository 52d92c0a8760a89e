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
import { CARD_STATE, judgeCard } from '../documents/cards.ts';
import { CARD_KINDS, type CardKind } from '../documents/numbers.ts';
import { type PassportFiles, personNumberOf, readPassport } from '../documents/person.ts';
import type { Revocations } from '../documents/revocation.ts';
import { readJson, requireContentType } from '../http/limits.ts';
import { ASSURANCE_LEVELS, ATTRIBUTES_VERSION, DOCUMENT_KINDS, type DocumentKind } from '../protocol/attributes.ts';
import { type CalendarDate, dateInZone, monthStart, monthStartAfter } from '../protocol/dates.ts';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url } from '../protocol/scope.ts';
import { type DocumentDecoder, MAX_CARD_BYTES } from './decoder.ts';
import { type PersonRegistry, resolvePerson } from './registry.ts';
import { bodyReader } from './reading.ts';
import { countAttempt, type Evidence, isAttempt, type Session, type Sessions } from './session.ts';

/** Documents that may be tried in one session; one that a silent authority kept from being read is none. */
export const MAX_DOCUMENT_ATTEMPTS = 10;
/** Largest JSON body with a document's files, in bytes. */
export const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;
/** Documents that are read; a real one has a twentieth of the largest, so all sessions can send theirs at once. */
const DOCUMENTS = {
  limit: MAX_DOCUMENT_BYTES,
  together: 256 * 1024 * 1024,
  busy: ['enrolments_full', 'too many documents are being received; try again in a minute'],
} as const;

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
  /** What is known about revoked document signers; without it nothing is, and everything is taken. */
  readonly revocations?: Revocations | undefined;
  /** Decodes cards; without it passports alone are taken. */
  readonly decoder?: DocumentDecoder | undefined;
  /** Knows people by their documents; without it a document's own number counts. */
  readonly registry?: PersonRegistry | undefined;
}

const file = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .transform(fromBase64Url);
const passportBody = z.strictObject({
  kind: z.literal('passport'),
  sod: file,
  dg1: file,
  dg2: file,
  dg11: file.optional(),
  dg14: file.optional(),
  dg15: file.optional(),
});
const cardBody = z.strictObject({
  kind: z.enum(CARD_KINDS),
  card: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .max(Math.ceil((MAX_CARD_BYTES * 4) / 3))
    .transform(fromBase64Url),
});
const documentBody = z.discriminatedUnion('kind', [passportBody, cardBody]);

/** Names of the kinds that an issuer takes. */
export function documentKinds({ decoder }: Pick<DocumentDeps, 'decoder'>): readonly DocumentKind[] {
  return ['passport', ...(decoder?.kinds ?? [])];
}

/** What a checked document says, before it becomes attributes. */
interface Shown {
  readonly kind: DocumentKind;
  readonly nationality: number;
  readonly region: number;
  readonly birth: CalendarDate;
  readonly expiry: CalendarDate;
  readonly assurance: number;
  readonly personNumber: string;
  readonly portrait: Uint8Array;
  readonly chip: Evidence['chip'];
}

async function readPassportOf(files: PassportFiles, today: CalendarDate, deps: DocumentDeps): Promise<Shown> {
  const trust = { anchors: deps.anchors, revocations: deps.revocations };
  const passport = readPassport(files, { ...trust, at: deps.clock(), today });
  const { issuingState: state, documentNumber: number, birth } = passport;
  const own = personNumberOf(passport);
  return {
    ...passport,
    kind: 'passport',
    region: 0,
    // The chip is not challenged yet: its files could be a copy.
    assurance: ASSURANCE_LEVELS.copyable_data,
    personNumber: await resolvePerson({ kind: 'passport', state, number, birth, own }, deps.registry),
    portrait: passport.portrait.bytes,
    chip: { dg14: files.dg14, dg15: files.dg15 },
  };
}

async function readCardOf(
  { kind, card }: { readonly kind: CardKind; readonly card: Uint8Array },
  challenge: Uint8Array,
  today: CalendarDate,
  { decoder, registry }: DocumentDeps,
): Promise<Shown> {
  if (decoder?.kinds.includes(kind) !== true) {
    throw new ProtocolError('document_kind_unsupported', 'this issuer does not take documents of this kind');
  }
  const reading = await decoder.decode(kind, card, challenge);
  const { number, personNumber: own, ...holder } = judgeCard(reading, today);
  const asked = { kind, state: CARD_STATE, number, birth: holder.birth, own };
  return {
    ...holder,
    kind,
    // The authority has just confirmed a card that answered; without the answer its data could be a copy.
    assurance: reading.answered ? ASSURANCE_LEVELS.confirmed_by_authority : ASSURANCE_LEVELS.copyable_data,
    personNumber: await resolvePerson(asked, registry),
    portrait: reading.portrait.bytes,
    chip: {},
  };
}

/**
 * Checks a document: of a passport passive authentication and dates, of a card what its authority signed;
 * then the number of the person. A document that was accepted earlier in the session is forgotten, with
 * what followed from it.
 *
 * @throws {@link ProtocolError} the codes of `readPassport`, `DocumentDecoder` and `judgeCard`, those of
 * `resolvePerson`, `document_kind_unsupported`, `document_expires_too_soon`, `attempts_exhausted`.
 */
async function acceptDocument(
  session: Session,
  given: z.output<typeof documentBody>,
  deps: DocumentDeps,
): Promise<void> {
  countAttempt(++session.documents, MAX_DOCUMENT_ATTEMPTS);
  const today = dateInZone(deps.clock(), deps.timeZone);
  const reading =
    given.kind === 'passport'
      ? readPassportOf(given, today, deps)
      : readCardOf(given, fromBase64Url(session.id), today, deps);
  const shown = await reading.catch((error: unknown) => {
    if (!isAttempt(error)) session.documents--;
    throw error;
  });
  const expiry = monthStart(shown.expiry);
  if (expiry < today) {
    throw new ProtocolError('document_expires_too_soon', 'the document has expired or expires within this month');
  }
  session.evidence = {
    dedupTag: dedupTagOf(shown.personNumber, deps.dedupKey),
    portrait: shown.portrait,
    chip: shown.chip,
    attributes: {
      version: ATTRIBUTES_VERSION,
      document: DOCUMENT_KINDS[shown.kind],
      nationality: shown.nationality,
      region: shown.region,
      assurance: shown.assurance,
      phone: 0,
      birth: shown.birth,
      expiry,
      issued: monthStart(today),
      secretSince: monthStartAfter(today),
      generation: 0,
      issuer: deps.issuerNumber,
    },
  };
  session.challenge = undefined;
  session.phone = undefined;
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
  const readBody = bodyReader(DOCUMENTS);

  app.put('/v1/enrolments/:id/document', requireContentType('application/json'), async (c) => {
    const token = bearer(c.req.header('authorization'));
    await sessions.run(c.req.param('id'), token, ['open', 'document_accepted'], async (session) => {
      const given = await readBody(c, () => readJson(c, documentBody));
      await acceptDocument(session, given, deps);
    });
    return c.json({ status: 'document_accepted' });
  });
  return app;
}
