// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifiers as real processes: several on one database, killed at the worst moments, without their database for ten
 * seconds, ended in order. Nothing is lost and nothing is accepted twice.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { secretHash } from '../../src/platform/secrets.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { openDatabase } from '../../src/storage/open.ts';
import type { PlatformSchema } from '../../src/storage/platform.ts';
import { describeOnEachDatabase, describeOnPostgres } from '../databases.ts';
import { endProving, type Holder, makeHolder, present, seededRandom } from '../platform/fixtures.ts';
import { API_KEY, PAGE } from '../platform/harness.ts';
import {
  answerAt,
  beginAt,
  codeOf,
  collectAt,
  create,
  openLine,
  type Process,
  spawnVerifier,
  startRegister,
} from './verifier_world.ts';

vi.setConfig({ testTimeout: 120_000 });

const TOKEN = toBase64Url(seededRandom('token of the wallet')(32));
const vote = { ask: {}, action: { name: 'vote on the budget', opens: 20261101 } };

let holder: Holder;
let register: Awaited<ReturnType<typeof startRegister>>;
let folder: string;
let running: Process[] = [];
let closers: (() => unknown)[] = [];

beforeAll(async () => {
  holder = await makeHolder();
  register = await startRegister(holder.root);
  folder = mkdtempSync(join(tmpdir(), 'bauta-verifier-'));
});
afterAll(async () => {
  register.close();
  rmSync(folder, { recursive: true, force: true });
  await endProving();
});
afterEach(async () => {
  for (const { child, exited } of running) {
    child.kill('SIGKILL');
    await exited;
  }
  running = [];
  for (const close of closers.reverse()) await close();
  closers = [];
});

const start = async (database: string, config: object = {}): Promise<Process> => {
  const verifier = await spawnVerifier(folder, { database, register: register.config, ...config });
  running.push(verifier);
  return verifier;
};
const readiness = async ({ operations }: Process): Promise<number> => (await fetch(`${operations}/readyz`)).status;

/** A test of one kind of database: SQLite is in the process, and one process runs on a file. */
const only = (kind: string, wanted: 'sqlite' | 'postgres', name: string, run: () => Promise<void>): void => {
  if (kind === wanted) it(name, run);
};

