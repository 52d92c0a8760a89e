// SPDX-License-Identifier: GPL-3.0-or-later
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { installProblems } from '../../src/http/problems.ts';
import { bodyReader } from '../../src/issuer/reading.ts';

describe('bodies that are read', () => {
  it('have room for so many bytes together, by what is declared or else the most, and give it back', async () => {
    const read = bodyReader({ limit: 100, together: 150, busy: ['face_busy', 'later'] });
    const app = new Hono();
    installProblems(app);
    app.put('/', (c) => read(c, async () => c.text(String((await c.req.arrayBuffer()).byteLength))));
    const ends: (() => void)[] = [];
    const put = async (size: number, declared?: number): Promise<string> => {
      const body = new ReadableStream({
        start: (stream) => {
          if (size > 0) stream.enqueue(new Uint8Array(size));
          ends.push(() => stream.close());
        },
      });
      const headers = declared === undefined ? {} : { 'Content-Length': String(declared) };
      const response = await app.request('/', { method: 'PUT', body, headers, duplex: 'half' } as RequestInit);
      const text = await response.text();
      return response.ok ? text : (JSON.parse(text) as { code: string }).code;
    };
    const first = put(1);
    const second = put(50, 50);
    expect(await put(1, 1)).toBe('face_busy');
    expect(await put(1)).toBe('face_busy');
    ends[0]?.();
    expect(await first).toBe('1');
    expect(await put(101)).toBe('body_too_large');
    const third = put(10, 100);
    expect(await put(1, 1)).toBe('face_busy');
    for (const end of ends.slice(1)) {
      try {
        end();
      } catch {
        // It was refused, and is cancelled.
      }
    }
    expect([await second, await third]).toEqual(['50', '10']);
  });
});
