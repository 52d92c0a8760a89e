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
    for (;;) {
      const reader = this.#withDocument();
      if (reader !== undefined) return this.#connect(reader);
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
    this.#changes.emit('change');
  }

  #withDocument(): PcscReader | undefined {
    const { PRESENT, MUTE, IN_USE } = this.#pcsc.ReaderStatus;
    const isReady = (status: PcscStatus | undefined): boolean =>
      status !== undefined && status.has(PRESENT) && !status.hasAny(MUTE, IN_USE);
    return [...this.#readers].find(([, status]) => isReady(status))?.[0];
  }

  /** Alone with the card, and from the beginning: another program may have left it in the middle of something. */
  async #connect(reader: PcscReader): Promise<PlacedCard> {
    const { CardMode, CardDisposition, Protocol } = this.#pcsc;
    try {
      const card = await reader.connect(CardMode.EXCLUSIVE, Protocol.ANY);
      await card.reconnect(CardMode.EXCLUSIVE, CardDisposition.RESET);
      const buffer = new ArrayBuffer(ANSWER_BUFFER);
      return {
        // A copy: the next answer comes into the same buffer.
        transmit: async (command) => Uint8Array.from(await card.transmit(command, buffer)),
        close: () => card.disconnect(CardDisposition.RESET),
      };
    } catch (cause) {
      throw new ProtocolError(
        'chip_transport_failed',
        'the document on the reader does not answer, or another program uses it; place it again',
        { cause },
      );
    }
  }
}
