// SPDX-License-Identifier: GPL-3.0-or-later
import type { AddressInfo, Server } from 'node:net';
import smpp, { type Pdu, type Session } from 'smpp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/http/logs.ts';
import { codeText } from '../../src/issuer/phone.ts';
import { createSmppSender, MAX_PARTS, MAX_WAITING, type SmppAccount } from '../../src/issuer/smpp.ts';

const NUMBER = '+8613800138000';

/** What the message centre was asked for, and how it answers: an SMSC of the library, on this machine. */
class Centre {
  readonly asked: Pdu[] = [];
  readonly sessions: Session[] = [];
  /** Status by command; undefined for no answer at all. */
  status: Record<string, number | undefined> = { bind_transceiver: 0, submit_sm: 0, enquire_link: 0, unbind: 0 };
  /** Milliseconds before it answers a message. */
  delay = 0;
  #server: Server | undefined;
  port = 0;

  async open(port = 0): Promise<void> {
    this.#server = smpp.createServer((session) => {
      this.sessions.push(session);
      session.on('error', () => undefined);
      session.on('pdu', (pdu: Pdu) => {
        this.asked.push(pdu);
        const status = this.status[pdu.command];
        if (pdu.isResponse() || status === undefined) return;
        const answer = (): boolean => session.send(pdu.response({ command_status: status, message_id: '1' }));
        if (pdu.command === 'submit_sm' && this.delay > 0) setTimeout(answer, this.delay);
        else answer();
      });
    });
    const server = this.#server;
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const session of this.sessions.splice(0)) session.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  of(command: string): readonly Pdu[] {
    return this.asked.filter((pdu) => pdu.command === command);
  }

  /** The text of each message, as a telephone shows it. */
  get texts(): readonly string[] {
    return this.of('submit_sm').map(({ short_message: short }) => String((short as { message: unknown }).message));
  }
}

let centre: Centre;
let lines: string[];
const senders: { close: () => Promise<void> }[] = [];

beforeEach(async () => {
  lines = [];
  centre = new Centre();
  await centre.open();
});
afterEach(async () => {
  for (const sender of senders.splice(0)) await sender.close();
  await centre.close();
});

function sender(change: Partial<SmppAccount> = {}): ReturnType<typeof createSmppSender> {
  const made = createSmppSender({
    url: `smpp://127.0.0.1:${String(centre.port)}`,
    systemId: 'bauta',
    password: 'secret',
    source: 'Bauta',
    logger: createLogger('issuer', { write: (line) => lines.push(line) }),
    timeout: 400,
    ...change,
  });
  senders.push(made);
  return made;
}

const unavailable = { code: 'sms_unavailable' };

