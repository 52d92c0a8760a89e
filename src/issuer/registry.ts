// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Who a document's person is, by the authority that knows: numbers of passports change with the passport,
 * and two kinds of document have two numbers, yet one person must stay one person.
 *
 * ```text
 * POST /v1/person { kind, state, number, birth, own, nonce } -> { request, time, person_number }
 * ```
 *
 * Where a registry is there for a kind and state, its answer is the person number and what the document
 * says itself counts for nothing: otherwise a person would have one number by the document and another by
 * the registry. For the same reason a registry that does not answer stops the enrolment.
 * docs/protocol.md section 8.
 *
 * @module
 */
import { z } from 'zod';
import type { DocumentKind } from '../protocol/attributes.ts';
import type { CalendarDate } from '../protocol/dates.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { askAuthority, type AuthorityDeps, type AuthorityErrors, type AuthorityService } from './authority.ts';

/** Largest answer, bytes. */
const MAX_ANSWER_BYTES = 4096;

/** A document whose person is asked for. */
export interface RegisteredDocument {
  readonly kind: DocumentKind;
  /** Issuing state, three letters. */
  readonly state: string;
  /** Of the document: for cards its lifelong part. */
  readonly number: string;
  readonly birth: CalendarDate;
  /** The person number that the document itself gives; undefined for none. */
  readonly own: string | undefined;
}

/** Knows people by their documents. */
export interface PersonRegistry {
  /** Whether it is there for documents of a kind and state. */
  covers(document: Pick<RegisteredDocument, 'kind' | 'state'>): boolean;
  /**
   * The person's number, the same for every document that they ever have.
   *
   * @returns Undefined if the registry does not know the document.
   * @throws {@link ProtocolError} `registry_unreachable`, `registry_answer_invalid`.
   */
  personNumber(document: RegisteredDocument): Promise<string | undefined>;
}

/** Which documents a registry is there for. */
export type Coverage = readonly { readonly kind: DocumentKind; readonly state: string }[];

const ERRORS: AuthorityErrors = {
  unreachable: (cause) =>
    new ProtocolError('registry_unreachable', 'the authority’s registry of people does not answer; try again later', {
      cause,
    }),
  refused: () => ERRORS.invalid('it refuses the question'),
  invalid: (what) =>
    new ProtocolError('registry_answer_invalid', `the answer of the registry of people cannot be believed: ${what}`),
};

/** Null where the document is not known. */
const schema = z.object({
  person_number: z
    .string()
    .regex(/^[A-Z]{3}[A-Z0-9/]{1,60}$/)
    .nullable(),
});

/**
 * A registry that is asked over HTTP.
 *
 * @param service - Where, and by which keys it signs.
 * @param coverage - Which documents it is there for.
 * @param deps - Everything from outside.
 */
export function createHttpRegistry(service: AuthorityService, coverage: Coverage, deps: AuthorityDeps): PersonRegistry {
  return {
    covers: ({ kind, state }) => coverage.some((covered) => covered.kind === kind && covered.state === state),
    async personNumber({ kind, state, number, birth, own }) {
      const body = { kind, state, number, birth, own: own ?? null };
      const { person_number } = await askAuthority(
        service,
        { path: '/v1/person', body, tag: 'person', schema, maxBytes: MAX_ANSWER_BYTES, errors: ERRORS },
        deps,
      );
      return person_number ?? undefined;
    },
  };
}

/**
 * The person number of a document.
 *
 * @param document - Checked already.
 * @param registry - Asked if it covers the document, and then alone.
 * @throws {@link ProtocolError} `person_number_missing`, and what the registry throws.
 */
export async function resolvePerson(
  document: RegisteredDocument,
  registry: PersonRegistry | undefined,
): Promise<string> {
  const isCovered = registry?.covers(document) === true;
  const number = isCovered ? await registry.personNumber(document) : document.own;
  if (number === undefined) {
    throw new ProtocolError(
      'person_number_missing',
      isCovered
        ? 'the authority has no number for the person of this document; use another document'
        : 'this passport bears no personal number; use another document',
    );
  }
  return number;
}
