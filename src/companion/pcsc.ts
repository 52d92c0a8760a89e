// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Readers through PC/SC, which Windows and macOS have and Linux gets with `pcscd`. The binding, `pcsc-mini`, is
 * an optional peer dependency: loaded here when a companion starts, and installed by whoever wants one.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import { ProtocolError } from '../protocol/errors.ts';
import type { CardReader, PlacedCard } from './reader.ts';

/** The binding and the version that this was tried with. */
export const PCSC_PACKAGE = 'pcsc-mini';
export const PCSC_VERSION = '0.1.3';

/** Longest answer, status included; longer ones come by GET RESPONSE. */
const ANSWER_BUFFER = 65_548;

/** SELECT of the passport application. */
const SELECT = Uint8Array.of(0x00, 0xa4, 0x04, 0x0c, 7, 0xa0, 0, 0, 0x02, 0x47, 0x10, 0x01);
/** First status byte of cards without it: nothing of this name, or no such length, command or class. */
const STRANGE: readonly number[] = [0x67, 0x6a, 0x6d, 0x6e];

/** What is used of the binding. */
export interface PcscModule {
  readonly Client: new () => PcscClient;
  readonly CardMode: { readonly EXCLUSIVE: number };
  readonly CardDisposition: { readonly RESET: number };
  readonly Protocol: { readonly ANY: number };
  readonly ReaderStatus: { readonly PRESENT: number; readonly MUTE: number; readonly IN_USE: number };
}

/** The connection to the system's service. */
export interface PcscClient {
  on(event: 'reader', listener: (reader: PcscReader) => void): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  start(): unknown;
  stop(): void;
  running(): boolean;
}

/** A connected reader. */
export interface PcscReader {
  on(event: 'change', listener: (status: PcscStatus) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  name(): string;
  connect(mode: number, protocol?: number): Promise<PcscCard>;
}

/** What a reader says of itself. */
export interface PcscStatus {
  has(...flags: readonly number[]): boolean;
  hasAny(...flags: readonly number[]): boolean;
}

/** A connected card. */
export interface PcscCard {
  transmit(input: Uint8Array, outputBuffer?: ArrayBuffer): Promise<Uint8Array>;
  reconnect(mode: number, action: number): Promise<unknown>;
  disconnect(then: number): Promise<void>;
}

/**
 * Loads the binding.
 *
 * @throws {@link ProtocolError} `pcsc_missing`, saying how to install it.
 */
export async function loadPcsc(name: string = PCSC_PACKAGE): Promise<PcscModule> {
  try {
    const loaded = (await import(name)) as PcscModule & { readonly default?: PcscModule };
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new ProtocolError(
      'pcsc_missing',
      `the binding to card readers is not installed: npm install --no-save ${PCSC_PACKAGE}@${PCSC_VERSION}, ` +
        'on Debian after apt-get install pcscd; or try --simulate',
      { cause },
    );
  }
}

/** All readers of this computer. */
export class PcscReaders implements CardReader {
  readonly kind = 'pcsc';
  readonly #pcsc: PcscModule;
  readonly #client: PcscClient;
  /** Status by reader. */
  readonly #readers = new Map<PcscReader, PcscStatus | undefined>();
  readonly #changes = new EventEmitter();
  /** How many changes there were. */
  #count = 0;
  /** Readers whose card was tried and is no passport: left alone until it is taken away. */
  readonly #others = new Set<PcscReader>();

