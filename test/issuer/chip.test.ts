// SPDX-License-Identifier: GPL-3.0-or-later
/** How an enrolment reaches assurance level 2: the issuer challenges the chip over HTTP, a client relays. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ChipFeatures } from '../../src/demo/chip_features.ts';
import type { IssuedChip } from '../../src/demo/chip.ts';
import { readChip, type ReadChip } from '../../src/documents/chip/reader.ts';
import { MAX_CHIP_CHALLENGES } from '../../src/issuer/chip_challenge.ts';
import { ASSURANCE_LEVELS } from '../../src/protocol/attributes.ts';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { place, seeded } from '../documents/chip/chips.ts';
import { authority, PERSON, PORTRAIT, World } from './world.ts';

const AA: ChipFeatures = { activeAuthentication: { kind: 'rsa', bits: 1024, hash: 'sha256' } };
const CA: ChipFeatures = { chipAuthentication: { cipher: 'aes-128', curve: 'brainpoolP256r1' } };
const PASSWORD = { documentNumber: PERSON.documentNumber, birthDate: '900214', expiryDate: '310520' };
type Enrolment = Awaited<ReturnType<World['enrolment']>>;
interface Challenge {
  readonly challenge?: string;
  readonly opening?: readonly string[];
  readonly command?: string;
}

let world: World;
beforeEach(async () => {
  world = await new World().open(':memory:');
});

const issueChip = (features: ChipFeatures): IssuedChip => authority.issueChip(PERSON, PORTRAIT, features);

async function enrolled(issued: IssuedChip): Promise<{ enrolment: Enrolment; chip: ReadChip }> {
  const chip = await readChip(place(issued), PASSWORD, { random: seeded('wallet') });
  const enrolment = await world.enrolment();
  expect(await submit(enrolment, chip)).toMatchObject({ status: 200 });
  return { enrolment, chip };
}

function submit({ id, token }: Enrolment, { files }: ReadChip): ReturnType<World['call']> {
  const group = (number: number): object => {
    const bytes = files.dataGroups.get(number);
    return bytes === undefined ? {} : { [`dg${String(number)}`]: toBase64Url(bytes) };
  };
  const body = JSON.stringify({
    kind: 'passport',
    sod: toBase64Url(files.sod),
    ...group(1),
    ...group(2),
    ...group(14),
    ...group(15),
  });
  return world.call('PUT', `/v1/enrolments/${id}/document`, { token, body, type: 'application/json' });
}

async function challenge({ id, token }: Enrolment): Promise<{ status: number; body: Challenge }> {
  return world.call('POST', `/v1/enrolments/${id}/chip-challenge`, { token });
}

function answer({ id, token }: Enrolment, body: object): ReturnType<World['call']> {
  const text = JSON.stringify(body);
  return world.call('PUT', `/v1/enrolments/${id}/chip`, { token, body: text, type: 'application/json' });
}

async function sign(chip: ReadChip, { challenge: asked }: Challenge): Promise<{ signature: string }> {
  return { signature: toBase64Url(await chip.sign(fromBase64Url(asked ?? ''))) };
}

async function relay(chip: ReadChip, { opening = [], command = '' }: Challenge): Promise<{ relayed: string }> {
  const request = { opening: opening.map(fromBase64Url), command: fromBase64Url(command) };
  return { relayed: toBase64Url(await chip.relay(request)) };
}

/** Assurance of the credential that the enrolment ends with. */
async function assuranceOf(enrolment: Enrolment): Promise<unknown> {
  expect(await world.face(enrolment)).toMatchObject({ status: 200 });
  const { body } = await world.credential(enrolment);
  return (body['attributes'] as Record<string, unknown> | undefined)?.['assurance'];
}

describe('a chip that answers', () => {
  it('by active authentication gives level 2', async () => {
    const { enrolment, chip } = await enrolled(issueChip(AA));
    const { body } = await challenge(enrolment);
    expect(Object.keys(body)).toEqual(['challenge']);
    expect(await answer(enrolment, await sign(chip, body))).toMatchObject({ body: { assurance: 'challenged_chip' } });
    expect(await assuranceOf(enrolment)).toBe(ASSURANCE_LEVELS.challenged_chip);
  });

  it('by chip authentication gives level 2', async () => {
    const { enrolment, chip } = await enrolled(issueChip(CA));
    const { body } = await challenge(enrolment);
    expect(Object.keys(body)).toEqual(['opening', 'command']);
    expect(await answer(enrolment, await relay(chip, body))).toMatchObject({ status: 200 });
    expect(await assuranceOf(enrolment)).toBe(ASSURANCE_LEVELS.challenged_chip);
  });

  it('by both gives level 2', async () => {
    const { enrolment, chip } = await enrolled(issueChip({ ...AA, ...CA }));
    const { body } = await challenge(enrolment);
    const both = { ...(await sign(chip, body)), ...(await relay(chip, body)) };
    expect(await answer(enrolment, both)).toMatchObject({ status: 200 });
  });
});

