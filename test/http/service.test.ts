// SPDX-License-Identifier: GPL-3.0-or-later
import { Writable } from 'node:stream';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { anyOrigin, securityHeaders } from '../../src/http/headers.ts';
import { bodyLimit, readJson, requireContentType } from '../../src/http/limits.ts';
import { createLogger, logUnexpected, requestLog } from '../../src/http/logs.ts';
import { installProblems } from '../../src/http/problems.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';

const SECRET = 'correct horse battery staple';

function createApp(onUnexpected?: (error: unknown) => void): Hono {
  const app = new Hono();
  installProblems(app, onUnexpected);
  app.use(securityHeaders());
  app.use('/things/*', bodyLimit(1000), requireContentType('application/json'));
  app.post('/things/:id', async (c) => {
    const { name } = await readJson(c, z.strictObject({ name: z.string().max(10) }));
    return c.json({ name });
  });
  app.get('/broken', () => {
    throw new Error(`no row for ${SECRET}`);
  });
  app.get('/conflict', () => {
    throw new ProtocolError('leaf_revoked', 'the leaf is revoked');
  });
  app.get('/refused', () => {
    throw new HTTPException(400, { message: SECRET });
  });
  app.get('/teapot', () => {
    throw new HTTPException(418, { message: SECRET });
  });
  return app;
}

function post(app: Hono, body: BodyInit, type = 'application/json'): Promise<Response> {
  const init = { method: 'POST', body, headers: { 'Content-Type': type }, duplex: 'half' };
  return Promise.resolve(app.request('/things/7', init));
}

async function expectProblem(response: Response, status: number, code: string): Promise<string> {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ type: `urn:bauta:problem:${code}`, status, code });
  expect(response.status).toBe(status);
  expect(text).not.toContain(SECRET);
  expect(text).not.toMatch(/\.ts:|node_modules|\\n\s+at /);
  return text;
}

describe('problem details', () => {
  it('show code and message of a ProtocolError', async () => {
    const text = await expectProblem(await createApp().request('/conflict'), 409, 'leaf_revoked');
    expect(JSON.parse(text)).toMatchObject({ title: 'Conflict', detail: 'the leaf is revoked' });
  });

  it('show nothing of any other error, and report it', async () => {
    const seen: unknown[] = [];
    const app = createApp((error) => seen.push(error));
    await expectProblem(await app.request('/broken'), 500, 'internal_error');
    await expectProblem(await app.request('/teapot'), 500, 'internal_error');
    expect(seen).toHaveLength(2);
    await expectProblem(await app.request('/refused'), 400, 'body_invalid');
    expect(seen).toHaveLength(2);
  });

  it('answer unknown addresses', async () => {
    await expectProblem(await createApp().request('/nothing?secret=1'), 404, 'not_found');
  });
});

describe('limits', () => {
  it('pass a good body', async () => {
    const response = await post(createApp(), '{"name":"ok"}', 'Application/JSON; charset=utf-8');
    expect(await response.json()).toEqual({ name: 'ok' });
  });

  it.each([
    ['text/plain', 'content_type_unsupported'],
    ['', 'content_type_unsupported'],
    ['application/jsonx', 'content_type_unsupported'],
  ])('refuse content type %j', async (type, code) => {
    await expectProblem(await post(createApp(), '{"name":"ok"}', type), 415, code);
  });

  it.each(['', '{', 'null', '[]', '{"name":1}', '{"name":"ok","more":1}', '{"name":"01234567890"}', `"${SECRET}"`])(
    'refuse body %s',
    async (body) => {
      await expectProblem(await post(createApp(), body), 400, 'body_invalid');
    },
  );

  it('accept a body of the limit and refuse one byte more, declared or not', async () => {
    const ofLength = (length: number): string => `{"name":"ok"}`.padEnd(length);
    const undeclared = (text: string): ReadableStream<Uint8Array> => new Blob([text]).stream();
    expect((await post(createApp(), ofLength(1000))).status).toBe(200);
    expect((await post(createApp(), undeclared(ofLength(1000)))).status).toBe(200);
    await expectProblem(await post(createApp(), ofLength(1001)), 413, 'body_too_large');
    await expectProblem(await post(createApp(), undeclared(ofLength(1001))), 413, 'body_too_large');
  });

  it('refuse a declared length without reading, and an endless body after the limit', async () => {
    let pulled = 0;
    const endless = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: (controller) => {
          pulled += 100;
          controller.enqueue(new Uint8Array(100));
        },
      });
    await expectProblem(await post(createApp(), endless()), 413, 'body_too_large');
    expect(pulled).toBeLessThan(2000);
  });
});

