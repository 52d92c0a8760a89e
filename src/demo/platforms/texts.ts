// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Texts of the sample platforms in both languages; one table's type is the other's.
 *
 * @module
 */
import { type CommonTexts, en as commonEn, zh as commonZh } from './texts/common.ts';
import { en as marketEn, type MarketTexts, zh as marketZh } from './texts/market.ts';
import { en as photoEn, type PhotoTexts, zh as photoZh } from './texts/photo.ts';
import { en as pollEn, type PollTexts, zh as pollZh } from './texts/poll.ts';

/** Which sample platform. */
export type Kind = 'photo' | 'market' | 'poll';

/** Texts of one language. */
export type Texts = CommonTexts & {
  readonly photo: PhotoTexts;
  readonly market: MarketTexts;
  readonly poll: PollTexts;
};

const en: Texts = { ...commonEn, photo: photoEn, market: marketEn, poll: pollEn };
const zh: Texts = { ...commonZh, photo: photoZh, market: marketZh, poll: pollZh };

/** The languages, in the order of the switch. */
export const LANGUAGES = { zh, en } as const;

/**
 * The language of a request.
 *
 * @param chosen - The visitor's own choice, if any.
 * @param accepted - Header `Accept-Language`.
 */
export function languageOf(chosen: string | undefined, accepted: string | undefined): Texts {
  const wanted = [chosen ?? '', ...(accepted ?? '').split(',')].map((tag) => tag.trim().slice(0, 2).toLowerCase());
  const found = wanted.find((tag) => tag === 'zh' || tag === 'en');
  return found === 'zh' ? zh : en;
}