describe('level 1 stays', () => {
  it('without a challenge, or for a document that cannot be challenged', async () => {
    const { enrolment } = await enrolled(issueChip({}));
    expect(await challenge(enrolment)).toMatchObject({ status: 422, body: { code: 'chip_unsupported' } });
    expect(await answer(enrolment, { signature: 'AAAA' })).toMatchObject({
      status: 409,
      body: { code: 'challenge_missing' },
    });
    expect(await assuranceOf(enrolment)).toBe(ASSURANCE_LEVELS.copyable_data);
  });

  it('for an answer to an earlier challenge, one given twice, a wrong one beside a right one, or none', async () => {
    const { enrolment, chip } = await enrolled(issueChip({ ...AA, ...CA }));
    const first = await challenge(enrolment);
    const early = await sign(chip, first.body);
    const refused = { status: 422, body: { code: 'chip_authentication_failed' } };
    await challenge(enrolment);
    expect(await answer(enrolment, early)).toMatchObject(refused);
    const second = await challenge(enrolment);
    const signed = await sign(chip, second.body);
    expect(await answer(enrolment, { ...signed, relayed: 'kAA' })).toMatchObject(refused);
    expect(await answer(enrolment, signed)).toMatchObject({ status: 409, body: { code: 'challenge_missing' } });
    await challenge(enrolment);
    expect(await answer(enrolment, {})).toMatchObject(refused);
    expect(await assuranceOf(enrolment)).toBe(ASSURANCE_LEVELS.copyable_data);
  });

  it('for an answer of another kind than asked', async () => {
    const { enrolment } = await enrolled(issueChip(CA));
    await challenge(enrolment);
    const made = { signature: toBase64Url(new Uint8Array(128)) };
    expect(await answer(enrolment, made)).toMatchObject({ status: 422, body: { code: 'chip_authentication_failed' } });
  });

  it('when another document is shown after the chip has answered', async () => {
    const { enrolment, chip } = await enrolled(issueChip(AA));
    const { body } = await challenge(enrolment);
    expect(await answer(enrolment, await sign(chip, body))).toMatchObject({ status: 200 });
    const pending = await challenge(enrolment);
    const copied = await readChip(place(issueChip({})), PASSWORD, { random: seeded('wallet') });
    expect(await submit(enrolment, copied)).toMatchObject({ status: 200 });
    expect(await answer(enrolment, await sign(chip, pending.body))).toMatchObject({ status: 409 });
    expect(await assuranceOf(enrolment)).toBe(ASSURANCE_LEVELS.copyable_data);
  });
});

it('refuses a document whose DG15 or DG14 is not the one that was signed', async () => {
  const [genuine, clone] = [issueChip({ ...AA, ...CA }), issueChip({ ...AA, ...CA })];
  for (const [file, bytes] of [
    [0x010f, clone.files.dg15],
    [0x010e, clone.files.dg14],
  ] as const) {
    const chip = await readChip(place(genuine, {}, new Map([[file, bytes ?? new Uint8Array()]])), PASSWORD, {
      random: seeded('wallet'),
    });
    const enrolment = await world.enrolment();
    expect(await submit(enrolment, chip)).toMatchObject({ status: 422, body: { code: 'document_tampered' } });
  }
});

it('challenges only after a document, with its token, and a few times', async () => {
  const early = await world.enrolment();
  expect(await challenge(early)).toMatchObject({ status: 409, body: { code: 'enrolment_out_of_order' } });
  const { enrolment } = await enrolled(issueChip(CA));
  expect(await challenge({ ...enrolment, token: early.token })).toMatchObject({ status: 404 });
  const seen = new Set<string | undefined>();
  for (let count = 0; count < MAX_CHIP_CHALLENGES; count++) seen.add((await challenge(enrolment)).body.command);
  expect(seen.size).toBe(MAX_CHIP_CHALLENGES);
  expect(await challenge(enrolment)).toMatchObject({ status: 429, body: { code: 'attempts_exhausted' } });
});
