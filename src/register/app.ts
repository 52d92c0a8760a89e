// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The register's HTTP service. Writing is authorised by signatures alone; everything readable is
 * public and the same for all, so that mirrors can serve it. No cookies, no ETags. docs/protocol.md
 * section 7.
 *
 * @module
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { anyOrigin, securityHeaders } from '../http/headers.ts';
import { bodyLimit, readJson, requireContentType } from '../http/limits.ts';
import { logUnexpected, requestLog } from '../http/logs.ts';
import { installProblems } from '../http/problems.ts';
import { openCheckpoint } from '../log/checkpoint.ts';
import { bytesSchema } from '../log/events.ts';
import { turnMessage } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { migrate } from '../storage/migrate.ts';
import { registerMigrations } from '../storage/register.ts';
import { createContext, type RegisterContext, type RegisterDeps } from './config.ts';
import { cutIfDue } from './cut.ts';
import { Deltas } from './deltas.ts';
import { decisionRoutes } from './decision_routes.ts';
import { findKey, leafState, requireSignature, submitLeaf } from './leaves.ts';
import { proveConsistency, readHistory, readLogFile } from './log_files.ts';
import { pageRoutes } from './page/routes.ts';
import { Published } from './published.ts';
import { WitnessPush } from './push.ts';
import { submitReplacement } from './replacements.ts';
import { witnessStates } from './witnessing.ts';

/** Largest body that the register reads, bytes. */
const MAX_BODY_BYTES = 4096;

/** A register. */
export interface Register {
  readonly app: Hono;
  /**
   * Cuts a checkpoint if one is due; call it often.
   *
   * @returns Whether one was cut.
   */
  readonly turn: () => Promise<boolean>;
  /** Asks the witnesses for what they have not cosigned yet; `start` it often, and after each turn. */
  readonly push: WitnessPush;
}

const leafBody = z.strictObject({ leaf: z.string(), issuer: bytesSchema(8), signature: bytesSchema(64) });
const replacementBody = leafBody.extend({ replaced: z.string() });
const turnBody = z.strictObject({
  epoch: z.number().int().nonnegative(),
  operator: bytesSchema(8),
  signature: bytesSchema(64),
});

/**
 * Opens a register: brings its database to this version, and cuts the first checkpoint if there is none.
 *
 * @param deps - Everything from outside.
 * @throws {@link ProtocolError} `register_config_invalid`, `migration_failed`, or `signing_key_changed`
 * if the database holds the log of another key or origin.
 */
export async function createRegister(deps: RegisterDeps): Promise<Register> {
  const register = await createContext(deps);
  await migrate(register.database, registerMigrations);
  const published = new Published(register);
  const latest = await published.latest();
  if (latest === undefined) {
    await cutIfDue(register);
  } else {
    requireOwnLog(register, latest.note);
  }
  const push = new WitnessPush({
    ...register,
    proveConsistency: (size, later) => proveConsistency(register.database.kysely, size, later),
  });
  return { app: createApp(register, published, push), turn: () => cutIfDue(register), push };
}

function requireOwnLog({ origin, publicKey }: RegisterContext, note: string): void {
  try {
    openCheckpoint(note, { name: origin, publicKey });
  } catch (cause) {
    throw new ProtocolError(
      'signing_key_changed',
      'the database holds the log of another origin or key; a log keeps both for life',
      { cause },
    );
  }
}