describe('on a socket', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) {
      close();
    }
  });

  it('a body of 50 MB is refused at once, declared or streamed, and the service lives on', async () => {
    const port = await new Promise<number>((resolve) => {
      const server = serve({ fetch: createApp().fetch, port: 0, hostname: '127.0.0.1' }, (info) => {
        resolve(info.port);
      });
      closers.push(() => server.close());
    });
    const url = `http://127.0.0.1:${String(port)}/things/7`;
    const megabyte = new Uint8Array(1 << 20).fill(0x20);
    const stream = (): ReadableStream<Uint8Array> => {
      let left = 50;
      return new ReadableStream({
        pull: (controller) => {
          if (left-- > 0) {
            controller.enqueue(megabyte);
          } else {
            controller.close();
          }
        },
      });
    };
    const headers = { 'Content-Type': 'application/json' };
    const before = process.memoryUsage().rss;
    for (const body of [new Blob(Array.from({ length: 50 }, () => megabyte)), stream()]) {
      const response = await fetch(url, { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
      await expectProblem(response, 413, 'body_too_large');
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
    const good = await fetch(url, { method: 'POST', headers, body: '{"name":"ok"}' });
    expect(await good.json()).toEqual({ name: 'ok' });
  });
});

describe('headers', () => {
  it('forbid embedding, sniffing, referring and storing unless the handler says otherwise', async () => {
    const app = createApp();
    app.get('/own', (c) => c.text('x', 200, { 'Cache-Control': 'public', 'Content-Security-Policy': 'sandbox' }));
    const plain = await app.request('/conflict');
    expect(plain.headers.get('Cache-Control')).toBe('no-store');
    expect(plain.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(plain.headers.get('Content-Security-Policy')).toContain("default-src 'none'");
    const own = await app.request('/own');
    expect(own.headers.get('Cache-Control')).toBe('public');
    expect(own.headers.get('Content-Security-Policy')).toBe('sandbox');
  });

  it('allow any origin, never with credentials', async () => {
    const app = new Hono();
    app.use(anyOrigin(['GET'], ['Authorization']));
    app.get('/', (c) => c.text('x'));
    const response = await app.request('/', { headers: { Origin: 'https://wallet.example' } });
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(response.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    const preflight = await app.request('/', { method: 'OPTIONS', headers: { Origin: 'https://wallet.example' } });
    expect(preflight.headers.get('Access-Control-Allow-Methods')).toBe('GET');
    expect(preflight.headers.get('Access-Control-Allow-Headers')).toBe('Authorization');
  });
});

describe('logs', () => {
  it('hold the route pattern, and neither address, query, headers, body nor error message', async () => {
    const lines: string[] = [];
    const destination = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString());
        done();
      },
    });
    const logger = createLogger('test', destination);
    const app = new Hono();
    installProblems(app, logUnexpected(logger));
    app.use(requestLog(logger, Date.now));
    app.post('/people/:id', async (c) => {
      await c.req.text();
      throw new Error(`value ${SECRET} exists`);
    });
    await app.request(`/people/310101?token=abc`, {
      method: 'POST',
      body: SECRET,
      headers: { Authorization: 'Bearer key-1' },
    });
    await app.request('/elsewhere/310101');
    const text = lines.join('');
    expect(text).toContain('/people/:id');
    expect(text).toMatch(/"status":500/);
    expect(text).toMatch(/"error":"Error"/);
    expect(text).toMatch(/"status":404/);
    for (const kept of [SECRET, '310101', 'abc', 'key-1']) {
      expect(text).not.toContain(kept);
    }
  });
});
