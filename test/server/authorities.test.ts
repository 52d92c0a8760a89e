// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { createAuthoritySimulator } from '../../src/demo/authority_simulator.ts';
import { createCardAuthority } from '../../src/demo/card_simulator.ts';
import { createLogger } from '../../src/http/logs.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { startAuthorities } from '../../src/server/authorities.ts';
import { ephemeralConfig, readConfig } from '../../src/server/config.ts';
import { makeKeys } from '../../src/server/keys.ts';
import type { House } from '../../src/server/programs.ts';

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
const [first, second] = [random(32), random(32)];
const KEYS = `${toBase64Url(first)},${toBase64Url(second)}`;
const simulator = createAuthoritySimulator({
  cards: createCardAuthority(random),
  people: () => undefined,
  coverage: [{ kind: 'passport', state: 'UTO' }],
  clock: () => 0,
  random,
});

function house(config: Partial<House['config']>): House {
  return {
    config: { ...ephemeralConfig(), ...config },
    keys: makeKeys(),
    manifest: {} as House['manifest'],
    clock: () => 0,
    logger: (service) => createLogger(service, { write: () => undefined }),
    closers: [],
  };
}

describe('the configuration of authorities', () => {
  it('is empty without a URL, and else has keys, and what a registry is there for', () => {
    expect(readConfig({}).authorities).toEqual({});
    expect(readConfig({ BAUTA_DECODER_KEYS: KEYS }).authorities).toEqual({});
    const { authorities } = readConfig({
      BAUTA_DECODER_URL: 'https://decoder.example/base/',
      BAUTA_DECODER_KEYS: KEYS,
      BAUTA_DECODER_TOKEN: 'secret',
      BAUTA_REGISTRY_URL: 'http://localhost:9000',
      BAUTA_REGISTRY_KEYS: toBase64Url(second),
      BAUTA_REGISTRY_COVERS: 'passport/CHN,foreign_permanent_resident_card/CHN',
    });
    expect(authorities).toEqual({
      decoder: { url: 'https://decoder.example/base', keys: [first, second], apiKey: 'secret' },
      registry: {
        url: 'http://localhost:9000',
        keys: [second],
        apiKey: undefined,
        coverage: [
          { kind: 'passport', state: 'CHN' },
          { kind: 'foreign_permanent_resident_card', state: 'CHN' },
        ],
      },
    });
  });

  it.each([
    ['BAUTA_DECODER_URL', { BAUTA_DECODER_URL: 'http://decoder.example', BAUTA_DECODER_KEYS: KEYS }],
    ['BAUTA_DECODER_URL', { BAUTA_DECODER_URL: 'decoder', BAUTA_DECODER_KEYS: KEYS }],
    ['BAUTA_DECODER_KEYS', { BAUTA_DECODER_URL: 'https://decoder.example' }],
    ['BAUTA_DECODER_KEYS', { BAUTA_DECODER_URL: 'https://decoder.example', BAUTA_DECODER_KEYS: 'AAAA' }],
    ['BAUTA_REGISTRY_COVERS', { BAUTA_REGISTRY_URL: 'https://registry.example', BAUTA_REGISTRY_KEYS: KEYS }],
    [
      'BAUTA_REGISTRY_COVERS',
      { BAUTA_REGISTRY_URL: 'https://r.example', BAUTA_REGISTRY_KEYS: KEYS, BAUTA_REGISTRY_COVERS: 'passport' },
    ],
    [
      'BAUTA_REGISTRY_COVERS',
      { BAUTA_REGISTRY_URL: 'https://r.example', BAUTA_REGISTRY_KEYS: KEYS, BAUTA_REGISTRY_COVERS: 'visa/CHN' },
    ],
  ])('names %s where it is wrong', (name, env) => {
    expect(() => readConfig(env)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(name) as string }),
    );
  });
});

describe('the services that an issuer asks', () => {
  const real = { url: 'https://authority.example', keys: [first] };
  const coverage = [{ kind: 'travel_permit_taiwan', state: 'CHN' }] as const;

  it('are none without configuration and demonstration', async () => {
    expect(await startAuthorities(house({}), undefined)).toEqual({ decoder: undefined, registry: undefined });
  });

  it('are the configured ones, and then no simulator runs', async () => {
    const quiet = house({ authorities: { decoder: real, registry: { ...real, coverage } } });
    const { registry } = await startAuthorities(quiet, simulator);
    expect(quiet.closers).toHaveLength(0);
    expect(registry?.covers({ kind: 'travel_permit_taiwan', state: 'CHN' })).toBe(true);
    expect(registry?.covers({ kind: 'passport', state: 'UTO' })).toBe(false);
  });

  it('are simulated on a port of their own otherwise, and answer only whom they know', async () => {
    const demo = house({});
    const { decoder, registry } = await startAuthorities(demo, simulator);
    try {
      expect(demo.closers).toHaveLength(1);
      expect(registry?.covers({ kind: 'passport', state: 'UTO' })).toBe(true);
      await expect(decoder?.decode('resident_identity_card', Uint8Array.of(1), Uint8Array.of(2))).rejects.toMatchObject(
        { code: 'decoder_refused' },
      );
      const stranger = await simulator.app.request('/v1/person', { method: 'POST' });
      expect(stranger.status).toBe(401);
    } finally {
      for (const close of demo.closers) await close();
    }
  });

  it('are never simulated in production, not even one of the two', async () => {
    for (const authorities of [{}, { decoder: real }]) {
      await expect(startAuthorities(house({ production: true, authorities }), simulator)).rejects.toMatchObject({
        code: 'simulator_refused',
      });
    }
    const whole = { decoder: real, registry: { ...real, coverage } };
    await startAuthorities(house({ production: true, authorities: whole }), simulator);
  });
});
