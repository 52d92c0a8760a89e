// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The companion as the wallet sees it: a program on the person's own computer that reads a chip, since no page
 * can. It is found at a fixed address of this computer, paired by six digits that it shows, and asked to
 * read and to relay the issuer's challenge. What it sends is judged by the issuer alone. In order:
 *
 *     findCompanion, pairCompanion, readThroughCompanion, answerThroughCompanion
 *
 * docs/protocol.md section 8, "The companion".
 *
 * @module
 */
import { z } from 'zod';
import { type ErrorCode, ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { readLines } from './companion_lines.ts';
import type { DocumentFiles } from './enrol.ts';
import type { ChipAnswer, ChipChallenge } from './enrol_chip.ts';
import type { Fetch } from './environment.ts';
import { accepted, jsonOf, send } from './http.ts';

/** Where a companion listens unless it was told otherwise: by number, so that no name service is asked. */
export const COMPANION_URL = 'http://127.0.0.1:4190';

/** The other side, in messages. */
const COMPANION = 'the companion';
/**
 * How long the answer may take: browsers first ask the person whether this page may reach the own computer. Where
 * nothing listens, the connection is refused at once.
 */
const FIND_MS = 30_000;
/** Largest answer to a reading, bytes: files of 1 MiB each could be more, but no issuer takes more. */
const MAX_READING_BYTES = 4 * 1024 * 1024;

const reader = z.object({ kind: z.enum(['pcsc', 'simulator']), name: z.string().max(256) });
const bytes = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .transform(fromBase64Url);
const answers = {
  status: z.object({ companion: z.literal(1), reader, locked: z.boolean() }),
  paired: z.object({ token: z.string().length(43), reader }),
  challenge: z.object({ signature: bytes.optional(), relayed: bytes.optional() }),
};
const line = z.union([
  z.object({
    progress: z.object({
      step: z.enum(['waiting', 'access', 'files']),
      file: z.string().max(32),
      read: z.number().int().nonnegative(),
      total: z.number().int().nonnegative(),
    }),
  }),
  z.object({
    protocol: z.string().max(64),
    files: z.object({
      com: bytes.optional(),
      sod: bytes,
      dg1: bytes,
      dg2: bytes,
      dg11: bytes.optional(),
      dg14: bytes.optional(),
      dg15: bytes.optional(),
    }),
  }),
  z.object({ problem: z.object({ code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/) }) }),
]);

/** What the companion functions need. */
export interface CompanionDeps {
  readonly fetch: Fetch;
  readonly signal?: AbortSignal | undefined;
}

/** What it reads chips with; pages must say so where it is a simulator. */
export type CompanionReader = z.output<typeof reader>;

/** A companion that answers. */
export interface FoundCompanion {
  readonly url: string;
  readonly reader: CompanionReader;
  /** Too many wrong codes: it pairs no more until it is started again. */
  readonly locked: boolean;
}

/** A companion that knows this page; lasts while the companion runs. */
export interface PairedCompanion {
  readonly url: string;
  readonly reader: CompanionReader;
  /** Secret of this page. */
  readonly token: string;
}

/** What opens a chip: three printed fields, dates as YYMMDD as in the machine readable zone, or the card's number. */
export type ChipAccess =
  { readonly documentNumber: string; readonly birth: string; readonly expiry: string } | { readonly can: string };

/** How far a reading is. */
export interface ChipProgress {
  /** `waiting`: lay the document on the reader. `access`: opening it. `files`: reading `file`. */
  readonly step: 'waiting' | 'access' | 'files';
  /** `EF.SOD`, `DG2`; empty before the files. */
  readonly file: string;
  /** Bytes of this file. */
  readonly read: number;
  readonly total: number;
}

/** A chip's files. */
export interface ChipReading {
  /** `BAC`, or the name of PACE's object identifier. */
  readonly protocol: string;
  /** For `sendDocument`; nobody signs `com`, which stays here. */
  readonly files: DocumentFiles & { readonly com?: Uint8Array | undefined };
}