describeOnEachDatabase('a verifier', (open, kind) => {
  only(kind, 'postgres', 'is one of two on a database, and the two accept and consume everything once', async () => {
    const url = await open();
    // At once, on an empty database, as a deployment begins.
    const pair = await Promise.all([start(url), start(url)]);
    const each = (i: number): Process => pair[i % 2 === 0 ? 0 : 1];
    const created = await Promise.all(
      Array.from({ length: 8 }, (_, i) => create(each(i), { ask: {} }, { 'Idempotency-Key': 'once' })),
    );
    const bodies = (await Promise.all(created.map((response) => response.json()))) as { id: string }[];
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(1);

    const [first, second] = [await beginAt(pair[0], vote), await beginAt(pair[1], vote)];
    const answers = await Promise.all(
      [first, second].map(async ({ request }) => ({ request, presentation: await present(holder, request) })),
    );
    const responses = await Promise.all(
      Array.from({ length: 12 }, (_, i) => {
        const { request, presentation } = answers[i < 6 ? 0 : 1] as (typeof answers)[0];
        return answerAt(each(i), request, presentation);
      }),
    );
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const codes = await Promise.all(responses.filter(({ status }) => status !== 200).map(codeOf));
    expect(codes.filter((code) => code === 'action_already_done')).toHaveLength(1);
    expect(codes.filter((code) => code === 'nonce_used')).toHaveLength(10);
    // What one process accepted, the other gives out, once.
    const index = statuses.indexOf(200);
    const winner = index < 6 ? first : second;
    const reply = responses[index] as Response;
    expect(await collectAt(each(index + 1), winner, reply.clone())).toMatchObject({ status: 'verified' });
    await expect(collectAt(each(index), winner, reply)).rejects.toThrow(/response_code_used/);
  });

  it('killed between the check of a proof and its keeping has accepted nothing, and the answer is taken later', async () => {
    const url = await open();
    const doomed = await start(url);
    const begun = await beginAt(doomed, vote);
    const presentation = await present(holder, begun.request);
    // Another transaction holds the table, so that the verifier has checked the proof and cannot write.
    const blocker = await openDatabase<PlatformSchema>(url);
    closers.push(() => blocker.close());
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isHeld = false;
    const holding = blocker.transaction(
      async (tx) => {
        await tx.selectFrom('verification').select('id').execute();
        isHeld = true;
        await held;
      },
      { exclusive: ['verification', 'action_done'] },
    );
    await vi.waitFor(() => {
      expect(isHeld).toBe(true);
    });
    const lost = answerAt(doomed, begun.request, presentation).then(
      () => 'answered',
      () => 'lost',
    );
    await waitUntilBlocked(doomed, url);
    doomed.child.kill('SIGKILL');
    expect(await doomed.exited).toBe('SIGKILL');
    expect(await lost).toBe('lost');
    release();
    await holding;
    const rows = await blocker.kysely.selectFrom('verification').select('status').execute();
    expect(rows).toEqual([{ status: 'pending' }]);
    expect(await blocker.kysely.selectFrom('action_done').selectAll().execute()).toEqual([]);

    const next = await start(url);
    const reply = await answerAt(next, begun.request, presentation);
    expect(await collectAt(next, begun, reply)).toMatchObject({ status: 'verified' });
    expect(await codeOf(await answerAt(next, begun.request, presentation))).toBe('nonce_used');
    expect(await blocker.kysely.selectFrom('action_done').selectAll().execute()).toHaveLength(1);
  });

  /** The proof is checked, and what follows waits for the table. */
  async function waitUntilBlocked({ origin }: Process, url: string): Promise<void> {
    if (kind === 'sqlite') {
      // SQLite waits on the thread that answers: it answers nobody then.
      await vi.waitFor(
        async () => {
          const signal = AbortSignal.timeout(300);
          await expect(fetch(`${origin}/openapi.css`, { signal })).rejects.toThrow(/aborted|timeout/i);
        },
        { timeout: 20_000, interval: 20 },
      );
      return;
    }
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await vi.waitFor(
        async () => {
          const { rows } = await client.query(
            "select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          );
          expect(JSON.stringify(rows)).toMatch(/action_done|update/);
        },
        { timeout: 20_000, interval: 20 },
      );
    } finally {
      await client.end();
    }
  }

  only(kind, 'sqlite', 'ends in order: is not ready, takes nobody new, finishes what is under way', async () => {
    const url = await open();
    const verifier = await start(url);
    expect(await readiness(verifier)).toBe(200);
    const begun = await beginAt(verifier, { ask: {} });
    const slow = slowRequest(verifier);
    await slow.halfSent;
    verifier.child.kill('SIGTERM');
    await vi.waitFor(async () => {
      expect(await readiness(verifier)).toBe(503);
    });
    // Balancers are given the time to notice.
    expect((await fetch(`${verifier.operations}/healthz`)).status).toBe(200);
    await setTimeout(600);
    await expect(fetch(`${verifier.origin}/openapi.json`)).rejects.toThrow();
    slow.finish();
    expect(await slow.status).toBe(201);
    expect(await verifier.exited).toBe(0);
    const { told, secrets } = { told: verifier.output(), secrets: [begun.created.id, begun.request.state, API_KEY] };
    expect(told).toContain('"ended":true');
    for (const secret of secrets) expect(told).not.toContain(secret);
  });
});

