// SPDX-License-Identifier: GPL-3.0-or-later
/** The adapter to PC/SC, in front of a double of its binding: what it waits for, chooses, and makes of errors. */
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { loadPcsc, type PcscModule, PcscReaders } from '../../src/companion/pcsc.ts';
import { codeOf } from './house.ts';

const [PRESENT, MUTE, IN_USE] = [1, 2, 4];
type Status = ReturnType<typeof statusOf>;
const statusOf = (raw: number) => ({
  has: (...flags: readonly number[]) => flags.every((flag) => (raw & flag) !== 0),
  hasAny: (...flags: readonly number[]) => flags.some((flag) => (raw & flag) !== 0),
});

class Card {
  readonly log: string[];
  readonly isPassport: boolean;
  constructor(log: string[], isPassport: boolean) {
    this.log = log;
    this.isPassport = isPassport;
  }
  transmit(input: Uint8Array, buffer = new ArrayBuffer(8)): Promise<Uint8Array> {
    if (!this.isPassport) return Promise.resolve(Uint8Array.of(0x6a, 0x82));
    const view = new Uint8Array(buffer, 0, 2);
    view.set([input[0] ?? 0, 0x90]);
    return Promise.resolve(view);
  }
  reconnect(mode: number, action: number): Promise<void> {
    this.log.push(`reconnect ${String(mode)} ${String(action)}`);
    return Promise.resolve();
  }
  disconnect(then: number): Promise<void> {
    this.log.push(`disconnect ${String(then)}`);
    return Promise.resolve();
  }
}

class Reader extends EventEmitter<{ change: [Status]; disconnect: [] }> {
  readonly log: string[] = [];
  readonly #name: string;
  fails = false;
  isPassport = true;
  constructor(name: string) {
    super();
    this.#name = name;
  }
  name(): string {
    return this.#name;
  }
  connect(mode: number): Promise<Card> {
    this.log.push(`connect ${String(mode)}`);
    return this.fails
      ? Promise.reject(new Error('SharingViolation'))
      : Promise.resolve(new Card(this.log, this.isPassport));
  }
  tell(raw: number): void {
    this.emit('change', statusOf(raw));
  }
}

/** A binding, and its client once it is made. */
function binding(service: { up: boolean } = { up: true }) {
  const made: { client?: EventEmitter } = {};
  class Client extends EventEmitter {
    #running = false;
    constructor() {
      super();
      made.client = this;
    }
    start(): void {
      if (!service.up) throw new Error('NoService');
      this.#running = true;
    }
    stop(): void {
      this.#running = false;
    }
    running(): boolean {
      return this.#running;
    }
  }
  const module: PcscModule = {
    Client,
    CardMode: { EXCLUSIVE: 1 },
    CardDisposition: { RESET: 7 },
    Protocol: { ANY: 3 },
    ReaderStatus: { PRESENT, MUTE, IN_USE },
  };
  return {
    module,
    attach: (reader: Reader) => made.client?.emit('reader', reader),
    fail: () => made.client?.emit('error', new Error()),
  };
}

describe('readers', () => {
  it('are waited for, and the first with a document that answers is taken, reset before and after', async () => {
    const { module, attach } = binding();
    const readers = new PcscReaders(module);
    expect([readers.connected, readers.name]).toEqual([false, '']);
    const [a, b] = [new Reader('A'), new Reader('B')];
    attach(a);
    const placing = readers.place(new AbortController().signal);
    attach(b);
    expect([readers.connected, readers.name]).toEqual([true, 'A, B']);
    a.tell(0);
    a.tell(PRESENT | MUTE);
    a.tell(PRESENT | IN_USE);
    b.tell(PRESENT);
    const card = await placing;
    expect([a.log, b.log]).toEqual([[], ['connect 1', 'reconnect 1 7', 'reconnect 1 7']]);
    const first = await card.transmit(Uint8Array.of(1));
    await card.transmit(Uint8Array.of(2));
    expect(first).toEqual(Uint8Array.of(1, 0x90));
    await card.close();
    expect(b.log.at(-1)).toBe('disconnect 7');
  });

  it('with other cards are let go, once, and the passport on the next one is found, also when it comes later', async () => {
    const { module, attach } = binding();
    const readers = new PcscReaders(module);
    const [key, b] = [new Reader('Key'), new Reader('B')];
    key.isPassport = false;
    attach(key);
    attach(b);
    key.tell(PRESENT);
    const tried = ['connect 1', 'reconnect 1 7', 'disconnect 7'];
    const placing = readers.place(new AbortController().signal);
    await new Promise((resolve) => setTimeout(resolve));
    // As the system tells it of the card that was just tried.
    key.tell(PRESENT | IN_USE);
    key.tell(PRESENT);
    await new Promise((resolve) => setTimeout(resolve));
    expect(key.log).toEqual(tried);
    b.tell(PRESENT);
    await placing;
    expect([key.log, b.log]).toEqual([tried, ['connect 1', 'reconnect 1 7', 'reconnect 1 7']]);
    // The next reading tries every card again.
    key.isPassport = true;
    b.tell(0);
    const next = readers.place(new AbortController().signal);
    await next;
    expect(key.log.slice(tried.length)).toEqual(['connect 1', 'reconnect 1 7', 'reconnect 1 7']);
  });

  it('are forgotten when they are taken away or the service fails, and found again', async () => {
    const { module, attach, fail } = binding();
    const readers = new PcscReaders(module);
    const a = new Reader('A');
    attach(a);
    a.tell(PRESENT);
    a.emit('disconnect');
    expect(readers.connected).toBe(false);
    attach(a);
    fail();
    expect(readers.connected).toBe(false);
    await readers.close();
    const placing = readers.place(new AbortController().signal);
    attach(a);
    a.tell(PRESENT);
    expect(await placing).toBeDefined();
  });

  it('stop waiting when told to', async () => {
    const readers = new PcscReaders(binding().module);
    const stop = new AbortController();
    const placing = readers.place(stop.signal);
    stop.abort(new Error('enough'));
    await expect(placing).rejects.toThrow('enough');
    await expect(readers.place(stop.signal)).rejects.toThrow('enough');
  });

  it('say in codes what fails', async () => {
    const service = { up: false };
    expect(() => new PcscReaders(binding(service).module)).toThrow(
      expect.objectContaining({ code: 'companion_reader_missing' }),
    );
    const { module, attach } = binding();
    const readers = new PcscReaders(module);
    const a = new Reader('A');
    a.fails = true;
    attach(a);
    a.tell(PRESENT);
    expect(await codeOf(readers.place(new AbortController().signal))).toBe('chip_transport_failed');
    expect(await codeOf(loadPcsc('no-such-binding-to-card-readers'))).toBe('pcsc_missing');
  });
});
