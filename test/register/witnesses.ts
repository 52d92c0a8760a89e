// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Three witnesses of a register, on databases in memory, without sockets; each can be taken away.
 *
 * @module
 */
import { createLogger } from '../../src/http/logs.ts';
import { cosign, type WitnessPolicy } from '../../src/log/cosignature.ts';
import type { NoteKey } from '../../src/log/note.ts';
import { createWitness, type Witness } from '../../src/register/witness.ts';
import type { WitnessDeps } from '../../src/register/witness_config.ts';
import type { Witnessing } from '../../src/register/witnessing.ts';
import { openDatabase } from '../../src/storage/open.ts';
import type { WitnessTables } from '../../src/storage/witness.ts';
import { witnessKeys } from './witness_world.ts';

const NUMBERS = [1, 2, 3] as const;
/** How many must cosign. */
export const THRESHOLD = 2;
/** Who is trusted. */
export const POLICY: WitnessPolicy = { keys: NUMBERS.map((number) => witnessKeys(number).key), threshold: THRESHOLD };

/** Adds cosignatures to a note. */
export function cosigned(note: string, time: number, by: readonly number[] = [1, 2]): string {
  return (
    note +
    by
      .map((number) => witnessKeys(number))
      .map(({ secret, key }) => cosign(note, key.name, secret, time))
      .join('')
  );
}

/**
 * Opens witnesses.
 *
 * @param register - Key, and length of its epochs.
 * @param request - Asks the register for a tile.
 */
export async function openWitnesses(
  register: { readonly key: NoteKey; readonly epochSeconds: number },
  clock: () => number,
  request: (path: string) => Response | Promise<Response>,
) {
  const away = new Set<number>();
  const apps: Witness['app'][] = [];
  for (const number of NUMBERS) {
    const { secret, key } = witnessKeys(number);
    const fetch: WitnessDeps['fetch'] = async (url) => request(new URL(url).pathname);
    const { app } = await createWitness({
      name: key.name,
      signingKey: secret,
      register: { ...register.key, url: 'https://register.test', epochSeconds: register.epochSeconds },
      database: await openDatabase<WitnessTables>(':memory:'),
      clock,
      fetch,
      logger: createLogger('witness', { write: () => undefined }),
    });
    apps.push(app);
  }
  const witnessing: Witnessing = {
    witnesses: NUMBERS.map((number) => ({ ...witnessKeys(number).key, url: `https://w${String(number)}.test` })),
    threshold: THRESHOLD,
    fetch: async (url, init) => {
      const number = Number(new URL(url).hostname.slice(1, 2));
      const app = apps[number - 1];
      if (app === undefined || away.has(number)) throw new TypeError('fetch failed');
      return app.request(new URL(url).pathname, init);
    },
  };
  return { witnessing, apps, /** Numbers of witnesses that do not answer. */ away };
}
