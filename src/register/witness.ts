// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A witness of a register, as C2SP `tlog-witness` has it, run by somebody else than the register.
 *
 * ```text
 * POST /add-checkpoint   cosigns what holds: 200, or 400, 403, 404, 409, 422; 503 while it replays
 * GET /                  whose witness it is, and what it cosigned last
 * GET /refusals          what it refused, with the register's signature on it
 * ```
 *
 * https://c2sp.org/tlog-witness; docs/protocol.md section 7.
 *
 * @module
 */
import { Hono } from 'hono';
import { anyOrigin, securityHeaders } from '../http/headers.ts';
import { bodyLimit } from '../http/limits.ts';
import { logUnexpected, requestLog } from '../http/logs.ts';
import { installProblems } from '../http/problems.ts';
import { MAX_ADD_CHECKPOINT_BYTES, parseAddCheckpoint, SIZE_TYPE } from '../log/add_checkpoint.ts';
import { openCheckpoint } from '../log/checkpoint.ts';
import { toBase64 } from '../log/note.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { migrate } from '../storage/migrate.ts';
import { type CosignedRow, witnessMigrations } from '../storage/witness.ts';
import { createWitnessContext, type WitnessContext, type WitnessDeps } from './witness_config.ts';
import { WitnessJudge } from './witness_judge.ts';
import { readCosigned, readRefusals, readState } from './witness_store.ts';

/** A witness. */
export interface Witness {
  readonly app: Hono;
}

/**
 * Opens a witness: brings its database to this version.
 *
 * @param deps - Everything from outside.
 * @throws ProtocolError `witness_config_invalid`, `migration_failed`, `witness_log_changed` if the
 * database is of another log.
 */
export async function createWitness(deps: WitnessDeps): Promise<Witness> {
  const witness = await createWitnessContext(deps);
  await migrate(witness.database, witnessMigrations);
  await readState(witness, witness.database.kysely);
  return { app: createApp(witness, new WitnessJudge(witness)) };
}

function createApp(witness: WitnessContext, judge: WitnessJudge): Hono {
  const { database, logger, clock } = witness;
  const app = new Hono();
  installProblems(app, logUnexpected(logger));
  app.use(requestLog(logger, clock));
  app.use(securityHeaders());
  app.use(anyOrigin(['GET']));

  app.post('/add-checkpoint', bodyLimit(MAX_ADD_CHECKPOINT_BYTES), async (c) => {
    const verdict = await judge.judge(parseAddCheckpoint(await c.req.text()));
    return 'line' in verdict
      ? c.text(verdict.line)
      : c.body(`${String(verdict.size)}\n`, 409, { 'Content-Type': SIZE_TYPE });
  });

  let latest: CosignedRow | undefined;
  app.get('/', async (c) => {
    // While a log is replayed, its transaction has the connection.
    if (!judge.busy) latest = await readCosigned(database.kysely);
    return c.json(describe(witness, latest));
  });
  app.get('/refusals', async (c) => {
    const refusals = await readRefusals(database.kysely);
    return c.json({ refusals: refusals.map(({ code, time, message, note }) => ({ code, time, message, note })) });
  });
  return app;
}

function describe({ name, publicKey, register }: WitnessContext, latest: CosignedRow | undefined): object {
  const self = { name, public_key: toBase64Url(publicKey), origin: register.name };
  if (latest === undefined) {
    return { ...self, size: 0 };
  }
  const { size, rootHash, epoch, presentationRoot } = openCheckpoint(latest.note, register);
  return {
    ...self,
    size,
    root: toBase64(rootHash),
    epoch,
    presentation_root: String(presentationRoot),
    time: latest.time,
  };
}
