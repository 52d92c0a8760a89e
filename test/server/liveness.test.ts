// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import type { SamplesDeps } from '../../src/server/samples.ts';
import { createSamples } from '../../src/server/samples.ts';
import { livenessOf } from '../../src/server/liveness.ts';
import { readConfig } from '../../src/server/config.ts';
import type { CheckLiveness } from '../../src/issuer/face_step.ts';

const check = (() => undefined) as unknown as CheckLiveness;
const code = (name: string) => expect.objectContaining({ code: name }) as Error;

describe('liveness of a stack', () => {
  it('is required unless the environment says otherwise, which production refuses', () => {
    expect(readConfig({}).liveness).toBe('required');
    expect(readConfig({ BAUTA_LIVENESS: 'off' }).liveness).toBe('off');
    expect(() => readConfig({ BAUTA_LIVENESS: 'sometimes' })).toThrow(code('config_invalid'));
    expect(livenessOf({ liveness: 'required', production: true }, check)).toBe(check);
    expect(livenessOf({ liveness: 'off', production: false }, check)).toBe('unsafe_off');
    expect(() => livenessOf({ liveness: 'off', production: true }, check)).toThrow(code('liveness_off_refused'));
    expect(() => livenessOf({ liveness: 'required', production: false }, undefined)).toThrow(code('config_invalid'));
  });
});

describe('made captures over HTTP', () => {
  const samples = createSamples({
    people: [{ id: 'wei', live: Uint8Array.of(7) }],
    frames: {
      frames: (still: Uint8Array, actions: readonly string[]) =>
        Promise.resolve(actions.map((_, step) => ({ step, at: step, jpeg: Uint8Array.of(...still, step) }))),
    },
  } as unknown as SamplesDeps);
  const ask = async (path: string) => {
    const answer = await samples.request(path);
    return { status: answer.status, body: (await answer.json()) as unknown };
  };

  it('follow the steps that are named', async () => {
    expect(await ask('/samples/wei/frames?steps=look_ahead,turn_left')).toEqual({
      status: 200,
      body: {
        frames: [
          { step: 0, at: 0, jpeg: 'BwA' },
          { step: 1, at: 1, jpeg: 'BwE' },
        ],
      },
    });
  });

  it('are refused for other steps, too many, or nobody', async () => {
    const nine = Array.from({ length: 9 }, () => 'blink').join();
    for (const steps of ['', 'jump', 'look_ahead,', nine]) {
      expect(await ask(`/samples/wei/frames?steps=${steps}`)).toMatchObject({
        status: 400,
        body: { code: 'body_invalid' },
      });
    }
    expect(await ask('/samples/nobody/frames?steps=blink')).toMatchObject({ status: 404 });
  });
});
