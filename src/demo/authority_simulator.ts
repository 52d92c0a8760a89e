// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Authority simulator: the HTTP services of an authority that decode its cards and know people by their
 * documents, in the form of `src/issuer/decoder.ts` and `src/issuer/registry.ts`, with keys of its own. It
 * knows simulated cards and sample people only, and says in every answer that it is a simulator.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { Hono } from 'hono';
import { z } from 'zod';
import { CARD_KINDS } from '../documents/numbers.ts';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { installProblems } from '../http/problems.ts';
import { MAX_CARD_BYTES } from '../issuer/decoder.ts';
import type { Coverage, RegisteredDocument } from '../issuer/registry.ts';
import { keyIdOf, sign } from '../log/signatures.ts';
import { DOCUMENT_KINDS, type DocumentKind } from '../protocol/attributes.ts';
import { toDate } from '../protocol/dates.ts';
import { MESSAGE_TAG } from '../protocol/domains.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { CardAuthority } from './card_simulator.ts';

/** What the simulator needs. */
export interface AuthoritySimulatorDeps {
  readonly cards: CardAuthority;
  /** The person number of a document; undefined if nobody knows it. */
  readonly people: (document: RegisteredDocument) => string | undefined;
  /** Which documents it knows people by. */
  readonly coverage: Coverage;
  readonly clock: () => number;
  readonly random: (length: number) => Uint8Array;
}

/** A running simulator, less its port. */
export interface AuthoritySimulator {
  readonly app: Hono;
  /** Ed25519 public keys of the two services. */
  readonly decoderKey: Uint8Array;
  readonly registryKey: Uint8Array;
  /** Bearer key that both want to see. */
  readonly apiKey: string;
  readonly coverage: Coverage;
}

/** Largest question, bytes: a card in base64url, and room for the rest. */
const MAX_BODY_BYTES = Math.ceil((MAX_CARD_BYTES * 4) / 3) + 4096;

const bytes = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .transform(fromBase64Url);
const decodeBody = z.strictObject({ kind: z.enum(CARD_KINDS), card: bytes, challenge: bytes, nonce: z.string() });
const personBody = z.strictObject({
  kind: z.enum(Object.keys(DOCUMENT_KINDS) as DocumentKind[]),
  state: z.string(),
  number: z.string(),
  birth: z.number().int().transform(toDate),
  own: z.string().nullable(),
  nonce: z.string(),
});

/** Makes the simulator with fresh keys. */
export function createAuthoritySimulator(deps: AuthoritySimulatorDeps): AuthoritySimulator {
  const { cards, people, coverage, clock, random } = deps;
  const [decoderSecret, registrySecret] = [random(32), random(32)];
  const apiKey = toBase64Url(random(32));
  const app = new Hono();
  installProblems(app);

  const signed = (
    tag: 'decoded' | 'person',
    secret: Uint8Array,
    question: string,
    content: Readonly<Record<string, unknown>>,
  ): Record<string, string> => {
    const payload = utf8ToBytes(
      JSON.stringify({
        simulator: true,
        request: toBase64Url(sha256(utf8ToBytes(question))),
        time: Math.floor(clock() / 1000),
        ...content,
      }),
    );
    const message = concatBytes(utf8ToBytes(MESSAGE_TAG[tag]), payload);
    return {
      payload: toBase64Url(payload),
      key: keyIdOf(ed25519.getPublicKey(secret)),
      signature: toBase64Url(sign(message, secret)),
    };
  };

  app.use(async (c, next) => {
    if (c.req.header('authorization') !== `Bearer ${apiKey}`) {
      throw new ProtocolError('api_key_invalid', 'the authority answers the issuers that it knows');
    }
    await next();
  });
  app.post('/v1/decode', requireContentType('application/json'), bodyLimit(MAX_BODY_BYTES), async (c) => {
    const question = await c.req.text();
    const { kind, card, challenge } = await readJson(c, decodeBody);
    const decoded = cards.decode(card, challenge);
    if (decoded.kind !== kind) throw new ProtocolError('card_unknown', 'the card is of another kind');
    const { number, nationality, birth, expiry, portrait, answered } = decoded;
    return c.json(
      signed('decoded', decoderSecret, question, {
        kind,
        number,
        nationality,
        birth,
        expiry: expiry ?? null,
        portrait: toBase64Url(portrait),
        answered,
      }),
    );
  });
  app.post('/v1/person', requireContentType('application/json'), bodyLimit(MAX_BODY_BYTES), async (c) => {
    const question = await c.req.text();
    const { kind, state, number, birth, own } = await readJson(c, personBody);
    const person_number = people({ kind, state, number, birth, own: own ?? undefined }) ?? null;
    return c.json(signed('person', registrySecret, question, { person_number }));
  });
  return {
    app,
    decoderKey: ed25519.getPublicKey(decoderSecret),
    registryKey: ed25519.getPublicKey(registrySecret),
    apiKey,
    coverage,
  };
}
