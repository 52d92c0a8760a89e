// SPDX-License-Identifier: GPL-3.0-or-later
/** The verifier on a socket: bodies that are too large, or never end, get their answer there, too. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listen, type Listening } from '../../src/server/listen.ts';
import { API_KEY, startVerifier, type Verifier } from './harness.ts';

const CHUNK = Buffer.alloc(65_536, 'a');

let verifier: Verifier;
let listening: Listening;
beforeAll(async () => {
  verifier = await startVerifier({ mostUnderWay: 1 });
  listening = await listen(() => Promise.resolve({ app: verifier.app }), 0, 'verifier');
});
afterAll(async () => {
  await listening.close();
  await verifier.close();
});

/** Sends chunks until it is answered; resolves with the status and the bytes that were taken. */
async function send(
  path: string,
  headers: Record<string, string>,
  chunks: number,
): Promise<{ status: number; sent: number; body: string }> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let answered = false;
    const outgoing = httpRequest(`${listening.origin}${path}`, { method: 'POST', headers }, (response) => {
      answered = true;
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        outgoing.destroy();
        resolve({ status: response.statusCode ?? 0, sent, body });
      });
    });
    outgoing.on('error', (error) => {
      if (!answered) reject(error);
    });
    const push = (): void => {
      while (!answered && sent < chunks * CHUNK.length) {
        sent += CHUNK.length;
        if (!outgoing.write(CHUNK)) {
          outgoing.once('drain', push);
          return;
        }
      }
      if (chunks < Infinity) outgoing.end();
    };
    push();
  });
}

it.each([
  ['/oid4vp/responses', 'application/x-www-form-urlencoded'],
  ['/v1/verifications', 'application/json'],
  ['/v1/proofs/verify', 'application/json'],
])('answers 413 to 50 MB at %s, declared or not', async (path, type) => {
  const headers = { 'Content-Type': type, Authorization: `Bearer ${API_KEY}` };
  const declared = await send(path, { ...headers, 'Content-Length': String(800 * CHUNK.length) }, 800);
  expect(declared.status).toBe(413);
  expect(JSON.parse(declared.body)).toMatchObject({ code: 'body_too_large', status: 413 });
  const endless = await send(path, headers, Infinity);
  expect(endless.status).toBe(413);
});

it('answers 401 without reading', async () => {
  const { status } = await send('/v1/verifications', { 'Content-Type': 'application/json' }, Infinity);
  expect(status).toBe(401);
});

it('serves others while a body comes slowly, however little work it does at once', async () => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '1000' };
  const slow = Array.from({ length: 8 }, () =>
    httpRequest(`${listening.origin}/oid4vp/responses`, { method: 'POST', headers }).on('error', () => undefined),
  );
  for (const outgoing of slow) outgoing.write('state=slow&');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { status, body } = await send('/oid4vp/responses', { 'Content-Type': headers['Content-Type'] }, 0);
  expect({ status, code: (JSON.parse(body) as { code: string }).code }).toEqual({ status: 400, code: 'body_invalid' });
  for (const outgoing of slow) outgoing.destroy();
});
