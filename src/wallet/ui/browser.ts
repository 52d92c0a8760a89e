// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the browser gives the wallet's core: time, randomness, fetch.
 *
 * @module
 */
import type { Clock, Fetch, Random } from '../environment.ts';

/** Unix time in milliseconds. */
export const clock: Clock = () => Date.now();

/** The browser's secure randomness. */
export const random: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** Without cookies, referrer or stored answers, so that nobody called can recognise the browser by them. */
export const anonymousFetch: Fetch = (url, init) =>
  fetch(url, { ...init, credentials: 'omit', referrerPolicy: 'no-referrer', cache: init.cache ?? 'no-store' });
