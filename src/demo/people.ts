// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sample people. Names, numbers and dates are invented; each is given a face (`sample_pictures.ts`) that
 * has nothing to do with them. Ages are counted back from a given day, so that who is 17 stays 17.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { addDays, bornOnOrBefore, type CalendarDate } from '../protocol/dates.ts';
import type { ChipPerson } from './chip_files.ts';
import { cropPair, type FaceCrop, type FacePair, readPair, visitorPair } from './sample_pictures.ts';

/** A sample person: what the passport says, and the pictures. */
export interface SamplePerson extends FacePair {
  /** Stable name in addresses. */
  readonly id: string;
  /** Name to show. */
  readonly name: string;
  /** What is special about this person, in a few words; may be empty. */
  readonly note: string;
  /** Whole years on the given day. */
  readonly age: number;
  /** What the passport simulator writes on the data page. */
  readonly chip: ChipPerson;
}

/** State whose code ICAO reserves for specimens; passports of sample people are issued by it. */
export const SAMPLE_STATE = { alpha2: 'UT', alpha3: 'UTO' } as const;

interface Plan {
  readonly id: string;
  readonly surname: string;
  readonly given: string;
  readonly nationality: string;
  readonly age: number;
  /** Days since the last birthday. */
  readonly days: number;
  readonly documentNumber: string;
  readonly personalNumber: string | undefined;
  readonly note: string;
  /** Number in the folder of real pairs. */
  readonly pair: string;
  readonly crop: FaceCrop;
}

const PLANS: readonly Plan[] = [
  {
    id: 'wei',
    surname: 'LIN',
    given: 'WEI',
    nationality: 'CHN',
    age: 34,
    days: 100,
    documentNumber: 'UT3400017',
    personalNumber: 'UT19340017',
    note: '',
    pair: '034',
    crop: { file: 'sample6.jpg', box: [176, 375, 350, 450] },
  },
  {
    id: 'robin',
    surname: 'HARTMANN',
    given: 'ROBIN',
    nationality: 'DEU',
    age: 62,
    days: 200,
    documentNumber: 'UT6200023',
    personalNumber: 'UT19620023',
    note: 'over 60',
    pair: '003',
    crop: { file: 'sample3.jpg', box: [1002, 119, 362, 465] },
  },
  {
    id: 'sasha',
    surname: 'OKAFOR',
    given: 'SASHA',
    nationality: 'NGA',
    age: 29,
    days: 20,
    documentNumber: 'UT2900031',
    personalNumber: 'UT19290031',
    note: '',
    pair: '025',
    crop: { file: 'sample6.jpg', box: [1411, 167, 357, 459] },
  },
  {
    id: 'kim',
    surname: 'NGUYEN',
    given: 'KIM',
    nationality: 'VNM',
    age: 18,
    days: 0,
    documentNumber: 'UT1800049',
    personalNumber: 'UT19180049',
    note: 'turns 18 today',
    pair: '067',
    crop: { file: 'sample4.jpg', box: [601, 0, 312, 401] },
  },
  {
    id: 'alex',
    surname: 'MOREAU',
    given: 'ALEX',
    nationality: 'FRA',
    age: 17,
    days: 150,
    documentNumber: 'UT1700053',
    personalNumber: 'UT19170053',
    note: '17 years old',
    pair: '045',
    crop: { file: 'sample6.jpg', box: [573, 224, 368, 474] },
  },
  {
    id: 'noor',
    surname: 'RAHMAN',
    given: 'NOOR',
    nationality: 'BGD',
    age: 23,
    days: 60,
    documentNumber: 'UT2300061',
    personalNumber: undefined,
    note: 'a passport without a personal number, which is refused',
    pair: '066',
    crop: { file: 'sample3.jpg', box: [519, 241, 328, 421] },
  },
];

/**
 * Makes the sample people.
 *
 * @param options - `today` in the register's zone, from which ages are counted; `faces`, a folder of real
 * pairs, used when it exists.
 */
export async function samplePeople(options: {
  readonly today: CalendarDate;
  readonly faces?: string | undefined;
}): Promise<readonly SamplePerson[]> {
  const { today, faces } = options;
  const folder = faces !== undefined && existsSync(faces) ? faces : undefined;
  return Promise.all(
    PLANS.map(async (plan) => {
      const pictures = folder === undefined ? await cropPair(plan.crop) : await readPair(folder, plan.pair);
      return toPerson(plan, pictures, today);
    }),
  );
}

/**
 * A sample person with a visitor's own picture; the live picture is an altered copy of it. Every call
 * makes another person.
 *
 * @param picture - JPEG, PNG or JPEG 2000; treated as hostile. Whether it shows a face is left to the issuer.
 * @param options - `today` as above; `random` gives the numbers.
 * @throws ProtocolError `image_malformed`, `image_too_large`.
 */
export async function personFromPicture(
  picture: Uint8Array,
  options: { readonly today: CalendarDate; readonly random: (length: number) => Uint8Array },
): Promise<SamplePerson> {
  const digits = Array.from(options.random(12), (byte) => (byte % 10).toString()).join('');
  const plan = {
    id: `visitor-${digits}`,
    surname: 'VISITOR',
    given: 'SAMPLE',
    nationality: 'CHN',
    age: 30,
    days: 10,
    documentNumber: `UV${digits.slice(0, 7)}`,
    personalNumber: `UV${digits}`,
    note: 'a sample passport with your picture',
  };
  return toPerson(plan, await visitorPair(picture), options.today);
}

function toPerson(plan: Omit<Plan, 'pair' | 'crop'>, pictures: FacePair, today: CalendarDate): SamplePerson {
  const { id, surname, given, note, age } = plan;
  return {
    ...pictures,
    id,
    name: `${capitalised(given)} ${capitalised(surname)}`,
    note,
    age,
    chip: {
      surname,
      given,
      sex: 'X',
      birth: addDays(bornOnOrBefore(today, age), -plan.days),
      nationality: plan.nationality,
      documentNumber: plan.documentNumber,
      personalNumber: plan.personalNumber,
      expiry: addDays(today, 5 * 365),
      issuingState: SAMPLE_STATE.alpha3,
    },
  };
}

function capitalised(name: string): string {
  return name.charAt(0) + name.slice(1).toLowerCase();
}
