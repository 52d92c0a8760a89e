// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * From the reader to the credential: wallet's core, companion and issuer as they are, a simulated chip. What an
 * issuer challenges by way of two programs must give assurance level 2, and nothing that a middle part does otherwise.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createCompanion } from '../../src/companion/app.ts';
import type { ChipFeatures } from '../../src/demo/chip_features.ts';
import type { IssuedChip } from '../../src/demo/chip.ts';
import { createReaderSimulator } from '../../src/demo/reader_simulator.ts';
import { ASSURANCE_LEVELS } from '../../src/protocol/attributes.ts';
import {
  answerThroughCompanion,
  type PairedCompanion,
  pairCompanion,
  readThroughCompanion,
} from '../../src/wallet/companion.ts';
import { type EnrolDeps, type Enrolment, openEnrolment, sendDocument } from '../../src/wallet/enrol.ts';
import { answerChip, challengeChip, type ChipAnswer, type ChipChallenge } from '../../src/wallet/enrol_chip.ts';
import { codeOf, pageOf, PORT, ORIGIN, URL_OF_COMPANION } from '../companion/house.ts';
import { place, seeded } from '../documents/chip/chips.ts';
import { authority, PERSON, PORTRAIT, World } from '../issuer/world.ts';

const ISSUER = 'https://issuer.example';
const ACCESS = { documentNumber: PERSON.documentNumber, birth: '900214', expiry: '310520' };
const BOTH: ChipFeatures = {
  activeAuthentication: { kind: 'rsa', bits: 1024, hash: 'sha256' },
  chipAuthentication: { cipher: 'aes-128', curve: 'brainpoolP256r1' },
};
const SIGNING: ChipFeatures = { activeAuthentication: { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha256' } };
const AGREEING: ChipFeatures = { chipAuthentication: { cipher: '3des', curve: 'prime256v1' } };

let world: World;
beforeEach(async () => {
  world = await new World().open(':memory:');
});

/** A wallet's page, a companion, and a document on its reader that was read and sent to the issuer. */
async function started(issued: IssuedChip) {
  const companion = createCompanion({
    reader: createReaderSimulator({ chip: () => place(issued) }),
    random: seeded('companion'),
    origins: [ORIGIN],
    port: PORT,
  });
  const page = pageOf(companion);
  const fetch: EnrolDeps['fetch'] = (url, init) =>
    url.startsWith(ISSUER)
      ? Promise.resolve(world.issuer.app.request(url.slice(ISSUER.length), init))
      : page(url, init);
  const deps = {
    fetch,
    random: seeded('wallet'),
    issuer: { url: ISSUER, key: new Uint8Array(32) },
  } as unknown as EnrolDeps;
  const paired = await pairCompanion(deps, { url: URL_OF_COMPANION }, companion.code);
  const { files } = await readThroughCompanion(deps, paired, ACCESS);
  const enrolment = await openEnrolment(deps);
  await sendDocument(deps, enrolment, files);
  return { deps, paired, enrolment };
}

const issue = (features: ChipFeatures): IssuedChip => authority.issueChip(PERSON, PORTRAIT, features);

/** Assurance of the credential that the enrolment ends with. */
async function assuranceOf(enrolment: Enrolment): Promise<unknown> {
  expect(await world.face(enrolment)).toMatchObject({ status: 200 });
  const { body } = await world.credential(enrolment);
  return (body['attributes'] as Record<string, unknown> | undefined)?.['assurance'];
}

async function throughCompanion(deps: EnrolDeps, paired: PairedCompanion, enrolment: Enrolment): Promise<ChipAnswer> {
  return answerThroughCompanion(deps, paired, await challengeChip(deps, enrolment));
}

describe('a chip that is challenged through the companion', () => {
  it.each([
    ['signs and agrees on keys', BOTH, ['signature', 'relayed']],
    ['signs', SIGNING, ['signature']],
    ['agrees on keys', AGREEING, ['relayed']],
  ] as const)('%s, and the credential has level 2', async (_, features, parts) => {
    const { deps, paired, enrolment } = await started(issue(features));
    const answer = await throughCompanion(deps, paired, enrolment);
    expect(Object.keys(answer)).toEqual(parts);
    await answerChip(deps, enrolment, answer);
    expect(await assuranceOf(enrolment)).toBe(ASSURANCE_LEVELS.challenged_chip);
  });

  it('is not challenged where it cannot be, which leaves level 1', async () => {
    const { deps, enrolment } = await started(issue({}));
    expect(await codeOf(challengeChip(deps, enrolment))).toBe('chip_unsupported');
    expect(await assuranceOf(enrolment)).toBe(ASSURANCE_LEVELS.copyable_data);
  });

  it('does not answer for another: an answer changed on its way, of before, or of nobody is refused', async () => {
    const { deps, paired, enrolment } = await started(issue(SIGNING));
    const first = await throughCompanion(deps, paired, enrolment);
    await challengeChip(deps, enrolment);
    expect(await codeOf(answerChip(deps, enrolment, first))).toBe('chip_authentication_failed');
    expect(await codeOf(answerChip(deps, enrolment, first))).toBe('challenge_missing');
    const { signature = new Uint8Array() } = await throughCompanion(deps, paired, enrolment);
    const changed = signature.map((byte, at) => (at === 5 ? byte ^ 1 : byte));
    expect(await codeOf(answerChip(deps, enrolment, { signature: changed }))).toBe('chip_authentication_failed');
    expect(await assuranceOf(enrolment)).toBe(ASSURANCE_LEVELS.copyable_data);
  });

  it('must be read again after a relay, and can then answer anew', async () => {
    const { deps, paired, enrolment } = await started(issue(AGREEING));
    await throughCompanion(deps, paired, enrolment);
    expect(await codeOf(throughCompanion(deps, paired, enrolment))).toBe('companion_chip_missing');
    await readThroughCompanion(deps, paired, ACCESS);
    await answerChip(deps, enrolment, await throughCompanion(deps, paired, enrolment));
    expect(await assuranceOf(enrolment)).toBe(ASSURANCE_LEVELS.challenged_chip);
  });

  it('is told nothing by an issuer that asks in another form', async () => {
    const { deps, enrolment } = await started(issue(SIGNING));
    const odd = (body: object): Promise<ChipChallenge> =>
      challengeChip({ ...deps, fetch: () => Promise.resolve(Response.json(body)) }, enrolment);
    for (const body of [{ challenge: '!' }, { opening: 'AA' }, { opening: new Array(9).fill('AA') }, { command: 1 }]) {
      expect(await codeOf(odd(body))).toBe('response_invalid');
    }
  });
});