describe('messages by SMPP', () => {
  it('go through a bound connection, as UCS-2, to the number and from the name', async () => {
    const sms = sender();
    const text = codeText('012345');
    await sms.send(NUMBER, text);
    expect(centre.of('bind_transceiver')).toMatchObject([
      { system_id: 'bauta', password: 'secret', interface_version: 0x34 },
    ]);
    expect(centre.of('submit_sm')).toMatchObject([
      {
        ...{ destination_addr: '8613800138000', dest_addr_ton: 1, dest_addr_npi: 1 },
        ...{ source_addr: 'Bauta', source_addr_ton: 5, source_addr_npi: 0 },
        ...{ data_coding: 8, esm_class: 0 },
      },
    ]);
    expect(centre.texts).toEqual([text]);
    await sms.send('+85291234567', '你好 😀');
    expect(centre.texts).toEqual([text, '你好 😀']);
    expect(centre.sessions).toHaveLength(1);
  });

  it('come from a number where one is given, or from whatever the account has', async () => {
    await sender({ source: '+85290000000' }).send(NUMBER, 'x');
    await sender({ source: undefined }).send(NUMBER, 'x');
    expect(centre.of('submit_sm')).toMatchObject([
      { source_addr: '85290000000', source_addr_ton: 1, source_addr_npi: 1 },
      { source_addr: '', source_addr_ton: 0 },
    ]);
  });

  it.each([70, 71, 134, 135, MAX_PARTS * 67])('of %d characters arrive whole', async (length) => {
    const text = Array.from({ length }, (_, i) => String.fromCharCode(0x4e00 + i)).join('');
    await sender().send(NUMBER, text);
    expect(centre.texts.join('')).toBe(text);
    const parts = centre.of('submit_sm');
    expect(parts).toHaveLength(length <= 70 ? 1 : Math.ceil(length / 67));
    if (length <= 70) return;
    const headers = parts.map(({ short_message: short }) => [...((short as { udh: Buffer[] }).udh[0] ?? [])]);
    expect(parts.every(({ esm_class: flags }) => flags === 0x40)).toBe(true);
    const [reference] = headers[0]?.slice(2) ?? [];
    expect(headers).toEqual(parts.map((_, i) => [0, 3, reference, parts.length, i + 1]));
  });

  it('are not torn within a character, and have an end', async () => {
    const text = `${'一'.repeat(66)}😀${'二'.repeat(10)}`;
    await sender().send(NUMBER, text);
    expect(centre.texts).toEqual(['一'.repeat(66), `😀${'二'.repeat(10)}`]);
    await expect(sender().send(NUMBER, '一'.repeat(MAX_PARTS * 67 + 1))).rejects.toMatchObject({
      code: 'sms_too_long',
    });
  });

  it('count as sent once the centre has answered', async () => {
    centre.delay = 100;
    let isSent = false;
    const sending = sender()
      .send(NUMBER, 'x')
      .then(() => {
        isSent = true;
      });
    while (centre.of('submit_sm').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isSent).toBe(false);
    await sending;
    expect(isSent).toBe(true);
  });

  it('are refused with a code that says why', async () => {
    const sms = sender();
    centre.status['submit_sm'] = 0x0b;
    await expect(sms.send(NUMBER, 'x')).rejects.toMatchObject({ code: 'sms_refused' });
    // Throttled, queue full, system error.
    for (const status of [0x58, 0x14, 0x08]) {
      centre.status['submit_sm'] = status;
      await expect(sms.send(NUMBER, 'x')).rejects.toMatchObject(unavailable);
    }
    centre.status['submit_sm'] = 0;
    await sms.send(NUMBER, 'x');
    expect(centre.sessions).toHaveLength(1);
  });

  it('wait no longer than they should for a centre that does not answer, and try a new connection', async () => {
    const sms = sender();
    centre.status['submit_sm'] = undefined;
    const before = Date.now();
    await expect(sms.send(NUMBER, 'x')).rejects.toMatchObject(unavailable);
    expect(Date.now() - before).toBeLessThan(2000);
    centre.status['submit_sm'] = 0;
    await sms.send(NUMBER, 'y');
    expect(centre.texts).toEqual(['x', 'y']);
    expect(centre.sessions).toHaveLength(2);
  });

  it('cannot be sent with an account that is refused, nor without an answer to it', async () => {
    const sms = sender();
    centre.status['bind_transceiver'] = 0x0e;
    await expect(sms.send(NUMBER, 'x')).rejects.toMatchObject(unavailable);
    expect(lines.join('')).toContain('the account was refused');
    centre.status['bind_transceiver'] = undefined;
    await expect(sms.send(NUMBER, 'x')).rejects.toMatchObject(unavailable);
    expect(centre.of('submit_sm')).toEqual([]);
    centre.status['bind_transceiver'] = 0;
    await sms.send(NUMBER, 'x');
    expect(centre.texts).toEqual(['x']);
  });

  it('go on after the centre was away', async () => {
    const sms = sender();
    await sms.send(NUMBER, 'before');
    const { port } = centre;
    await centre.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(sms.send(NUMBER, 'meanwhile')).rejects.toMatchObject(unavailable);
    await centre.open(port);
    await sms.send(NUMBER, 'after');
    expect(centre.texts).toEqual(['before', 'after']);
  });

  it('fail at once when the connection breaks under them', async () => {
    const sms = sender({ timeout: 60_000 });
    await sms.send(NUMBER, 'x');
    centre.status['submit_sm'] = undefined;
    const sending = [sms.send(NUMBER, 'y'), sms.send(NUMBER, 'z')];
    const refused = Promise.all(sending.map((one) => expect(one).rejects.toMatchObject(unavailable)));
    while (centre.of('submit_sm').length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const session of centre.sessions) session.destroy();
    await refused;
  });

  it('survive bytes that are no SMPP', async () => {
    const sms = sender();
    await sms.send(NUMBER, 'x');
    const [session] = centre.sessions as unknown as [{ socket: { write: (bytes: Buffer) => void } }];
    session.socket.write(Buffer.alloc(64, 0xff));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await sms.send(NUMBER, 'y');
    expect(centre.texts).toEqual(['x', 'y']);
  });

  it('are not more at a time than there is room for', async () => {
    const sms = sender({ timeout: 60_000 });
    centre.delay = 300;
    const answers = await Promise.allSettled(
      Array.from({ length: MAX_WAITING + 1 }, (_, i) => sms.send(NUMBER, String(i))),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(MAX_WAITING);
    expect(answers.at(-1)).toMatchObject({ status: 'rejected', reason: unavailable });
    expect(centre.sessions).toHaveLength(1);
  });

  it('keep number, text and password out of the log', async () => {
    const sms = sender();
    centre.status['submit_sm'] = 0x58;
    await expect(sms.send(NUMBER, 'a code 424242')).rejects.toMatchObject(unavailable);
    await centre.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(lines.join('')).toContain('a message was refused');
    expect(lines.join('')).toContain('the connection has ended');
    expect(lines.join('')).not.toMatch(/1380013|424242|secret/);
    await centre.open();
  });
});

describe('the connection', () => {
  it('is asked whether it lives, and given up when it does not', async () => {
    const sms = sender({ enquiry: 50, timeout: 100 });
    await sms.send(NUMBER, 'x');
    while (centre.of('enquire_link').length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(centre.sessions).toHaveLength(1);
    centre.status['enquire_link'] = undefined;
    const closed = new Promise((resolve) => centre.sessions[0]?.once('close', resolve));
    await closed;
    centre.status['enquire_link'] = 0;
    await sms.send(NUMBER, 'y');
    expect(centre.sessions).toHaveLength(2);
  });

  it('answers what the centre asks, and ends when it takes leave', async () => {
    const sms = sender();
    await sms.send(NUMBER, 'x');
    const [session] = centre.sessions as unknown as [Session];
    for (const command of ['enquire_link', 'unbind'] as const) {
      const { command_status: status } = await new Promise<Pdu>((resolve) => session[command]({}, resolve));
      expect(status).toBe(0);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    await sms.send(NUMBER, 'y');
    expect(centre.sessions).toHaveLength(2);
  });

  it('answers what is delivered and what it does not know, and outlives notices, which have no answer', async () => {
    const sms = sender();
    await sms.send(NUMBER, 'x');
    const [session] = centre.sessions as unknown as [Session & { socket: { write: (bytes: Buffer) => void } }];
    const notices = [
      () => session.alert_notification({ source_addr: '8613800138000', esme_addr: 'bauta' }),
      () => session.outbind({ system_id: 'centre', password: 'p' }),
    ];
    for (const notify of notices) {
      expect(notify()).toBe(true);
      for (const command of ['deliver_sm', 'data_sm'] as const) {
        const { command_status: status } = await new Promise<Pdu>((resolve) => session[command]({}, resolve));
        expect(status).toBe(0);
      }
    }
    const nack = new Promise<Pdu>((resolve) => session.once('generic_nack', resolve));
    // A command that nobody has: length, command, status, sequence number.
    session.socket.write(Buffer.from('00000010000009990000000000000007', 'hex'));
    expect(await nack).toMatchObject({ command_status: 3, sequence_number: 7 });
    await sms.send(NUMBER, 'y');
    expect(centre.texts).toEqual(['x', 'y']);
    expect(centre.sessions).toHaveLength(1);
  });

  it('is left properly at the end', async () => {
    const sms = sender();
    await sms.close();
    await sms.send(NUMBER, 'x');
    await sms.close();
    expect(centre.of('unbind')).toHaveLength(1);
  });
});

it.each([
  ['http://127.0.0.1:1', 'Bauta'],
  ['127.0.0.1:2775', 'Bauta'],
  ['', 'Bauta'],
  ['smpp://127.0.0.1:1', 'A name that is long'],
  ['smpp://127.0.0.1:1', '验证码'],
  ['smpp://127.0.0.1:1', '+12'],
])('an account with %j and %j is refused', (url, source) => {
  expect(() => sender({ url, source })).toThrow(expect.objectContaining({ code: 'sms_config_invalid' }) as Error);
});
