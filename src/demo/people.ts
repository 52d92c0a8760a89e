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
import { documentsOf, type DocumentPlan, type SampleDocument, visitorPlan, type Words } from './people_documents.ts';
import { cropPair, type FaceCrop, type FacePair, readPair, visitorPair } from './sample_pictures.ts';

/** A sample person: what the passport says, and the pictures. */
export interface SamplePerson extends FacePair {
  /** Stable name in addresses. */
  readonly id: string;
  /** Name to show, as on the passport. */
  readonly name: string;
  /** Name in both languages. */
  readonly names: Words;
  /** What is special about this person, in a few words; may be empty. */
  readonly note: string;
  /** The same in both languages. */
  readonly notes: Words;
  /** Whole years on the given day. */
  readonly age: number;
  /** What the passport simulator writes on the data page of the first passport. */
  readonly chip: ChipPerson;
  /** All documents of the person, the first passport first. */
  readonly documents: readonly SampleDocument[];
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
  /** Name in Chinese. */
  readonly zh: string;
  readonly notes: Words;
  readonly documents?: DocumentPlan;
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
    zh: '林薇',
    notes: { en: '', zh: '' },
    documents: { renewed: { documentNumber: 'UT3400025' }, resident: { region: '310101', sequence: '002' } },
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
    zh: '罗宾·哈特曼',
    notes: { en: 'over 60', zh: '年过六十' },
    documents: { chip: false },
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
    zh: '萨沙·奥卡福',
    notes: { en: 'a foreign permanent resident', zh: '外国人永久居留者' },
    documents: { foreign: { region: '44', old: '4403', sequence: '002' } },
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
    zh: '阮金',
    notes: { en: 'turns 18 today', zh: '今天满十八岁' },
    pair: '067',
    crop: { file: 'sample5.jpg', box: [299, 800, 327, 420] },
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
    zh: '亚历克斯·莫罗',
    notes: { en: '17 years old', zh: '十七岁' },
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
    zh: '努尔·拉赫曼',
    notes: { en: 'a passport without a personal number, which is refused', zh: '护照没有个人号码，会被拒绝' },
    pair: '066',
    crop: { file: 'sample3.jpg', box: [519, 241, 328, 421] },
  },
  {
    id: 'mei',
    surname: 'WANG',
    given: 'MEI',
    nationality: 'CHN',
    age: 52,
    days: 40,
    documentNumber: 'UT5200077',
    personalNumber: undefined,
    zh: '王梅',
    notes: { en: 'a resident card without an end', zh: '长期有效的居民身份证' },
    documents: { resident: { region: '110105', sequence: '004', endless: true } },
    pair: '020',
    crop: { file: 'sample5.jpg', box: [680, 0, 340, 437] },
  },
  {
    id: 'ming',
    surname: 'CHAN',
    given: 'MING',
    nationality: 'HKG',
    age: 41,
    days: 10,
    documentNumber: 'UT4100081',
    personalNumber: undefined,
    zh: '陈明',
    notes: { en: 'lives in Hong Kong', zh: '香港居民' },
    documents: { hkMacau: 'H41000812' },
    pair: '030',
    crop: { file: 'sample6.jpg', box: [1096, 215, 350, 450] },
  },
  {
    id: 'yu',
    surname: 'HUANG',
    given: 'YU',
    nationality: 'TWN',
    age: 37,
    days: 300,
    documentNumber: 'UT3700093',
    personalNumber: undefined,
    zh: '黄瑜',
    notes: { en: 'lives in Taiwan', zh: '台湾居民' },
    documents: { taiwan: '37000931' },
    pair: '036',
    crop: { file: 'sample5.jpg', box: [1013, 150, 320, 410] },
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
 * makes another person, with documents enough for every story.
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
    ...visitorPlan(digits),
    zh: '访客',
    notes: { en: 'a sample passport with your picture', zh: '用您的照片制作的示例护照' },
  };
  return toPerson(plan, await visitorPair(picture), options.today);
}

function toPerson(plan: Omit<Plan, 'pair' | 'crop'>, pictures: FacePair, today: CalendarDate): SamplePerson {
  const { id, surname, given, notes, age } = plan;
  const name = `${capitalised(given)} ${capitalised(surname)}`;
  const chip: ChipPerson = {
    surname,
    given,
    sex: 'X',
    birth: addDays(bornOnOrBefore(today, age), -plan.days),
    nationality: plan.nationality,
    documentNumber: plan.documentNumber,
    personalNumber: plan.personalNumber,
    expiry: addDays(today, 5 * 365),
    issuingState: SAMPLE_STATE.alpha3,
  };
  return {
    ...pictures,
    id,
    name,
    names: { en: name, zh: plan.zh },
    note: notes.en,
    notes,
    age,
    chip,
    documents: documentsOf(chip, name, plan.documents ?? {}, today),
  };
}

function capitalised(name: string): string {
  return name.charAt(0) + name.slice(1).toLowerCase();
}
