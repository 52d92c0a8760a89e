// SPDX-License-Identifier: GPL-3.0-or-later
/** Limits of requests, metrics, and where addresses lead. */
import { Hono } from 'hono';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { networkOf, reachOf } from '../../src/http/addresses.ts';
import { requestMetrics } from '../../src/http/metrics.ts';
import { rateLimit } from '../../src/http/rate_limits.ts';

describe('a limit', () => {
  const appOf = (count: number): Hono => {
    const app = new Hono();
    app.use(rateLimit({ count, seconds: 60 }, (c) => c.req.header('name')));
    app.get('/', (c) => c.text('ok'));
    return app;
  };

  it('lets so many pass, and tells the next when to come back', async () => {
    const app = appOf(3);
    const ask = (name: string): Response | Promise<Response> => app.request('/', { headers: { name } });
    for (let i = 0; i < 3; i++) expect((await ask('a')).status).toBe(200);
    const refused = await ask('a');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'too_many_requests' });
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect((await ask('b')).status).toBe(200);
  });

  it('does not count whom it has no name for', async () => {
    const app = appOf(1);
    for (let i = 0; i < 3; i++) expect((await app.request('/')).status).toBe(200);
  });
});

describe('metrics', () => {
  it('name routes, never what was sent', async () => {
    const registry = new Registry();
    const app = new Hono();
    app.use(requestMetrics(registry));
    app.get('/v1/verifications/:id', (c) => c.text('ok'));
    await app.request('/v1/verifications/secret-id?response_code=secret-code');
    await app.request('/nowhere/secret-path', { method: 'PERSON' });
    const text = await registry.metrics();
    expect(text).toContain(
      'bauta_http_request_seconds_count{method="GET",route="/v1/verifications/:id",status="200"} 1',
    );
    expect(text).toContain('method="other"');
    expect(text).not.toMatch(/secret|PERSON/);
  });
});

describe('addresses', () => {
  it('of one subscriber are one network', () => {
    expect(networkOf('203.0.113.7')).toBe('203.0.113.7');
    expect(networkOf('::ffff:203.0.113.7')).toBe('203.0.113.7');
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:db8:1:2::1'));
    expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'));
    expect(networkOf('fe80::1%eth0')).toBe(networkOf('fe80::2'));
    expect(networkOf('unknown')).toBe('unknown');
  });

  it.each([
    ['8.8.8.8', 'public'],
    ['2606:4700:4700::1111', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['10.0.0.1', 'internal'],
    ['169.254.169.254', 'internal'],
    ['168.63.129.16', 'internal'],
    ['100.100.100.200', 'internal'],
    ['::ffff:10.0.0.1', 'internal'],
    ['::808:808', 'internal'],
    ['fd00:ec2::254', 'internal'],
    ['fe80::1%eth0', 'internal'],
    ['4000::1', 'internal'],
    ['0.0.0.0', 'internal'],
    ['no address', 'internal'],
  ])('%s is %s', (address, reach) => {
    expect(reachOf(address)).toBe(reach);
  });
});
