// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The desk on which one document lies at a time: it is read for one page, then kept open for a while so that
 * the same page can have its chip challenged. Files are handed over and forgotten.
 *
 *     free -- read --\> reading -- done --\> held by that page -- challenge, time, another reading --\> free
 *
 * @module
 */
import { setTimeout } from 'node:timers/promises';
import type { ApduTransport } from '../documents/chip/apdu.ts';
import type { ChipAuthenticationRequest } from '../documents/chip/chip_authentication.ts';
import type { ChipPassword } from '../documents/chip/passwords.ts';
import { readChip, type ReadChip, type ReadingProgress } from '../documents/chip/reader.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { CardReader, PlacedCard } from './reader.ts';
import { requireChipAuthentication } from './relay.ts';

/** How long a document is waited for. */
export const WAIT_SECONDS = 60;
/** How long a chip stays open after its reading. */
export const HOLD_SECONDS = 120;
/** Longest wait for one answer of a chip: making a signature takes some cards seconds. */
export const ANSWER_SECONDS = 10;

/** How far a reading is. */
export interface DeskProgress extends Omit<ReadingProgress, 'step'> {
  readonly step: 'waiting' | ReadingProgress['step'];
}

/** What a chip shall answer. */
export interface DeskChallenge {
  readonly challenge?: Uint8Array | undefined;
  readonly relay?: ChipAuthenticationRequest | undefined;
}

/** What it answered. */
export interface DeskAnswer {
  readonly signature?: Uint8Array;
  readonly relayed?: Uint8Array;
}

/** What the desk needs. */
export interface DeskDeps {
  readonly reader: CardReader;
  /** Cryptographically secure source. */
  readonly random: (length: number) => Uint8Array;
  /** Default {@link WAIT_SECONDS}, {@link HOLD_SECONDS} and {@link ANSWER_SECONDS}. */
  readonly seconds?: { readonly wait?: number; readonly hold?: number; readonly answer?: number };
}

/** A chip that was read, for the page that had it read. */
interface Held {
  readonly page: string;
  readonly chip: ReadChip;
  readonly card: PlacedCard;
  readonly expiry: AbortController;
}

/** One desk. */
export class Desk {
  readonly #deps: DeskDeps;
  #busy = false;
  #held: Held | undefined;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
  }

  /**
   * Reads the document that lies there or is laid there.
   *
   * @param page - Token of the page, which alone may then have the chip challenged.
   * @param signal - Ends the reading.
   * @throws {@link ProtocolError} `companion_busy`, `companion_reader_missing`, `companion_document_missing`,
   * the codes of {@link readChip}; the signal's reason if aborted.
   */
  async read(
    page: string,
    password: ChipPassword,
    onProgress: (progress: DeskProgress) => void,
    signal: AbortSignal,
  ): Promise<ReadChip> {
    return this.#alone(async () => {
      await this.#release();
      onProgress({ step: 'waiting', file: '', read: 0, total: 0 });
      const card = await this.#place(signal);
      try {
        const { random } = this.#deps;
        const chip = await readChip(this.#limited(card, signal), password, { random, onProgress });
        signal.throwIfAborted();
        this.#hold({ page, chip, card, expiry: new AbortController() });
        return chip;
      } catch (error) {
        await letGo(card);
        signal.throwIfAborted();
        throw error;
      }
    });
  }

  /**
   * Has the held chip answer. A relay is the last thing that it does here, since it then speaks under keys
   * that are not here.
   *
   * @throws {@link ProtocolError} `companion_busy`, `companion_chip_missing`, `relay_refused`,
   * `chip_transport_failed`, `chip_refused`, `chip_unsupported`.
   */
  async answer(page: string, { challenge, relay }: DeskChallenge): Promise<DeskAnswer> {
    if (relay !== undefined) requireChipAuthentication(relay);
    return this.#alone(async () => {
      const held = this.#held;
      if (held?.page !== page) {
        throw new ProtocolError('companion_chip_missing', 'there is no open chip any more; read the document again');
      }
      held.expiry.abort(); // not in the middle of an answer
      try {
        const signature = challenge && (await signed(held.chip, challenge, relay !== undefined));
        if (relay === undefined) {
          this.#hold({ ...held, expiry: new AbortController() });
          return { ...(signature && { signature }) };
        }
        const relayed = await held.chip.relay(relay);
        await this.#release();
        return { ...(signature && { signature }), relayed };
      } catch (error) {
        await this.#release();
        throw error;
      }
    });
  }

  /** Lets go of whatever lies there. */
  async close(): Promise<void> {
    await this.#release();
    await this.#deps.reader.close();
  }

  /** One thing at a time: a chip has one session, and two conversations would end both. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new ProtocolError('companion_busy', 'another page uses the reader; wait until it is done');
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  async #place(signal: AbortSignal): Promise<PlacedCard> {
    const { reader, seconds } = this.#deps;
    const timeout = AbortSignal.timeout((seconds?.wait ?? WAIT_SECONDS) * 1000);
    try {
      return await reader.place(AbortSignal.any([signal, timeout]));
    } catch (error) {
      signal.throwIfAborted();
      if (!timeout.aborted) throw error;
      throw reader.connected
        ? new ProtocolError('companion_document_missing', 'no document was laid on the reader; try again')
        : new ProtocolError('companion_reader_missing', 'no reader is connected to this computer; connect one');
    }
  }

  /** A transport that ends with the reading, and that a chip cannot keep waiting. */
  #limited(card: PlacedCard, signal: AbortSignal): ApduTransport {
    const limit = (this.#deps.seconds?.answer ?? ANSWER_SECONDS) * 1000;
    return {
      async transmit(command) {
        signal.throwIfAborted();
        const timer = new AbortController();
        const late = setTimeout(limit, undefined, { signal: timer.signal, ref: false }).then(() => {
          throw new ProtocolError('chip_transport_failed', 'the chip does not answer; place the document again');
        });
        try {
          return await Promise.race([card.transmit(command), late]);
        } finally {
          late.catch(() => undefined);
          timer.abort();
        }
      },
    };
  }

  #hold(held: Held): void {
    this.#held = held;
    const limit = (this.#deps.seconds?.hold ?? HOLD_SECONDS) * 1000;
    setTimeout(limit, undefined, { signal: held.expiry.signal, ref: false }).then(
      () => (this.#held === held ? this.#release() : undefined),
      () => undefined,
    );
  }

  async #release(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    held?.expiry.abort();
    if (held !== undefined) await letGo(held.card);
  }
}

/** The chip's signature. Where it gives none, another proof that is to follow will do. */
async function signed(chip: ReadChip, challenge: Uint8Array, isNeedless: boolean): Promise<Uint8Array | undefined> {
  try {
    return await chip.sign(challenge);
  } catch (error) {
    const isRefusal = error instanceof ProtocolError && ['chip_refused', 'chip_unsupported'].includes(error.code);
    if (isNeedless && isRefusal) return undefined;
    throw error;
  }
}

/** A card that is gone already cannot be let go, which is no fault. */
async function letGo(card: PlacedCard): Promise<void> {
  await card.close().catch(() => undefined);
}
