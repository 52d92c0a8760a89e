// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a verifier shows to those who run it, on a port of its own that the public does not reach: whether it lives,
 * whether it can serve, and its metrics. docs/operations.md.
 *
 * @module
 */
import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import { securityHeaders } from '../http/headers.ts';
import { installProblems } from '../http/problems.ts';
import type { CheckpointSource } from './deps.ts';

/** Milliseconds in which a check must be done. */
const CHECK_TIMEOUT = 2_000;

/** What {@link createOperationsApp} is given. */
export interface OperationsOptions {
  readonly registry: Registry;
  /** Asks the database something; fails when it is away. */
  readonly database: () => Promise<unknown>;
  readonly checkpoints: CheckpointSource;
  /** Whether the process is about to end. */
  readonly isEnding: () => boolean;
}

/** How a part is. */
type State = 'ok' | 'failing';

/**
 * Makes the app: `/healthz` answers as long as the process does, `/readyz` says 503 when a balancer should send
 * nobody here, `/metrics` is Prometheus' text format.
 */
export function createOperationsApp({ registry, database, checkpoints, isEnding }: OperationsOptions): Hono {
  const app = new Hono();
  installProblems(app);
  app.use(securityHeaders());
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const checks = { database: await stateOf(database), checkpoints: await stateOf(() => checkpoints()) };
    const ending = isEnding();
    const ready = !ending && Object.values(checks).every((state) => state === 'ok');
    return c.json({ status: ready ? 'ready' : ending ? 'ending' : 'not_ready', checks }, ready ? 200 : 503);
  });
  app.get('/metrics', async (c) => c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType }));
  return app;
}

async function stateOf(check: () => Promise<unknown>): Promise<State> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<State>((resolve) => {
    timer = setTimeout(resolve, CHECK_TIMEOUT, 'failing');
  });
  const done = check().then(
    (): State => 'ok',
    (): State => 'failing',
  );
  return Promise.race([done, late]).finally(() => {
    clearTimeout(timer);
  });
}
