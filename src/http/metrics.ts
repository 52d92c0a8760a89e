// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Counts and durations of requests for Prometheus, by method, route pattern and status: never by anything that a
 * visitor sent.
 *
 * @module
 */
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { Histogram, type Registry } from 'prom-client';

/** Bounds of the duration's buckets, seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Methods that have a name in the metrics; a client may send any other. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/**
 * Makes middleware that observes every request.
 *
 * @param registry - Where the metric is registered, as `bauta_http_request_seconds`.
 */
export function requestMetrics(registry: Registry): MiddlewareHandler {
  const duration = new Histogram({
    name: 'bauta_http_request_seconds',
    help: 'Duration of requests by route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: BUCKETS,
    registers: [registry],
  });
  return async (c, next) => {
    const started = performance.now();
    await next();
    const method = METHODS.has(c.req.method) ? c.req.method : 'other';
    const labels = { method, route: routePath(c, -1), status: String(c.res.status) };
    duration.observe(labels, (performance.now() - started) / 1000);
  };
}
