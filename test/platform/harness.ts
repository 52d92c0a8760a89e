// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A verifier to test: its app on a fresh database, a clock that tests move, and calls whose every
 * answer is held against the app's own OpenAPI description.
 *
 * @module
 */
import type { OpenAPIHono } from '@hono/zod-openapi';
import { expect } from 'vitest';
import { z } from 'zod';
import { type Checkpoint, reasonCounts } from '../../src/log/checkpoint.ts';
import { createPlatformApp } from '../../src/platform/app.ts';
import { createLocalVerifier } from '../../src/platform/batch_verifier.ts';
import type { CreatedVerification, CreateVerification, Verification } from '../../src/platform/client/messages.ts';
import { createCollector } from '../../src/platform/collector.ts';
import type { PlatformDeps } from '../../src/platform/deps.ts';
import type { FieldElement } from '../../src/protocol/field.ts';
import type { Presentation } from '../../src/protocol/presentation.ts';
import { decodeRequestObject, type RequestObject } from '../../src/protocol/request.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open.ts';
import { platformMigrations, type PlatformSchema } from '../../src/storage/platform.ts';
import { manifest, NOON, secureRandom, seededRandom, showKey, SIZE, TIME_ZONE, TODAY } from './fixtures.ts';

export const API_KEY = 'test-key-of-the-forum-backend';
export const ORIGIN = 'https://forum.example';
export const PAGE = `${ORIGIN}/return`;

/** A checkpoint that became active an hour before noon. */
export function checkpointOf(root: FieldElement, changes: Partial<Checkpoint> = {}): Checkpoint {
  return {
    origin: 'register.example/v1',
    size: SIZE,
    rootHash: new Uint8Array(32),
    epoch: 3,
    activeFrom: NOON / 1000 - 3600,
    presentationRoot: root,
    counts: { issued: 1, revoked: 0, active: 1, announced: 0, resets: 0, replaced: 0 },
    reasons: reasonCounts(),
    ...changes,
  };
}

export interface Verifier {
  readonly app: OpenAPIHono;
  readonly deps: PlatformDeps;
  /** Unix milliseconds; tests set it. */
  now: number;
  checkpoints: readonly Checkpoint[];
  close(): Promise<void>;
}

export interface VerifierOptions extends Partial<PlatformDeps> {
  readonly url?: string;
  readonly roots?: readonly FieldElement[];
  /** Two verifiers with the same seed make the same requests. */
  readonly seed?: string;
}

export async function startVerifier({
  url = ':memory:',
  roots = [],
  seed = 'verifier',
  ...deps
}: VerifierOptions = {}): Promise<Verifier> {
  const database = await openDatabase<PlatformSchema>(url);
  await migrate(database, platformMigrations);
  const verifier = { now: NOON, checkpoints: roots.map((root) => checkpointOf(root)) };
  const all: PlatformDeps = {
    origin: ORIGIN,
    apiKeys: ['another-key-of-the-forum', API_KEY],
    walletUrl: 'https://wallet.example/present',
    manifest,
    checkProof: createCollector(createLocalVerifier(await showKey(), secureRandom)).checkProof,
    checkpoints: () => Promise.resolve(verifier.checkpoints),
    database,
    clock: () => verifier.now,
    random: seededRandom(seed),
    timeZone: TIME_ZONE,
    ...deps,
  };
  return Object.assign(verifier, { app: createPlatformApp(all), deps: all, close: () => database.close() });
}

type Json = Record<string, unknown>;

