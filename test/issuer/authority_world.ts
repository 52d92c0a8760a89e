// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The first step of an enrolment with the simulated authorities behind HTTP, and somebody on the line between
 * who can change what is asked and answered.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { Hono } from 'hono';
import { type AuthoritySimulator, createAuthoritySimulator } from '../../src/demo/authority_simulator.ts';
import { type CardPerson, createCardAuthority } from '../../src/demo/card_simulator.ts';
import { installProblems } from '../../src/http/problems.ts';
import type { AuthorityService } from '../../src/issuer/authority.ts';
import { createHttpDecoder } from '../../src/issuer/decoder.ts';
import { type DocumentDeps, documentRoutes } from '../../src/issuer/document_step.ts';
import { createHttpRegistry, type Coverage, type RegisteredDocument } from '../../src/issuer/registry.ts';
import { type Evidence, Sessions } from '../../src/issuer/session.ts';
import { keyIdOf, sign } from '../../src/log/signatures.ts';
import { MESSAGE_TAG } from '../../src/protocol/domains.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { type CardFile, type DocumentFiles, documentForm } from '../../src/wallet/document_form.ts';
import { authority, NOW, PORTRAIT, ZONE } from './world.ts';

export const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
const URL_OF_SERVICE = 'https://authority.test';

/** A question on its way. */
export interface Passing {
  readonly url: string;
  readonly init: RequestInit;
  /** The real answer. */
  readonly real: () => Promise<Response>;
}

export interface Opened {
  readonly id: string;
  readonly token: string;
}

/** An issuer's first step. */
export class DocumentWorld {
  now = NOW;
  readonly cards = createCardAuthority(random);
  readonly known = new Map<string, string>();
  coverage: Coverage = [];
  /** What stands between issuer and authority. */
  line: (passing: Passing) => Promise<Response> = ({ real }) => real();
  readonly questions: Record<string, unknown>[] = [];
  readonly simulator: AuthoritySimulator;
  readonly sessions: Sessions;
  readonly app = new Hono();
  readonly deps: DocumentDeps;

  constructor(changes: (world: DocumentWorld) => Partial<AuthorityService> = () => ({}), bare = false) {
    const clock = () => this.now;
    this.simulator = createAuthoritySimulator({
      cards: this.cards,
      people: ({ kind, number, own }: RegisteredDocument) => this.known.get(`${kind} ${number}`) ?? own,
      coverage: [],
      clock,
      random,
    });
    this.sessions = new Sessions({ clock, random });
    const fetch: typeof globalThis.fetch = async (url, init = {}) => {
      this.questions.push(JSON.parse(init.body as string) as Record<string, unknown>);
      const real = async () => this.simulator.app.request((url as string).slice(URL_OF_SERVICE.length), init);
      return this.line({ url: url as string, init, real });
    };
    const outside = { fetch, clock, random };
    const { decoderKey, registryKey, apiKey } = this.simulator;
    const service = { url: URL_OF_SERVICE, apiKey, ...changes(this) };
    const registry = createHttpRegistry({ keys: [registryKey], ...service }, this.coverage, outside);
    this.deps = {
      clock,
      timeZone: ZONE,
      dedupKey: new Uint8Array(32).fill(9),
      issuerNumber: 5,
      anchors: authority.anchors,
      ...(!bare && {
        decoder: createHttpDecoder({ keys: [decoderKey], ...service }, outside),
        registry: {
          personNumber: (document) => registry.personNumber(document),
          covers: ({ kind, state }) => this.coverage.some((one) => one.kind === kind && one.state === state),
        },
      }),
    };
    installProblems(this.app);
    this.app.route(
      '/',
      documentRoutes(this.sessions, this.deps, (header) => (header ?? '').slice('Bearer '.length)),
    );
  }

  async put(
    { id, token }: Opened,
    document: DocumentFiles | CardFile | Record<string, unknown>,
  ): Promise<{ status: number; code?: string }> {
    const isForm = 'kind' in document && typeof (document as { card?: unknown }).card === 'string';
    const body = JSON.stringify(isForm ? document : documentForm(document as DocumentFiles));
    const answer = await this.app.request(`/v1/enrolments/${id}/document`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    });
    const { code } = (await answer.json()) as { code?: string };
    return { status: answer.status, ...(code !== undefined && { code }) };
  }

  /** Shows a document in a fresh session; `answered` unless the card is read without a challenge. */
  async show(
    document: DocumentFiles | CardPerson,
    reading: { portrait?: Uint8Array; challenge?: Uint8Array | 'none' } = {},
  ): Promise<{ status: number; code?: string; evidence: Evidence | undefined }> {
    const opened = this.sessions.open();
    let given: DocumentFiles | CardFile;
    if ('sod' in document) {
      given = document;
    } else {
      const { challenge = fromBase64Url(opened.id), portrait = PORTRAIT } = reading;
      const card = this.cards.issue(document, portrait);
      given = { kind: document.kind, card: challenge === 'none' ? card.read() : card.read(challenge) };
    }
    const answer = await this.put(opened, given);
    return { ...answer, evidence: await this.evidence(opened) };
  }

  evidence({ id, token }: Opened): Promise<Evidence | undefined> {
    return this.sessions.run(id, token, ['open', 'document_accepted'], ({ evidence }) => evidence);
  }
}

/** An authority's answer, taken apart. */
export async function payloadOf(real: Passing['real']): Promise<Record<string, unknown>> {
  const { payload } = (await (await real()).json()) as { payload: string };
  return JSON.parse(new TextDecoder().decode(fromBase64Url(payload))) as Record<string, unknown>;
}

/** Signs what a test makes of an answer, by a key that the test chose. */
export function signedBy(secret: Uint8Array, content: unknown, tag: 'decoded' | 'person' = 'decoded'): Response {
  const payload = utf8ToBytes(typeof content === 'string' ? content : JSON.stringify(content));
  const message = concatBytes(utf8ToBytes(MESSAGE_TAG[tag]), payload);
  return Response.json({
    payload: toBase64Url(payload),
    key: keyIdOf(ed25519.getPublicKey(secret)),
    signature: toBase64Url(sign(message, secret)),
  });
}

export const hashOf = (text: string): string => toBase64Url(sha256(utf8ToBytes(text)));
