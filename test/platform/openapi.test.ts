// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The OpenAPI description against the code. That every answer is described, by status, content type
 * and form, is checked by `harness.ts` on every call of every test.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generateTypes, TYPES_FILE } from '../../scripts/docs_openapi.ts';
import { AGES, REVEALABLE } from '../../src/protocol/policy.ts';
import { startVerifier, type Verifier } from './harness.ts';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { security?: unknown; responses: Record<string, unknown> }>>;
  components: {
    schemas: Record<string, { properties: Record<string, { enum?: unknown; items?: { enum: unknown } }> }>;
  };
}

let verifier: Verifier;
let document: Document;
beforeAll(async () => {
  verifier = await startVerifier({ basePath: '/bauta' });
  document = (await (await verifier.app.request('/openapi.json')).json()) as Document;
});
afterAll(() => verifier.close());

it('is OpenAPI 3.1', () => {
  expect(document.openapi).toBe('3.1.0');
  expect(document).toMatchObject({ servers: [{ url: 'https://forum.example/bauta' }] });
});

it('describes every route of the app, and no other', () => {
  const routes = verifier.app.routes
    .filter(({ method, path }) => method !== 'ALL' && !path.startsWith('/openapi.') && path !== '/bauta-login.js')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual([...new Set(routes)].sort());
});

it('says which routes need a key', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) {
      expect(operation.security, path).toEqual(path.startsWith('/v1/') ? [{ Bearer: [] }] : undefined);
    }
  }
});

it('lists all that may be asked', () => {
  const ask = document.components.schemas['Ask']?.properties;
  expect(ask?.['age_over']?.enum).toEqual(AGES);
  expect(ask?.['min_assurance']?.enum).toEqual([1, 2, 3]);
  expect(ask?.['reveal']?.items?.enum).toEqual(REVEALABLE);
});

it('points to nothing that is not there', () => {
  const names = Object.keys(document.components.schemas);
  for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    expect(names).toContain(name);
  }
});

it('is what the client’s types were made from: npm run docs:openapi', async () => {
  expect(await generateTypes()).toBe(readFileSync(TYPES_FILE, 'utf8'));
});

it('shows all values of what has several', () => {
  const text = JSON.stringify(document);
  expect(text).toContain('"enum":[3600,86400,604800]');
  expect(text).toContain('"enum":["hour","day","week"]');
});
