// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reader simulator: a reader on which simulated chips are laid, for computers without one. It says that it
 * is a simulator, and so does every answer of a companion that reads with it.
 *
 * @module
 */
import { setTimeout } from 'node:timers/promises';
import type { CardReader, PlacedCard } from '../companion/reader.ts';
import type { ApduTransport } from '../documents/chip/apdu.ts';
import type { ChipFeatures } from './chip_features.ts';

/** What the chips of sample people can do. */
export const SAMPLE_FEATURES: ChipFeatures = {
  pace: [{ mapping: 'GM', cipher: 'aes-128', curve: 'brainpoolP256r1' }],
  activeAuthentication: { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha256' },
  chipAuthentication: { cipher: 'aes-128', curve: 'brainpoolP256r1' },
};

/** A simulated reader. */
export interface ReaderSimulator extends CardReader {
  /** Lays a chip there, or takes it away. */
  lay(chip: (() => ApduTransport) | undefined): void;
}

/**
 * Makes a reader.
 *
 * @param plan - `chip` makes a freshly reset chip, absent for an empty reader; `answerMs` is what an answer takes.
 */
export function createReaderSimulator(plan: {
  readonly chip?: () => ApduTransport;
  readonly answerMs?: number;
}): ReaderSimulator {
  let { chip } = plan;
  /** Counts what was laid there: a chip that was taken away stays gone. */
  let generation = 0;
  let told = (): void => undefined;
  return {
    kind: 'simulator',
    name: 'Simulated reader',
    connected: true,
    lay(next) {
      generation++;
      chip = next;
      told();
    },
    async place(signal): Promise<PlacedCard> {
      while (chip === undefined) {
        await new Promise<void>((resolve, reject) => {
          told = resolve;
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
          if (signal.aborted) reject(signal.reason as Error);
        });
      }
      const laid = generation;
      const transport = chip();
      const isThere = (): void => {
        if (laid !== generation) throw new Error('the document was taken away');
      };
      return {
        async transmit(command) {
          isThere();
          if (plan.answerMs !== undefined) await setTimeout(plan.answerMs);
          const answer = await transport.transmit(command);
          isThere();
          return answer;
        },
        close: () => Promise.resolve(),
      };
    },
    close: () => Promise.resolve(),
  };
}