  /**
   * @param pcsc - From {@link loadPcsc}.
   * @throws {@link ProtocolError} `companion_reader_missing` if the system's service does not run.
   */
  constructor(pcsc: PcscModule) {
    this.#pcsc = pcsc;
    this.#client = new pcsc.Client();
    this.#client.on('error', () => {
      this.#readers.clear();
      this.#changes.emit('change');
    });
    this.#client.on('reader', (reader) => {
      this.#update(reader, undefined);
      reader.on('change', (status) => {
        this.#update(reader, status);
      });
      reader.on('disconnect', () => {
        this.#readers.delete(reader);
        this.#changes.emit('change');
      });
    });
    this.#start();
  }

  get name(): string {
    return [...this.#readers.keys()].map((reader) => reader.name()).join(', ');
  }

  get connected(): boolean {
    return this.#readers.size > 0;
  }

  async place(signal: AbortSignal): Promise<PlacedCard> {
    // The service may have been stopped, or started only now.
    if (!this.#client.running()) this.#start();
    this.#others.clear();
    for (;;) {
      const seen = this.#count;
      const card = await this.#passport(signal);
      if (card !== undefined) return card;
      // What changed while cards were tried would not be told again.
      if (this.#count !== seen) continue;
      await new Promise<void>((resolve, reject) => {
        const done = (): void => {
          this.#changes.off('change', done);
          signal.removeEventListener('abort', done);
          if (signal.aborted) reject(signal.reason as Error);
          else resolve();
        };
        this.#changes.on('change', done);
        signal.addEventListener('abort', done);
        if (signal.aborted) done();
      });
    }
  }

  close(): Promise<void> {
    if (this.#client.running()) this.#client.stop();
    return Promise.resolve();
  }

  #start(): void {
    try {
      this.#client.start();
    } catch (cause) {
      throw new ProtocolError(
        'companion_reader_missing',
        'the service for card readers does not run; on Debian: systemctl start pcscd',
        { cause },
      );
    }
  }

  #update(reader: PcscReader, status: PcscStatus | undefined): void {
    this.#readers.set(reader, status);
    this.#count++;
    if (status?.has(this.#pcsc.ReaderStatus.PRESENT) !== true) this.#others.delete(reader);
    this.#changes.emit('change');
  }

  /**
   * The first passport on any reader: other cards, as a security key, may lie on others for good.
   *
   * @throws {@link ProtocolError} `chip_transport_failed` if no card is a passport, and one does not answer.
   */
  async #passport(signal: AbortSignal): Promise<PlacedCard | undefined> {
    let silent: unknown;
    for (const [reader, status] of [...this.#readers]) {
      signal.throwIfAborted();
      if (status === undefined || !this.#isReady(status) || this.#others.has(reader)) continue;
      try {
        const card = await this.#connect(reader);
        if (card !== undefined) return card;
        this.#others.add(reader);
      } catch (error) {
        silent = error;
      }
    }
    if (silent !== undefined) throw silent as Error;
    return undefined;
  }

  #isReady(status: PcscStatus): boolean {
    const { PRESENT, MUTE, IN_USE } = this.#pcsc.ReaderStatus;
    return status.has(PRESENT) && !status.hasAny(MUTE, IN_USE);
  }

  /**
   * Alone with the card, and from the beginning: another program may have left it in the middle of something, and
   * PACE starts in the master file, which asking for the application leaves.
   *
   * @returns Undefined for a card that is no passport.
   */
  async #connect(reader: PcscReader): Promise<PlacedCard | undefined> {
    const { CardMode, CardDisposition, Protocol } = this.#pcsc;
    let card: PcscCard | undefined;
    try {
      card = await reader.connect(CardMode.EXCLUSIVE, Protocol.ANY);
      await card.reconnect(CardMode.EXCLUSIVE, CardDisposition.RESET);
      const placed = placedCard(card, CardDisposition.RESET);
      if (!hasApplication(await placed.transmit(SELECT))) {
        await placed.close().catch(() => undefined);
        return undefined;
      }
      await card.reconnect(CardMode.EXCLUSIVE, CardDisposition.RESET);
      return placed;
    } catch (cause) {
      await card?.disconnect(CardDisposition.RESET).catch(() => undefined);
      throw new ProtocolError(
        'chip_transport_failed',
        'the document on the reader does not answer, or another program uses it; place it again',
        { cause },
      );
    }
  }
}

function placedCard(card: PcscCard, reset: number): PlacedCard {
  const buffer = new ArrayBuffer(ANSWER_BUFFER);
  return {
    // A copy: the next answer comes into the same buffer.
    transmit: async (command) => Uint8Array.from(await card.transmit(command, buffer)),
    close: () => card.disconnect(reset),
  };
}

/** Whether an answer to {@link SELECT} is one of a passport, also of one that wants PACE before. */
function hasApplication(answer: Uint8Array): boolean {
  return !STRANGE.includes(answer.at(-2) ?? 0);
}
