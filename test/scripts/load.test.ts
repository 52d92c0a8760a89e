// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDriver } from '../../scripts/load/drive.ts';
import { startFleet } from '../../scripts/load/fleet.ts';
import { type LoadHolder, openHolder } from '../../scripts/load/holder.ts';
import { measureSetting } from '../../scripts/load/measure.ts';
import { prepare } from '../../scripts/load/prepare.ts';
import { documentOf } from '../../scripts/load/report.ts';
import type { VerifierTask } from '../../scripts/load/verifier_process.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';

let folder: string;
let holder: LoadHolder;
let task: Omit<VerifierTask, 'checker' | 'database'>;
const database = (name: string): string => `file:${join(folder, `${name}.db`)}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bauta-load-test-'));
  holder = await openHolder();
  const { register } = holder;
  task = {
    origin: 'https://load.example',
    apiKey: 'a-key-for-the-test-of-the-load',
    timeZone: register.timeZone,
    register: {
      url: register.url,
      name: register.name,
      key: toBase64Url(register.key),
      witnesses: register.witnesses.map(({ name, publicKey }) => ({ name, key: toBase64Url(publicKey) })),
      threshold: register.threshold,
      epochSeconds: register.epochSeconds,
    },
  };
});

afterAll(async () => {
  await holder.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the load', () => {
  it('measures a verifier, and finds nothing lost or doubled at twice its capacity', async () => {
    const setting = { checker: 'bauta', database: 'sqlite', processes: 1, count: 48, overload: 1 } as const;
    const { run, overload } = await measureSetting({ ...setting, url: database('one') }, task, holder, () => undefined);
    expect(overload).toMatchObject({ lost: 0, doubled: 0 });
    expect((overload?.accepted ?? 0) + (overload?.refused ?? 0)).toBeGreaterThan(0);
    expect(run.p50).toBeLessThanOrEqual(run.p95);
    expect(run.p95).toBeLessThanOrEqual(run.p99);
    expect(run.perCore).toBeGreaterThan(0);
    if (overload === undefined) return;
    const { perCore, p50, p95, p99, memory } = run;
    const result = { perCore, p50, p95, p99, memory, snarkjsPerCore: 10, overload, runs: [run] };
    expect(documentOf(result, 'a machine')).toContain(`**${String(perCore)} presentations a CPU second**`);
  });

  it('has every presentation accepted once, whichever of several processes it is sent to', async () => {
    const fleet = await startFleet(2, { ...task, checker: 'bauta', database: database('two') });
    const driver = createDriver(fleet.urls);
    try {
      const prepared = await prepare(8, { ...task, urls: fleet.urls }, holder);
      // Each is sent to both processes at the same time.
      const sent = await driver.closed(
        prepared.flatMap((one) => [one, one]),
        16,
      );
      for (const one of prepared) {
        const statuses = sent.filter((answer) => answer.prepared === one).map(({ status }) => status);
        expect(statuses.sort((a, b) => a - b)).toEqual([200, 409]);
      }
    } finally {
      driver.close();
      await fleet.stop();
    }
  });
});
