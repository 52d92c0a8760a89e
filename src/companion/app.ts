// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The companion's HTTP service, for the wallet's pages on the same computer and for nobody else:
 *
 *     GET  /v1/status     is there                               any page of an allowed origin
 *     POST /v1/pair       six digits -\> token                    the same
 *     POST /v1/read       progress, then files, line by line      a paired page
 *     POST /v1/challenge  the issuer's challenge -\> answer       the page that had the document read
 *
 * It listens on 127.0.0.1 only. A request must name this address in Host, or a name that a stranger pointed
 * here (DNS rebinding) would do, and an allowed Origin, which browsers set and pages cannot change.
 * docs/protocol.md section 8, "The companion".
 *
 * @module
 */
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { securityHeaders } from '../http/headers.ts';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { describeProblem, installProblems, problem } from '../http/problems.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { ReadChip } from '../documents/chip/reader.ts';
import { Desk, type DeskDeps, type DeskProgress } from './desk.ts';
import { CODE_DIGITS, Pairing } from './pairing.ts';
import { MAX_COMMAND_BYTES, MAX_OPENING } from './relay.ts';

/** Port unless told otherwise; `COMPANION_URL` of the wallet is the same. */
export const COMPANION_PORT = 4190;
/** Bytes of a file between two lines of progress. */
const PROGRESS_STEP = 2048;
/** Largest body, bytes. */
const MAX_BODY_BYTES = 8192;
/** Seconds for which a browser may remember that it may ask. */
const PREFLIGHT_SECONDS = 600;

/** What the companion needs. */
export interface CompanionDeps extends DeskDeps {
  /** Origins of the wallets that may ask. */
  readonly origins: readonly string[];
  readonly port: number;
}

/** A companion. */
export interface Companion {
  readonly app: Hono;
  /** For the person's screen. */
  readonly code: string;
  close(): Promise<void>;
}

const digits = z.string().regex(new RegExp(`^\\d{${String(CODE_DIGITS)}}$`));
const bytes = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(Math.ceil((MAX_COMMAND_BYTES * 4) / 3))
  .transform(fromBase64Url);
const readBody = z.strictObject({
  access: z.union([
    z.strictObject({ documentNumber: z.string().min(1).max(22), birth: z.string(), expiry: z.string() }),
    z.strictObject({ can: z.string() }),
  ]),
});
const challengeBody = z
  .strictObject({
    challenge: bytes.refine((value) => value.length <= 64).optional(),
    opening: z.array(bytes).max(MAX_OPENING).optional(),
    command: bytes.optional(),
  })
  .refine(({ challenge, command }) => challenge !== undefined || command !== undefined)
  .refine(({ opening, command }) => opening === undefined || command !== undefined);

/** Lets allowed origins ask, and refuses everybody else before anything is read. */
function guard({ origins, port }: Pick<CompanionDeps, 'origins' | 'port'>): MiddlewareHandler {
  const hosts = ['127.0.0.1', 'localhost'].map((name) => `${name}:${String(port)}`);
  return async (c, next) => {
    if (!hosts.includes(c.req.header('host') ?? '')) {
      throw new ProtocolError('companion_host_refused', 'this program answers under its own address only');
    }
    const origin = c.req.header('origin') ?? '';
    if (!origins.includes(origin)) {
      throw new ProtocolError('companion_origin_refused', 'this program was not started for this site');
    }
    c.header('Access-Control-Allow-Origin', origin);
    c.header('Vary', 'Origin');
    if (c.req.method !== 'OPTIONS') return next();
    c.header('Access-Control-Allow-Methods', 'GET, POST');
    c.header('Access-Control-Allow-Headers', 'Authorization, Content-Type');
    c.header('Access-Control-Max-Age', String(PREFLIGHT_SECONDS));
    // Private Network Access: a site on the internet asks whether it may call this computer.
    if (c.req.header('access-control-request-private-network') === 'true') {
      c.header('Access-Control-Allow-Private-Network', 'true');
    }
    return c.body(null, 204);
  };
}

function filesOf({ protocol, files }: ReadChip): object {
  const groups = [...files.dataGroups].map(([number, file]) => [`dg${String(number)}`, toBase64Url(file)]);
  const { com, sod } = files;
  return {
    protocol,
    files: {
      ...(com !== undefined && { com: toBase64Url(com) }),
      sod: toBase64Url(sod),
      ...(Object.fromEntries(groups) as Record<string, string>),
    },
  };
}

/** Lets only some of the progress through: the first and last of each file, and one for some bytes between. */
function thinned(report: (progress: DeskProgress) => void): (progress: DeskProgress) => void {
  let [file, next] = ['', 0];
  return (progress) => {
    const { read, total } = progress;
    if (progress.file === file && read < next && read < total) return;
    [file, next] = [progress.file, read + PROGRESS_STEP];
    report(progress);
  };
}

/**
 * Makes the companion.
 *
 * @param deps - Everything from outside.
 */
export function createCompanion(deps: CompanionDeps): Companion {
  const { reader } = deps;
  const pairing = new Pairing(deps.random);
  const desk = new Desk(deps);
  const app = new Hono();
  /** Every answer says what it was read with. */
  const label = (): { readonly reader: object } => ({ reader: { kind: reader.kind, name: reader.name } });
  installProblems(app);
  app.onError((error, c) => problem(c, error, label()));
  app.use(securityHeaders());
  app.use(guard(deps));

  app.get('/v1/status', (c) => c.json({ companion: 1, ...label(), locked: pairing.locked }));

  app.use(requireContentType('application/json'));
  app.use(bodyLimit(MAX_BODY_BYTES));

  app.post('/v1/pair', async (c) => {
    const { code } = await readJson(c, z.strictObject({ code: digits }));
    return c.json({ token: pairing.pair(code), ...label() });
  });

  app.post('/v1/read', async (c) => {
    const page = pairing.require(c.req.header('authorization'));
    const { access } = await readJson(c, readBody);
    const password =
      'can' in access
        ? access
        : { documentNumber: access.documentNumber, birthDate: access.birth, expiryDate: access.expiry };
    return lines(c, label, (write, signal) =>
      desk
        .read(
          page,
          password,
          thinned((progress) => {
            write({ progress });
          }),
          signal,
        )
        .then(filesOf),
    );
  });

  app.post('/v1/challenge', async (c) => {
    const page = pairing.require(c.req.header('authorization'));
    const { challenge, opening = [], command } = await readJson(c, challengeBody);
    const relay = command === undefined ? undefined : { opening, command };
    const { signature, relayed } = await desk.answer(page, { challenge, relay });
    return c.json({
      ...(signature && { signature: toBase64Url(signature) }),
      ...(relayed && { relayed: toBase64Url(relayed) }),
      ...label(),
    });
  });

  return { app, code: pairing.code, close: () => desk.close() };
}

/** Answers line by line, the last being what the work gives or the problem that it ran into; ends the work with the request. */
function lines(
  c: Context,
  label: () => object,
  work: (write: (line: object) => void, signal: AbortSignal) => Promise<object>,
): Response {
  const stop = new AbortController();
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      const write = (line: object): void => {
        if (!stop.signal.aborted) controller.enqueue(encoder.encode(`${JSON.stringify({ ...line, ...label() })}\n`));
      };
      const last = await work(write, stop.signal).catch((error: unknown) => {
        const { code, detail } = describeProblem(error);
        return { problem: { code, detail } };
      });
      write(last);
      if (!stop.signal.aborted) controller.close();
    },
    cancel() {
      stop.abort();
    },
  });
  return c.body(stream, 200, { 'Content-Type': 'application/x-ndjson' });
}
