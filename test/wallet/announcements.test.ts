// SPDX-License-Identifier: GPL-3.0-or-later
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toField } from '../../src/protocol/field.ts';
import { appeal, findAnnouncement, type OwnAnnouncement } from '../../src/wallet/announcements.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import { enrol } from '../../src/wallet/enrol.ts';
import { random, realProver, REVOCATION_DELAY, World } from './world.ts';

const EVIDENCE = {
  sod: Uint8Array.of(1),
  dg1: Uint8Array.of(2),
  dg2: Uint8Array.of(3),
  face: { type: 'image/png', bytes: Uint8Array.of(4) },
} as const;
const MIRROR = 'https://mirror.example';

let world: World;
let credential: Credential;

beforeAll(async () => {
  world = await World.open();
  credential = await enrol(world.enrolDeps(realProver()), EVIDENCE, { save: () => world.turnEpoch() });
});
beforeEach(() => {
  world.sent.length = 0;
  world.handlers.delete(MIRROR);
});

const find = (mirrors: readonly string[] = []): Promise<OwnAnnouncement | undefined> =>
  findAnnouncement(credential, { ...world.registerConfig, mirrors }, { fetch: world.fetch, random });

describe('an announced revocation', () => {
  it('is found by its holder, who asks for the file of a block and for nothing else', async () => {
    expect(await find()).toBeUndefined();
    await world.announce(credential.leaf);
    await world.turnEpoch();
    const own = await find();
    expect(own?.reason).toBe('fraud');
    expect(own?.effective).toBeGreaterThanOrEqual(Math.floor(world.now / 1000) + REVOCATION_DELAY - 2);
    expect(new Set(world.sent.map(({ method, url }) => `${method} ${url}`))).toEqual(
      new Set([`GET ${world.registerConfig.url}/announcements/0.json`]),
    );
    expect(world.sent.every(({ init }) => init.body === undefined && init.credentials === 'omit')).toBe(true);
  });

  it('is found though a mirror or the register hides it, or does not answer', async () => {
    const answers = (handler: () => Response): void => void world.handlers.set(MIRROR, handler);
    answers(() => Response.json({ announcements: [] }));
    expect(await find([MIRROR])).toMatchObject({ reason: 'fraud' });
    answers(() => new Response('', { status: 500 }));
    expect(await find([MIRROR])).toMatchObject({ reason: 'fraud' });
    const register = world.handlers.get(world.registerConfig.url);
    const told = await (await world.callRegister('/announcements/0.json')).text();
    answers(() => new Response(told));
    world.handlers.set(world.registerConfig.url, () => Response.json({ announcements: [] }));
    expect(await find([MIRROR])).toMatchObject({ reason: 'fraud' });
    world.handlers.set(world.registerConfig.url, () => new Response('no JSON'));
    answers(() => new Response('', { status: 404 }));
    await expect(find([MIRROR])).rejects.toThrow();
    if (register !== undefined) world.handlers.set(world.registerConfig.url, register);
  });

  it('of others is not told as one’s own', async () => {
    const other = { ...credential, leaf: toField(5n) };
    const deps = { fetch: world.fetch, random };
    expect(await findAnnouncement(other, world.registerConfig, deps)).toBeUndefined();
  });

  it('is appealed against with a proof of the seed, without documents', async () => {
    expect(await appeal(world.enrolDeps(realProver()), credential, 'not me')).toBe('ref-1');
    expect(world.appeals).toEqual([{ leaf: String(credential.leaf), text: 'not me' }]);
    const paths = world.sent.map(({ url }) => new URL(url).pathname.replace(/enrolment-[^/]+/, 'ID'));
    expect(paths).toEqual(['/v1/enrolments', '/v1/enrolments/ID/appeal']);
    world.misbehaviour.session = credential.leaf;
    await expect(appeal(world.enrolDeps(realProver()), credential, 'not me')).rejects.toMatchObject({
      code: 'session_mismatch',
    });
    delete world.misbehaviour.session;
  }, 60_000);
});
