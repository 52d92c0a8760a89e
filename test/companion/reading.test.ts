// SPDX-License-Identifier: GPL-3.0-or-later
/** Reading through a companion, and having the chip challenged, as the wallet does it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_COMMAND_BYTES, MAX_OPENING } from '../../src/companion/relay.ts';
import { verifyActiveAuthentication } from '../../src/documents/chip/active_authentication.ts';
import { encodeCommand } from '../../src/documents/chip/apdu.ts';
import { ChipAuthentication } from '../../src/documents/chip/chip_authentication.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { answerThroughCompanion, type ChipProgress, readThroughCompanion } from '../../src/wallet/companion.ts';
import { issue, place, seeded, through } from '../documents/chip/chips.ts';
import { ACCESS, codeOf, FEATURES, House, URL_OF_COMPANION } from './house.ts';

let issued: House['issued'];
beforeAll(async () => {
  issued = await issue(FEATURES);
});

/** Milliseconds in which a test waits for what another part does. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('a reading', () => {
  it('gives the files as on the chip, for both kinds of access', async () => {
    const house = new House(issued);
    const { deps, paired } = await house.page();
    const { files, protocol } = await readThroughCompanion(deps, paired, ACCESS);
    const { com, sod, dg1, dg2, dg11, dg14, dg15 } = issued.files;
    expect(files).toEqual({ com, sod, dg1, dg2, dg11, dg14, dg15 });
    expect(protocol).toBe('id-PACE-ECDH-GM-AES-CBC-CMAC-128');
    expect((await readThroughCompanion(deps, paired, { can: '123456' })).files).toEqual(files);
  });

  it('leaves out what the document does not have', async () => {
    const plain = await issue({});
    const house = new House(plain);
    const { deps, paired } = await house.page();
    const { files, protocol } = await readThroughCompanion(deps, paired, ACCESS);
    expect([Object.keys(files).sort(), protocol]).toEqual([['com', 'dg1', 'dg2', 'sod'], 'BAC']);
  });

  it('tells its progress in order, each file from its first bytes to its last', async () => {
    const house = new House(issued);
    const { deps, paired } = await house.page();
    const seen: ChipProgress[] = [];
    await readThroughCompanion(deps, paired, ACCESS, (progress) => seen.push(progress));
    const steps = seen.map(({ step, file }) => `${step} ${file}`).filter((text, at, all) => text !== all[at - 1]);
    const files = ['EF.COM', 'EF.SOD', 'DG1', 'DG2', 'DG11', 'DG14', 'DG15'].map((file) => `files ${file}`);
    expect(steps).toEqual(['waiting ', 'access ', ...files]);
    for (const [at, { step, file, read, total }] of seen.entries()) {
      const next = seen[at + 1];
      if (next?.step === step && next.file === file) expect(next.read).toBeGreaterThan(read);
      else expect(read).toBe(total);
    }
  });

  it('waits for the document', async () => {
    const house = new House(issued, { chip: undefined });
    const { deps, paired } = await house.page();
    const seen: string[] = [];
    const reading = readThroughCompanion(deps, paired, ACCESS, ({ step }) => seen.push(step));
    await until(() => seen.length === 1);
    expect(seen).toEqual(['waiting']);
    house.reader.lay(() => place(issued));
    expect((await reading).files.sod).toEqual(issued.files.sod);
  });

  it('says whether the document or the reader was missing', async () => {
    const seconds = { wait: 0.05 };
    const empty = new House(issued, { chip: undefined, seconds });
    const first = await empty.page();
    expect(await codeOf(readThroughCompanion(first.deps, first.paired, ACCESS))).toBe('companion_document_missing');
    const none = new House(issued, {
      chip: undefined,
      seconds,
      wrap: (reader) => ({ ...reader, connected: false }),
    });
    const second = await none.page();
    expect(await codeOf(readThroughCompanion(second.deps, second.paired, ACCESS))).toBe('companion_reader_missing');
  });

  it.each([
    [{ ...ACCESS, birth: '900227' }, 'chip_access_denied'],
    [{ can: '654321' }, 'chip_access_denied'],
    [{ ...ACCESS, birth: '28.2.90' }, 'chip_password_invalid'],
  ])('with %j is refused with %s, and the reader is free again', async (access, code) => {
    const house = new House(issued);
    const { deps, paired } = await house.page();
    expect(await codeOf(readThroughCompanion(deps, paired, access))).toBe(code);
    expect(await codeOf(readThroughCompanion(deps, paired, ACCESS))).toBeUndefined();
  });

  it('of a document that is taken away in the middle says so, and another one can follow', async () => {
    const lost = new House(issued, {
      chip: () =>
        through(place(issued), (answer, count) => {
          if (count === 20) lost.reader.lay(undefined);
          return answer;
        }),
    });
    const page = await lost.page();
    expect(await codeOf(readThroughCompanion(page.deps, page.paired, ACCESS))).toBe('chip_transport_failed');
    lost.reader.lay(() => place(issued));
    expect(await codeOf(readThroughCompanion(page.deps, page.paired, ACCESS))).toBeUndefined();
  });

  it('of a chip that never answers ends', async () => {
    const chip = () =>
      through(place(issued), (answer, count) => (count < 5 ? answer : new Promise<never>(() => undefined)));
    const house = new House(issued, { chip, seconds: { answer: 0.05 } });
    const { deps, paired } = await house.page();
    expect(await codeOf(readThroughCompanion(deps, paired, ACCESS))).toBe('chip_transport_failed');
  });
});

describe('two pages at once', () => {
  /** A chip that waits before its answers until it is let go on. */
  function held(): { readonly chip: () => ReturnType<typeof through>; go: () => void; readonly asked: () => boolean } {
    let go = (): void => undefined;
    let asked = false;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const chip = () =>
      through(place(issued), async (answer) => {
        asked = true;
        await gate;
        return answer;
      });
    return {
      chip,
      go: () => {
        go();
      },
      asked: () => asked,
    };
  }

  it('do not mix: the second is told to wait, the first goes on', async () => {
    const { chip, go, asked } = held();
    const house = new House(issued, { chip });
    const [first, second] = [await house.page(), await house.page()];
    const reading = readThroughCompanion(first.deps, first.paired, ACCESS);
    await until(asked);
    expect(await codeOf(readThroughCompanion(second.deps, second.paired, ACCESS))).toBe('companion_busy');
    const challenge = { challenge: new Uint8Array(8) };
    expect(await codeOf(answerThroughCompanion(second.deps, second.paired, challenge))).toBe('companion_busy');
    go();
    expect((await reading).files.sod).toEqual(issued.files.sod);
    // What the first one had read is not for the second one to be challenged.
    expect(await codeOf(answerThroughCompanion(second.deps, second.paired, challenge))).toBe('companion_chip_missing');
    expect(await codeOf(answerThroughCompanion(first.deps, first.paired, challenge))).toBeUndefined();
  });

  it('a page that goes away ends its reading at once, and the reader is free', async () => {
    const { chip, go, asked } = held();
    let commands = 0;
    const counted = () =>
      through(chip(), (answer) => {
        commands++;
        return answer;
      });
    const house = new House(issued, { chip: counted });
    const [first, second] = [await house.page(), await house.page()];
    const stop = new AbortController();
    const reading = readThroughCompanion({ ...first.deps, signal: stop.signal }, first.paired, ACCESS);
    await until(asked);
    stop.abort();
    await expect(reading).rejects.toThrow();
    go();
    const challenge = { challenge: new Uint8Array(8) };
    let code: string | undefined = 'companion_busy';
    while (code === 'companion_busy') code = await codeOf(answerThroughCompanion(first.deps, first.paired, challenge));
    // Nothing was asked of the chip after the command under way, and nothing is held.
    expect([code, commands]).toEqual(['companion_chip_missing', 1]);
    expect(await codeOf(readThroughCompanion(second.deps, second.paired, ACCESS))).toBeUndefined();
  });

  it('a second reading ends the hold of the first, and lets its card go before it takes one', async () => {
    let taken = 0;
    const house = new House(issued, {
      wrap: (reader) => ({
        ...reader,
        async place(signal) {
          expect(taken++).toBe(0);
          const card = await reader.place(signal);
          return { transmit: (command) => card.transmit(command), close: () => (taken--, card.close()) };
        },
      }),
    });
    const [first, second] = [await house.page(), await house.page()];
    await readThroughCompanion(first.deps, first.paired, ACCESS);
    await readThroughCompanion(second.deps, second.paired, ACCESS);
    const challenge = { challenge: new Uint8Array(8) };
    expect(await codeOf(answerThroughCompanion(first.deps, first.paired, challenge))).toBe('companion_chip_missing');
    expect(await codeOf(answerThroughCompanion(second.deps, second.paired, challenge))).toBeUndefined();
  });
});

