// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Verifiers as real processes, a register for them, and a way between them and their database that can be cut.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ed25519 } from '@noble/curves/ed25519.js';
import { expect } from 'vitest';
import { signCheckpoint } from '../../src/log/checkpoint.ts';
import type { CreatedVerification, CreateVerification, Verification } from '../../src/platform/client/messages.ts';
import { dateInZone } from '../../src/protocol/dates.ts';
import type { FieldElement } from '../../src/protocol/field.ts';
import type { Presentation } from '../../src/protocol/presentation.ts';
import { decodeRequestObject, type RequestObject } from '../../src/protocol/request.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { TIME_ZONE } from '../platform/fixtures.ts';
import { API_KEY, checkpointOf, ORIGIN, PAGE } from '../platform/harness.ts';
import { cosigned, POLICY } from '../register/witnesses.ts';

const ROOT = join(import.meta.dirname, '../..');
const SECRET = new Uint8Array(32).fill(1);
const NAME = 'register.example/v1';

/** Waits for a port. */
async function opened(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A register that shows one root. */
export async function startRegister(root: FieldElement): Promise<{ config: object; close: () => void }> {
  const now = Math.floor(Date.now() / 1000);
  const checkpoint = checkpointOf(root, { activeFrom: now - 3600 });
  const note = cosigned(signCheckpoint(checkpoint, SECRET, NAME), now);
  const server = createHttpServer((_, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ checkpoints: [note] }));
  });
  const port = await opened(server);
  const config = {
    url: `http://127.0.0.1:${String(port)}`,
    name: NAME,
    key: toBase64Url(ed25519.getPublicKey(SECRET)),
    epoch_seconds: 21_600,
    turn: 'on_demand',
    witnesses: POLICY.keys.map(({ name, publicKey }) => ({ name, key: toBase64Url(publicKey) })),
    threshold: POLICY.threshold,
  };
  return { config, close: () => server.close() };
}

/** A verifier in a process of its own. */
export interface Process {
  readonly child: ChildProcess;
  readonly origin: string;
  readonly operations: string;
  /** All that it wrote. */
  readonly output: () => string;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

/** Starts a verifier. */
export async function spawnVerifier(folder: string, config: object): Promise<Process> {
  const file = join(folder, `verifier-${String(Math.random()).slice(2)}.json`);
  const whole = {
    origin: ORIGIN,
    listen: { host: '127.0.0.1', port: 0 },
    operations: { host: '127.0.0.1', port: 0 },
    wallet_url: 'https://wallet.example/present',
    api_keys: [API_KEY],
    verifying_threads: 0,
    shutdown: { delay_seconds: 0.3, grace_seconds: 5 },
    ...config,
  };
  writeFileSync(file, JSON.stringify(whole));
  const args = ['--import', 'tsx', 'src/server/verifier.ts', '--config', file];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const started = new Promise<{ listening: string; operations: string }>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    createInterface(child.stdout).on('line', (line) => {
      output += `${line}\n`;
      const told = JSON.parse(line) as { listening?: string; operations: string };
      if (told.listening !== undefined) resolve({ listening: told.listening, operations: told.operations });
    });
    child.once('exit', () => {
      reject(new Error(`the verifier ended: ${output}`));
    });
  });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal);
    });
  });
  const { listening, operations } = await started;
  return { child, origin: listening, operations, output: () => output, exited };
}

const headers = { Authorization: `Bearer ${API_KEY}`, 'Content-Type': 'application/json' };

/** Begins a verification at a process. */
export async function create(
  { origin }: Process,
  body: CreateVerification,
  more: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${origin}/v1/verifications`, {
    method: 'POST',
    headers: { ...headers, ...more },
    body: JSON.stringify({ redirect_uri: PAGE, ...body }),
  });
}

export interface Begun {
  readonly created: CreatedVerification;
  readonly request: RequestObject;
}

/** Begins a verification and fetches its request, as a wallet does. */
export async function beginAt(verifier: Process, body: CreateVerification): Promise<Begun> {
  const response = await create(verifier, body);
  expect(response.status, await response.clone().text()).toBe(201);
  const created = (await response.json()) as CreatedVerification;
  const fragment = new URLSearchParams(new URL(created.request_url).hash.slice(1));
  const [clientId, requestUri] = [fragment.get('client_id') ?? '', fragment.get('request_uri') ?? ''];
  const object = await fetch(`${verifier.origin}${new URL(requestUri).pathname}`);
  const now = Date.now();
  const expected = { clientId, requestUri, now: now / 1000, today: dateInZone(now, TIME_ZONE) };
  return { created, request: decodeRequestObject(await object.text(), expected) };
}

/** Sends an answer to a process. */
export function answerAt(
  { origin }: Process,
  request: RequestObject,
  presentation: Presentation,
  retryToken?: string,
): Promise<Response> {
  return fetch(`${origin}/oid4vp/responses`, {
    method: 'POST',
    body: new URLSearchParams({
      state: request.state,
      vp_token: JSON.stringify({ bauta: [presentation] }),
      ...(retryToken === undefined ? {} : { retry_token: retryToken }),
    }),
  });
}

/** Collects a result at a process by the wallet's reply. */
export async function collectAt({ origin }: Process, { created }: Begun, reply: Response): Promise<Verification> {
  expect(reply.status, await reply.clone().text()).toBe(200);
  const { redirect_uri } = (await reply.json()) as { redirect_uri: string };
  const code = redirect_uri.split('#response_code=')[1] ?? '';
  const response = await fetch(`${origin}/v1/verifications/${created.id}?response_code=${code}`, {
    headers: { ...headers, 'Browser-Token': created.browser_token },
  });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Verification;
}

/** Code of a problem document. */
export async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { code: string }).code;
}

/** A way to PostgreSQL that can be cut, and on which the acknowledgement of a commit can be lost. */
export interface Line {
  /** URL of the database through this way. */
  readonly url: string;
  /** Breaks every connection and lets none through. */
  cut(): void;
  mend(): void;
  /** Lets no byte through any more on the connections that there are, without ending them: their host is gone. */
  silence(): void;
  /** From now on commits reach the server, and nothing comes back on their connections. */
  swallowCommits(): void;
  close(): void;
}

/** Opens a way to the database of a URL. */
export async function openLine(database: string): Promise<Line> {
  const target = new URL(database);
  const folder = target.searchParams.get('host');
  const port = target.port === '' ? 5432 : Number(target.port);
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let isCut = false;
  let swallows = false;
  let silenced = 0;
  const server = createServer((client) => {
    const upstream =
      folder?.startsWith('/') === true ? connect(`${folder}/.s.PGSQL.${String(port)}`) : connect(port, target.hostname);
    let isMute = false;
    const born = silenced;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
      sockets.delete(client);
      sockets.delete(upstream);
      clients.delete(client);
    };
    clients.add(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    if (isCut) {
      end();
      return;
    }
    client.on('data', (bytes) => {
      if (born < silenced) return;
      if (swallows && bytes.toString('latin1').toLowerCase().includes('commit')) isMute = true;
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (!isMute && born === silenced) client.write(bytes);
    });
  });
  const through = new URL(database);
  through.searchParams.delete('host');
  through.hostname = '127.0.0.1';
  through.port = String(await opened(server));
  return {
    url: through.href,
    cut: () => {
      isCut = true;
      for (const socket of clients) socket.resetAndDestroy();
    },
    mend: () => {
      isCut = false;
    },
    silence: () => {
      silenced++;
    },
    swallowCommits: () => {
      swallows = true;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