/** Calls the app and holds the answer against its OpenAPI description. */
export async function call(app: OpenAPIHono, path: string, init: RequestInit = {}): Promise<Response> {
  const response = await app.request(path, init);
  const document = (await (await app.request('/openapi.json')).json()) as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content?: Record<string, { schema: Json }> }> }>
    >;
    components: { schemas: Record<string, Json> };
  };
  const pathname = new URL(path, ORIGIN).pathname;
  const template = Object.keys(document.paths).find((known) =>
    new RegExp(`^${known.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
  const operation = document.paths[template ?? '']?.[(init.method ?? 'GET').toLowerCase()];
  if (operation === undefined) {
    expect(response.status, `${path} is not described`).toBe(404);
    return response;
  }
  const described = operation.responses[String(response.status)];
  expect(described, `${String(response.status)} of ${template ?? ''} is not described`).toBeDefined();
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  const schema = described?.content?.[type]?.schema;
  expect(schema, `${type} of ${template ?? ''} is not described`).toBeDefined();
  if (type.endsWith('json')) {
    const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
    const body = JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Json;
    z.fromJSONSchema(body).parse(await response.clone().json());
  }
  return response;
}

export const bearer = (key = API_KEY): Record<string, string> => ({ Authorization: `Bearer ${key}` });

export function postJson(body: unknown, headers: Record<string, string> = bearer()): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** Status and code of a problem document; checks that it is one. */
export async function problemOf(response: Response): Promise<{ status: number; code: string }> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = (await response.json()) as { status: number; code: string; detail: string };
  expect(body).toMatchObject({ type: `urn:bauta:problem:${body.code}`, status: response.status });
  expect(body.detail).not.toMatch(/\n\s+at |\.ts:|node_modules/);
  return { status: body.status, code: body.code };
}

export interface Begun {
  readonly created: CreatedVerification;
  readonly request: RequestObject;
}

/** Begins a verification and fetches its request object as a wallet does. */
export async function begin(verifier: Verifier, body: CreateVerification): Promise<Begun> {
  const response = await call(verifier.app, '/v1/verifications', postJson({ redirect_uri: PAGE, ...body }));
  expect(response.status, await response.clone().text()).toBe(201);
  const created = (await response.json()) as CreatedVerification;
  return { created, request: await fetchRequest(verifier, created) };
}

async function fetchRequest(verifier: Verifier, created: CreatedVerification): Promise<RequestObject> {
  const fragment = new URLSearchParams(new URL(created.request_url).hash.slice(1));
  const requestUri = fragment.get('request_uri') ?? '';
  const response = await call(verifier.app, new URL(requestUri).pathname, {
    headers: { Origin: 'https://wallet.example' },
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  const clientId = fragment.get('client_id') ?? '';
  const now = verifier.now / 1000;
  return decodeRequestObject(await response.text(), { clientId, requestUri, now, today: TODAY });
}

/** Posts what a wallet posts. */
export function respond(verifier: Verifier, form: Record<string, string>): Promise<Response> {
  return call(verifier.app, '/oid4vp/responses', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://wallet.example' },
    body: new URLSearchParams(form).toString(),
  });
}

export function answer(verifier: Verifier, request: RequestObject, presentation: Presentation): Promise<Response> {
  return respond(verifier, { state: request.state, vp_token: JSON.stringify({ bauta: [presentation] }) });
}

/** The response code that an accepted answer brings to the platform's page. */
export async function responseCodeOf(response: Response): Promise<string> {
  expect(response.status, await response.clone().text()).toBe(200);
  const { redirect_uri } = (await response.json()) as { redirect_uri: string };
  expect(redirect_uri.startsWith(`${PAGE}#response_code=`)).toBe(true);
  return redirect_uri.slice(`${PAGE}#response_code=`.length);
}

/** Reads a verification with the backend's key. */
export function read(
  verifier: Verifier,
  id: string,
  { browserToken, responseCode }: { browserToken?: string; responseCode?: string },
): Promise<Response> {
  const query = responseCode === undefined ? '' : `?response_code=${encodeURIComponent(responseCode)}`;
  return call(verifier.app, `/v1/verifications/${id}${query}`, {
    headers: { ...bearer(), ...(browserToken === undefined ? {} : { 'Browser-Token': browserToken }) },
  });
}

/** Collects a result; every part is right. */
export async function collect(verifier: Verifier, { created }: Begun, response: Response): Promise<Verification> {
  const responseCode = await responseCodeOf(response);
  const collected = await read(verifier, created.id, { browserToken: created.browser_token, responseCode });
  expect(collected.status, await collected.clone().text()).toBe(200);
  return (await collected.json()) as Verification;
}