describe('a challenge', () => {
  async function read(house: House) {
    const page = await house.page();
    await readThroughCompanion(page.deps, page.paired, ACCESS);
    return page;
  }
  const agreement = (): ChipAuthentication =>
    new ChipAuthentication(issued.files.dg14 ?? new Uint8Array(), seeded('issuer'));

  it('is answered by signature and by relay, as the issuer judges it', async () => {
    const { deps, paired } = await read(new House(issued));
    const challenge = seeded('challenge')(8);
    const chipAuthentication = agreement();
    const answer = await answerThroughCompanion(deps, paired, { challenge, ...chipAuthentication.request });
    const { dg14 = new Uint8Array(), dg15 = new Uint8Array() } = issued.files;
    expect(verifyActiveAuthentication(dg15, challenge, answer.signature ?? new Uint8Array(), dg14).ok).toBe(true);
    expect(chipAuthentication.verify(answer.relayed ?? new Uint8Array()).ok).toBe(true);
    // The chip now speaks under keys of the issuer.
    expect(await codeOf(answerThroughCompanion(deps, paired, { challenge }))).toBe('companion_chip_missing');
  });

  it('can be signed again, since that changes nothing', async () => {
    const { deps, paired } = await read(new House(issued));
    for (const name of ['first', 'second']) {
      const challenge = seeded(name)(8);
      const { signature = new Uint8Array() } = await answerThroughCompanion(deps, paired, { challenge });
      const { dg14, dg15 = new Uint8Array() } = issued.files;
      expect(verifyActiveAuthentication(dg15, challenge, signature, dg14).ok).toBe(true);
    }
  });

  it('that the chip will not sign is still relayed', async () => {
    const { deps, paired } = await read(new House(issued));
    const chipAuthentication = agreement();
    const challenge = new Uint8Array(7);
    const answer = await answerThroughCompanion(deps, paired, { challenge, ...chipAuthentication.request });
    expect(answer.signature).toBeUndefined();
    expect(chipAuthentication.verify(answer.relayed ?? new Uint8Array()).ok).toBe(true);
  });

  it('needs a document that was read', async () => {
    const { deps, paired } = await new House(issued).page();
    expect(await codeOf(answerThroughCompanion(deps, paired, { challenge: new Uint8Array(8) }))).toBe(
      'companion_chip_missing',
    );
  });

  it('comes too late when the hold is over', async () => {
    const { deps, paired } = await read(new House(issued, { seconds: { hold: 0.03 } }));
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(await codeOf(answerThroughCompanion(deps, paired, { challenge: new Uint8Array(8) }))).toBe(
      'companion_chip_missing',
    );
  });

  it('to a document that is gone says so, and it must be read again', async () => {
    const house = new House(issued);
    const { deps, paired } = await read(house);
    house.reader.lay(() => place(issued));
    const challenge = { challenge: new Uint8Array(8) };
    expect(await codeOf(answerThroughCompanion(deps, paired, challenge))).toBe('chip_transport_failed');
    expect(await codeOf(answerThroughCompanion(deps, paired, challenge))).toBe('companion_chip_missing');
  });

  const select = encodeCommand({ ins: 0xa4, p1: 4, p2: 0, data: Uint8Array.of(1) });
  const msa = encodeCommand({ ins: 0x22, p1: 0x41, p2: 0xa4, data: Uint8Array.of(0x80, 0) });
  const protectedRead = encodeCommand({
    cla: 0x0c,
    ins: 0xb0,
    p1: 0x8e,
    p2: 0,
    data: Uint8Array.of(0x97, 1, 0),
    le: 256,
  });
  it.each([
    ['SELECT before it', [select], protectedRead],
    ['a command in the clear', [msa], encodeCommand({ ins: 0xb0, p1: 0x8e, p2: 0, le: 4 })],
    [
      'a protected command that writes',
      [msa],
      encodeCommand({ cla: 0x0c, ins: 0xd6, p1: 0, p2: 0, data: Uint8Array.of(1) }),
    ],
    ['MSE:Restore', [encodeCommand({ ins: 0x22, p1: 0xf3, p2: 1 })], protectedRead],
    [
      'GENERAL AUTHENTICATE of another kind',
      [encodeCommand({ ins: 0x86, p1: 1, p2: 0, data: Uint8Array.of(1) })],
      protectedRead,
    ],
    ['a chained class', [encodeCommand({ cla: 0x10, ins: 0x86, p1: 0, p2: 0, data: Uint8Array.of(1) })], protectedRead],
    ['no command', [msa], Uint8Array.of(1, 2)],
  ])('relays nothing but chip authentication: %s', async (_, opening, command) => {
    const { deps, paired } = await read(new House(issued));
    expect(await codeOf(answerThroughCompanion(deps, paired, { opening, command }))).toBe('relay_refused');
    // Refused before anything was sent: the chip is still there.
    expect(await codeOf(answerThroughCompanion(deps, paired, { challenge: new Uint8Array(8) }))).toBeUndefined();
  });

  it('relays commands up to the limits', async () => {
    const { deps, paired } = await read(new House(issued));
    const longest = encodeCommand({
      cla: 0x0c,
      ins: 0xb0,
      p1: 0x8e,
      p2: 0,
      data: new Uint8Array(MAX_COMMAND_BYTES - 7),
    });
    expect(longest.length).toBe(MAX_COMMAND_BYTES);
    const opening = Array.from({ length: MAX_OPENING }, () => msa);
    // The chip itself refuses this, which is its own affair.
    expect(await codeOf(answerThroughCompanion(deps, paired, { opening, command: longest }))).toBe('chip_refused');
    expect(await codeOf(answerThroughCompanion(deps, paired, { opening: [...opening, msa], command: longest }))).toBe(
      'body_invalid',
    );
  });
});