/**
 * Looks for a companion.
 *
 * @returns Undefined where none answers this page: not started, started for another wallet, or kept from it by
 * the browser.
 */
export async function findCompanion(deps: CompanionDeps, url = COMPANION_URL): Promise<FoundCompanion | undefined> {
  const timeout = AbortSignal.timeout(FIND_MS);
  const signal = deps.signal === undefined ? timeout : AbortSignal.any([deps.signal, timeout]);
  try {
    const answer = await send(deps.fetch, { url: `${url}/v1/status`, signal });
    const { reader, locked } = jsonOf(answer, answers.status, COMPANION);
    return { url, reader, locked };
  } catch {
    deps.signal?.throwIfAborted();
    return undefined;
  }
}

/**
 * Pairs this page with a companion.
 *
 * @param code - The six digits that the companion shows.
 * @throws {@link ProtocolError} `companion_code_wrong`, `companion_locked`, `network_failed`.
 */
export async function pairCompanion(
  deps: CompanionDeps,
  { url }: Pick<FoundCompanion, 'url'>,
  code: string,
): Promise<PairedCompanion> {
  const answer = await send(deps.fetch, {
    url: `${url}/v1/pair`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: code.replace(/\s/g, '') }),
    signal: deps.signal,
  });
  return { url, ...jsonOf(answer, answers.paired, COMPANION) };
}

/**
 * Reads the document on the reader. The companion waits for it, and afterwards keeps the chip open for a
 * challenge for two minutes. Aborting the signal ends the reading.
 *
 * @param onProgress - Told of every step in order.
 * @throws {@link ProtocolError} `companion_busy` while another page reads, `companion_unpaired`,
 * `companion_reader_missing`, `companion_document_missing`, `companion_lost`; of the chip: `chip_access_denied`
 * (a field was mistyped), `chip_password_invalid`, `chip_transport_failed` (the document was moved),
 * `chip_refused`, `chip_response_invalid`, `chip_authentication_failed`, `chip_unsupported`.
 */
export async function readThroughCompanion(
  deps: CompanionDeps,
  companion: PairedCompanion,
  access: ChipAccess,
  onProgress?: (progress: ChipProgress) => void,
): Promise<ChipReading> {
  const body = JSON.stringify({ access });
  const request = { url: `${companion.url}/v1/read`, headers: headersOf(companion), body, signal: deps.signal };
  for await (const text of readLines(deps.fetch, request, MAX_READING_BYTES)) {
    const parsed = line.safeParse(parseJson(text));
    if (!parsed.success) {
      throw new ProtocolError('response_invalid', 'the companion answered in an unexpected form');
    }
    if ('problem' in parsed.data) {
      const { code } = parsed.data.problem;
      throw new ProtocolError(code as ErrorCode, `the companion reports ${code}`);
    }
    if ('files' in parsed.data) return parsed.data;
    onProgress?.(parsed.data.progress);
  }
  throw new ProtocolError('companion_lost', 'the companion ended in the middle; start it and read again');
}

/**
 * Has the chip that was just read answer the issuer's challenge. Once for each reading, since the chip then
 * speaks under other keys.
 *
 * @throws {@link ProtocolError} `companion_chip_missing` if the document must be read again,
 * `chip_transport_failed`, `chip_refused`.
 */
export async function answerThroughCompanion(
  deps: CompanionDeps,
  companion: PairedCompanion,
  { challenge, opening, command }: ChipChallenge,
): Promise<ChipAnswer> {
  const answer = await send(deps.fetch, {
    url: `${companion.url}/v1/challenge`,
    method: 'POST',
    headers: headersOf(companion),
    body: JSON.stringify({
      challenge: challenge && toBase64Url(challenge),
      opening: opening?.map(toBase64Url),
      command: command && toBase64Url(command),
    }),
    signal: deps.signal,
  });
  return jsonOf(accepted(answer, COMPANION), answers.challenge, COMPANION);
}

function headersOf({ token }: PairedCompanion): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
