// SPDX-License-Identifier: GPL-3.0-or-later
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createPassportAuthority } from '../../src/demo/chip.ts';
import { personFromPicture, SAMPLE_STATE, samplePeople } from '../../src/demo/people.ts';
import { readHolder } from '../../src/documents/person.ts';
import { readDg2 } from '../../src/documents/portrait.ts';
import { decodeImage } from '../../src/issuer/images.ts';
import { bornOnOrBefore, toDate } from '../../src/protocol/dates.ts';
import { sharedPath } from '../shared.ts';

const TODAY = toDate(20280229); // the hardest day to count from
const faces = sharedPath('faces');

describe('samplePeople', () => {
  it('makes people of their stated age, 17 and just 18 among them', async () => {
    const people = await samplePeople({ today: TODAY });
    for (const { age, chip } of people) {
      expect(chip.birth).toBeLessThanOrEqual(bornOnOrBefore(TODAY, age));
      expect(chip.birth).toBeGreaterThan(bornOnOrBefore(TODAY, age + 1));
    }
    expect(people.map(({ age }) => age)).toEqual(expect.arrayContaining([17, 18, 62]));
    expect(people.find(({ age }) => age === 18)?.chip.birth).toBe(bornOnOrBefore(TODAY, 18));
  });

  it('gives everybody numbers of their own', async () => {
    const people = await samplePeople({ today: TODAY });
    const distinct = (values: readonly unknown[]): number => new Set(values).size;
    expect(distinct(people.map(({ id }) => id))).toBe(people.length);
    expect(distinct(people.map(({ chip }) => chip.documentNumber))).toBe(people.length);
    const personal = people.flatMap(({ chip }) => chip.personalNumber ?? []);
    expect(distinct(personal)).toBe(personal.length);
    const numbers = people.flatMap(({ documents }) =>
      documents.flatMap((one) => ('card' in one ? one.card.number : [])),
    );
    expect(distinct(numbers)).toBe(numbers.length);
  });

  it('says that the live picture is an altered copy, where it is one', async () => {
    for (const { altered, source, portrait, live } of await samplePeople({ today: TODAY, faces: '/nowhere' })) {
      expect(altered).toBe(true);
      expect(source).toContain('@vladmandic/face-api');
      expect(live).not.toEqual(portrait);
      const { width, height } = await decodeImage(portrait);
      expect([width, height]).toEqual([413, 531]);
    }
  });

  it.skipIf(faces === undefined)('uses two photographs of each where there is a folder of them', async () => {
    for (const { altered, source } of await samplePeople({ today: TODAY, faces })) {
      expect(altered).toBe(false);
      expect(source).toContain('CC BY 4.0');
    }
  });

  it('makes people whose passports the documents part reads', async () => {
    const at = Date.UTC(2028, 1, 29, 12);
    const authority = createPassportAuthority({ country: SAMPLE_STATE.alpha2, algorithm: 'ecdsa-p256', at });
    for (const { chip, portrait } of await samplePeople({ today: TODAY, faces })) {
      const { dg1, dg2 } = authority.issue(chip, portrait);
      const { birth, expiry, personalNumber, issuingState } = readHolder(dg1, TODAY);
      expect([birth, expiry, personalNumber, issuingState]).toEqual([
        chip.birth,
        chip.expiry,
        chip.personalNumber,
        SAMPLE_STATE.alpha3,
      ]);
      expect(readDg2(dg2).bytes).toEqual(portrait);
    }
  });
});

describe('personFromPicture', () => {
  let drawn = 0;
  const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => drawn++ % 251);
  const options = { today: TODAY, random };

  it('makes a new person of each picture, within the size of a portrait', async () => {
    const picture = await sharp({ create: { width: 3000, height: 2000, channels: 3, background: '#c9a58b' } })
      .png()
      .toBuffer();
    const [first, second] = [await personFromPicture(picture, options), await personFromPicture(picture, options)];
    expect(first.altered).toBe(true);
    expect(first.chip.personalNumber).not.toBe(second.chip.personalNumber);
    expect(first.id).not.toBe(second.id);
    const { width, height } = await decodeImage(first.portrait);
    expect([width, height]).toEqual([640, 427]);
  });

  it('refuses what is not a picture', async () => {
    const text = new TextEncoder().encode('<html>');
    await expect(personFromPicture(text, options)).rejects.toMatchObject({ code: 'image_malformed' });
  });
});