describe('answers that are cut off', () => {
  it('a companion that ends in the middle is noticed', async () => {
    const paired = { url: URL_OF_COMPANION, token: 'x', reader: { kind: 'simulator', name: '' } } as const;
    const line = `${JSON.stringify({ progress: { step: 'waiting', file: '', read: 0, total: 0 } })}\n`;
    const body = (all: readonly (string | Error)[]) => {
      const parts = [...all];
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          const part = parts.shift();
          if (part === undefined) controller.close();
          else if (part instanceof Error) controller.error(part);
          else controller.enqueue(new TextEncoder().encode(part));
        },
      });
    };
    const outcome = (...parts: readonly (string | Error)[]) =>
      codeOf(readThroughCompanion({ fetch: () => Promise.resolve(new Response(body(parts))) }, paired, ACCESS));
    expect(await outcome(line)).toBe('companion_lost');
    expect(await outcome(line, '{"files":{"sod":"AA","dg1":"AA","dg2":"AA"},"protocol":"BAC"}')).toBe('companion_lost');
    expect(await outcome(line, '{"files":{"sod":"AA","dg1":"AA",', '"dg2":"AA"},"protocol":"BAC"}\n')).toBeUndefined();
    expect(await outcome(line, new Error('reset'))).toBe('companion_lost');
    expect(await outcome(line, 'nonsense\n')).toBe('response_invalid');
    expect(await outcome(`{"problem":{"code":"chip_refused","detail":"x"}}\n`)).toBe('chip_refused');
    expect(await outcome('x'.repeat(3 * 1024 * 1024), 'x'.repeat(2 * 1024 * 1024))).toBe('response_too_large');
    expect(await codeOf(readThroughCompanion({ fetch: () => Promise.reject(new TypeError()) }, paired, ACCESS))).toBe(
      'network_failed',
    );
  });

  it('no file is kept in a problem', async () => {
    const house = new House(issued, {
      chip: () => through(place(issued), (answer, count) => (count > 30 ? Uint8Array.of(0x69, 0x88) : answer)),
    });
    const { deps, paired } = await house.page();
    const response = await deps.fetch(`${URL_OF_COMPANION}/v1/read`, {
      method: 'POST',
      headers: { authorization: `Bearer ${paired.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ access: ACCESS }),
    });
    const text = await response.text();
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toMatchObject({ problem: { code: expect.stringMatching(/^chip_/) as string } });
    expect(lines.every((line) => JSON.stringify(line['reader']).includes('simulator'))).toBe(true);
    expect(text).not.toContain(toBase64Url(issued.files.dg1));
    expect(text).not.toContain(ACCESS.documentNumber);
  });
});