function createApp(register: RegisterContext, published: Published, push: WitnessPush): Hono {
  const app = new Hono();
  installProblems(app, logUnexpected(register.logger));
  app.use(requestLog(register.logger, register.clock));
  app.use(securityHeaders());
  app.use(anyOrigin(['GET']));
  app.on('POST', '/v1/*', bodyLimit(MAX_BODY_BYTES), requireContentType('application/json'));

  app.post('/v1/leaves', async (c) => {
    const { leaf, issuer, signature } = await readJson(c, leafBody);
    const submission = { leaf: parseField(leaf), issuer, signature: fromBase64Url(signature) };
    return c.json(await submitLeaf(register, submission), 202);
  });
  app.post('/v1/replacements', async (c) => {
    const { replaced, leaf, issuer, signature } = await readJson(c, replacementBody);
    const leaves = { replaced: parseField(replaced), leaf: parseField(leaf) };
    return c.json(await submitReplacement(register, { ...leaves, issuer, signature: fromBase64Url(signature) }), 202);
  });
  app.get('/v1/leaves/:leaf', async (c) => c.json(await leafState(register, parseField(c.req.param('leaf')))));
  app.route('/', decisionRoutes(register));
  app.post('/v1/turns', async (c) => {
    const { epoch, operator, signature } = await readJson(c, turnBody);
    await requireTurn(register, published, epoch, operator, fromBase64Url(signature));
    return c.json({ epoch, turned: await cutIfDue(register) });
  });

  app.route('/', pageRoutes(register));
  app.get('/checkpoint', async (c) =>
    c.body(await published.newest(), 200, { 'Content-Type': 'text/plain; charset=utf-8', ...FRESH }),
  );
  app.get('/v1/checkpoints', async (c) => c.json({ checkpoints: await published.current() }, 200, FRESH));
  app.get('/tile/*', async (c) => {
    const file = await readLogFile(register.database.kysely, new URL(c.req.url).pathname);
    return c.body(file, 200, { 'Content-Type': 'application/octet-stream', ...IMMUTABLE });
  });
  app.get('/checkpoints/:file{(?:0|[1-9][0-9]{0,12})\\.json}', async (c) => {
    const number = Number(c.req.param('file').slice(0, -'.json'.length));
    const { checkpoints, complete } = await readHistory(register.database.kysely, number);
    return c.json({ checkpoints }, 200, complete ? IMMUTABLE : FRESH);
  });
  app.get('/v1/witnesses', async (c) => c.json(await witnesses(register, push), 200, FRESH));
  app.get('/v1/info', async (c) => c.json(await info(register, published)));
  app.get('/blocks/:size{[0-9]{1,16}}/:file{[0-9]{1,16}\\.bin}', async (c) => {
    const number = Number(c.req.param('file').slice(0, -'.bin'.length));
    const block = await published.block(Number(c.req.param('size')), number);
    return c.body(block, 200, { 'Content-Type': 'application/octet-stream', ...IMMUTABLE });
  });
  const deltas = new Deltas(register);
  app.get('/deltas/:epoch{[0-9]{1,15}}/:file{[0-9]{1,15}\\.bin}', async (c) => {
    const number = Number(c.req.param('file').slice(0, -'.bin'.length));
    const delta = await deltas.read(Number(c.req.param('epoch')), number);
    return c.body(delta, 200, { 'Content-Type': 'application/octet-stream', ...IMMUTABLE });
  });
  return app;
}

const FRESH = { 'Cache-Control': 'no-cache' };
const IMMUTABLE = { 'Cache-Control': 'public, max-age=31536000, immutable' };

async function requireTurn(
  register: RegisterContext,
  published: Published,
  epoch: number,
  operator: string,
  signature: Uint8Array,
): Promise<void> {
  const key = findKey(register.operators, operator);
  if (key === undefined) {
    throw new ProtocolError('operator_unknown', 'this register does not take orders from that key');
  }
  requireSignature(turnMessage(epoch), signature, key);
  const latest = await published.latest();
  if (latest !== undefined && epoch !== latest.epoch + 1) {
    throw new ProtocolError('epoch_not_next', `sign the next epoch, ${String(latest.epoch + 1)}`);
  }
}

/** Who watches this register, and when each was last content with it. */
async function witnesses({ database, witnessing }: RegisterContext, push: WitnessPush): Promise<object> {
  const problems = push.problems();
  const states = await witnessStates(database.kysely, witnessing);
  return {
    threshold: witnessing.threshold,
    witnesses: states.map(({ name, publicKey, last }) => ({
      name,
      public_key: toBase64Url(publicKey),
      ...(last && { epoch: last.epoch, time: last.time }),
      ...(problems.has(name) && { problem: problems.get(name) }),
    })),
  };
}

async function info(register: RegisterContext, published: Published): Promise<Record<string, unknown>> {
  const latest = await published.latest();
  const encode = (keys: RegisterContext['issuers']): Record<string, string> =>
    Object.fromEntries(Object.entries(keys).map(([id, key]) => [id, toBase64Url(key)]));
  return {
    origin: register.origin,
    public_key: toBase64Url(register.publicKey),
    issuers: encode(register.issuers),
    approvers: encode(register.approvers),
    rules: register.rules,
    operators: encode(register.operators),
    epoch_seconds: register.epochSeconds,
    turn: register.turn,
    time_zone: register.timeZone,
    epoch: latest?.epoch,
    counts: latest && { issued: latest.issued, revoked: latest.revoked, active: latest.issued - latest.revoked },
  };
}