/** A request whose second half is sent when asked for. */
function slowRequest({ origin }: Process): { halfSent: Promise<void>; finish: () => void; status: Promise<number> } {
  const body = JSON.stringify({ ask: {}, redirect_uri: PAGE });
  const outgoing = httpRequest(`${origin}/v1/verifications`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${API_KEY}`, 'Content-Type': 'application/json', 'Content-Length': body.length },
  });
  const status = new Promise<number>((resolve, reject) => {
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
  });
  const halfSent = new Promise<void>((resolve) => {
    outgoing.write(body.slice(0, 10), () => {
      resolve();
    });
  });
  return { halfSent, finish: () => outgoing.end(body.slice(10)), status };
}

describe('a verifier that cuts somebody off', () => {
  it('says so by its exit code', async () => {
    const verifier = await start(`file:${join(folder, 'cut.db')}`, {
      shutdown: { delay_seconds: 0, grace_seconds: 0.2 },
    });
    const slow = slowRequest(verifier);
    const failed = slow.status.catch(() => 'cut off');
    await slow.halfSent;
    verifier.child.kill('SIGTERM');
    expect(await failed).toBe('cut off');
    expect(await verifier.exited).toBe(1);
  });
});

/** Begins verifications and declines them, again and again; each must be begun and answered once, whatever breaks. */
function loadOn(verifier: Process) {
  let isOver = false;
  const refused = new Map<string, number>();
  /** Sends the same until it is taken. */
  const persist = async (send: () => Promise<Response>): Promise<Response> => {
    for (;;) {
      const response = await send();
      if (response.status < 300) return response;
      const code = await codeOf(response);
      expect(response.status, code).toBe(503);
      refused.set(code, (refused.get(code) ?? 0) + 1);
      await setTimeout(20);
    }
  };
  const done: { id: string; code: string }[] = [];
  const work = async (name: string): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const key = { 'Idempotency-Key': `${name}-${String(i)}` };
      const created = await persist(() => create(verifier, { ask: {} }, key));
      const { id, request_url: url } = (await created.json()) as { id: string; request_url: string };
      const path = new URL(new URLSearchParams(new URL(url).hash.slice(1)).get('request_uri') ?? '').pathname;
      const jwt = await (await persist(() => fetch(`${verifier.origin}${path}`))).text();
      const payload = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString();
      const { state } = JSON.parse(payload) as { state: string };
      const form = new URLSearchParams({ state, error: 'access_denied', retry_token: TOKEN });
      const declined = await persist(() =>
        fetch(`${verifier.origin}/oid4vp/responses`, { method: 'POST', body: form }),
      );
      const { redirect_uri } = (await declined.json()) as { redirect_uri: string };
      done.push({ id, code: redirect_uri.split('#response_code=')[1] ?? '' });
    }
  };
  const workers = Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(work));
  return {
    done,
    refused,
    end: () => {
      isOver = true;
      return workers;
    },
  };
}

/** Ends every connection to the database of a URL but its own, as a restart or a failover does. */
async function endConnections(client: Client): Promise<void> {
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
}

describeOnPostgres('connections that break while they are in use', (open) => {
  it('end no process, lose nothing that was taken, and let nobody act twice', async () => {
    const url = await open();
    const line = await openLine(url);
    closers.push(() => {
      line.close();
    });
    const verifier = await start(line.url);
    const votes = [await beginAt(verifier, vote), await beginAt(verifier, vote)];
    const answers = await Promise.all(
      votes.map(async ({ request }) => ({ request, presentation: await present(holder, request) })),
    );
    const admin = new Client({ connectionString: url });
    await admin.connect();
    closers.push(() => admin.end());
    const load = loadOn(verifier);
    await vi.waitFor(() => {
      expect(load.done.length).toBeGreaterThan(5);
    });
    let isOver = false;
    const voting = answers.map(async ({ request, presentation }) => {
      for (;;) {
        const reply = await answerAt(verifier, request, presentation, TOKEN);
        if (reply.status !== 503 && isOver) return reply;
        await setTimeout(20);
      }
    });
    for (let round = 0; round < 20; round++) {
      await endConnections(admin);
      if (round % 5 === 4) line.cut();
      await setTimeout(round % 5 === 4 ? 300 : 60);
      line.mend();
    }
    const before = load.done.length;
    await vi.waitFor(
      () => {
        expect(load.done.length).toBeGreaterThan(before + 5);
      },
      { timeout: 20_000 },
    );
    isOver = true;
    await load.end();
    expect(verifier.child.exitCode).toBeNull();
    expect(load.refused.get('database_unreachable')).toBeGreaterThan(0);
    expect(await readiness(verifier)).toBe(200);
    // Every key began one verification, and each was answered with the code that was handed out.
    const { rows } = await admin.query<{ id: string; status: string; response_code_hash: string }>(
      'select id, status, response_code_hash from verification where id <> all($1)',
      [votes.map(({ created }) => created.id)],
    );
    expect(rows.every(({ status }) => status === 'rejected')).toBe(true);
    const kept = new Map(rows.map(({ id, response_code_hash: hash }) => [id, hash]));
    expect(kept).toEqual(new Map(load.done.map(({ id, code }) => [id, secretHash(code)])));
    const codes = (await Promise.all(voting)).map(async (reply) => (reply.ok ? 'accepted' : codeOf(reply)));
    expect((await Promise.all(codes)).sort()).toEqual(['accepted', 'action_already_done']);
    expect((await admin.query('select * from action_done')).rows).toHaveLength(1);
  });
});

describeOnPostgres('a database that is away', (open) => {
  it('for ten seconds costs nobody an answer, and the process goes on', async () => {
    const url = await open();
    const line = await openLine(url);
    closers.push(() => {
      line.close();
    });
    const verifier = await start(line.url);
    const [before, during] = [await beginAt(verifier, { ask: {} }), await beginAt(verifier, vote)];
    const presentation = await present(holder, during.request);
    line.cut();
    const cutAt = Date.now();
    const refused = await answerAt(verifier, during.request, presentation, TOKEN);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await codeOf(refused)).toBe('database_unreachable');
    expect(await codeOf(await create(verifier, { ask: {} }))).toBe('database_unreachable');
    expect(await readiness(verifier)).toBe(503);
    expect((await fetch(`${verifier.operations}/healthz`)).status).toBe(200);
    await setTimeout(10_000 - (Date.now() - cutAt));
    line.mend();
    await vi.waitFor(
      async () => {
        expect(await readiness(verifier)).toBe(200);
      },
      { timeout: 10_000 },
    );
    const reply = await answerAt(verifier, during.request, presentation, TOKEN);
    expect(await collectAt(verifier, during, reply)).toMatchObject({ status: 'verified' });
    expect(await codeOf(await answerAt(verifier, during.request, presentation))).toBe('nonce_used');
    const declined = await fetch(`${verifier.origin}/oid4vp/responses`, {
      method: 'POST',
      body: new URLSearchParams({ state: before.request.state, error: 'access_denied' }),
    });
    expect(await collectAt(verifier, before, declined)).toMatchObject({ status: 'rejected' });
    expect(verifier.child.exitCode).toBeNull();
  });

  it('without a word costs a statement ten seconds at most; what was past its time is forgotten at the start', async () => {
    const url = await open();
    const line = await openLine(url);
    closers.push(() => {
      line.close();
    });
    const first = await start(url);
    await create(first, { ask: {} });
    first.child.kill('SIGKILL');
    await first.exited;
    const admin = new Client({ connectionString: url });
    await admin.connect();
    closers.push(() => admin.end());
    await admin.query('update verification set expires_at = 1');
    const verifier = await start(line.url);
    await vi.waitFor(async () => {
      expect((await admin.query('select id from verification')).rows).toEqual([]);
    });
    expect((await create(verifier, { ask: {} })).status).toBe(201);
    line.silence();
    const silentAt = Date.now();
    expect(await codeOf(await create(verifier, { ask: {} }))).toBe('database_unreachable');
    expect(Date.now() - silentAt).toBeLessThan(20_000);
    expect((await create(verifier, { ask: {} })).status).toBe(201);
    expect(await readiness(verifier)).toBe(200);
  });

  it('when a commit is acknowledged loses no answer: sent again, it gets the reply that was kept', async () => {
    const url = await open();
    const line = await openLine(url);
    closers.push(() => {
      line.close();
    });
    const doomed = await start(line.url);
    const begun = await beginAt(doomed, vote);
    const presentation = await present(holder, begun.request);
    line.swallowCommits();
    const lost = answerAt(doomed, begun.request, presentation, TOKEN).then(
      () => 'answered',
      () => 'lost',
    );
    const database = await openDatabase<PlatformSchema>(url);
    closers.push(() => database.close());
    await vi.waitFor(
      async () => {
        const rows = await database.kysely.selectFrom('verification').select('status').execute();
        expect(rows).toEqual([{ status: 'verified' }]);
      },
      { timeout: 20_000 },
    );
    doomed.child.kill('SIGKILL');
    expect(await lost).toBe('lost');
    const next = await start(url);
    const reply = await answerAt(next, begun.request, presentation, TOKEN);
    expect(await collectAt(next, begun, reply)).toMatchObject({ status: 'verified' });
    expect(await codeOf(await answerAt(next, begun.request, presentation, TOKEN))).toBe('nonce_used');
    expect(await database.kysely.selectFrom('action_done').selectAll().execute()).toHaveLength(1);
  });
});
