// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Short messages by SMPP 3.4, as the message centres of carriers and their resellers speak it: one bound
 * connection, opened when it is needed and asked now and then whether it lives; a message counts as sent
 * once the centre has answered `submit_sm`. Text goes as UCS-2, 70 characters to a message; a longer one
 * goes in parts of 67 that telephones put together (3GPP TS 23.040, 9.2.3.24.1).
 *
 * Neither numbers nor texts are logged. docs/operations.md.
 *
 * @module
 */
import smpp, { type Pdu, type Session } from 'smpp';
import type { Logger } from '../http/logs.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { SmsSender } from './phone.ts';

/** UTF-16 units of a message that goes whole, and of each part of one that does not. */
const WHOLE = 70;
const PART = 67;
/** Most parts of a message. */
export const MAX_PARTS = 6;
/** Messages that wait for the centre at a time; one more is refused. */
export const MAX_WAITING = 100;
/** Milliseconds that the centre has to answer a request or take a connection. */
const TIMEOUT = 10_000;
/** Milliseconds between two questions whether the connection lives. */
const ENQUIRY = 30_000;

/** Unicode in 16-bit units. */
const DATA_CODING_UCS2 = 8;
/** The message begins with a user data header. */
const ESM_CLASS_HEADER = 0x40;
/** Types and plans of addresses: international numbers of telephones, and names of senders. */
const TON = { international: 1, alphanumeric: 5 } as const;
const NPI = { unknown: 0, telephone: 1 } as const;
const INTERFACE_VERSION = 0x34;
/**
 * What a centre asks that has an answer. A notice, as `alert_notification` or `outbind`, has none: the library
 * throws, inside of the socket's handler, when it is to make one.
 */
const ANSWERED: ReadonlySet<string> = new Set(['deliver_sm', 'data_sm', 'enquire_link', 'unbind', 'unknown']);
/** ESME_RINVDSTADR: the centre does not take messages for this number. */
const INVALID_DESTINATION = 0x0b;

/** A message centre and the account there. */
export interface SmppAccount {
  /** `smpp://HOST:PORT`, or `ssmpp://` for TLS. */
  readonly url: string;
  readonly systemId: string;
  readonly password: string;
  /** What the person sees as the sender: a name of at most 11 characters, or a number with a plus sign. */
  readonly source?: string | undefined;
  readonly logger: Logger;
  /** Milliseconds for an answer, and between enquiries; 10 and 30 seconds by default. */
  readonly timeout?: number;
  readonly enquiry?: number;
}

/**
 * Makes a sender that uses a message centre.
 *
 * @throws {@link ProtocolError} `sms_config_invalid`.
 */
export function createSmppSender(account: SmppAccount): SmsSender & { readonly close: () => Promise<void> } {
  const centre = parseUrl(account.url);
  const source = sourceOf(account.source);
  let opening: Promise<Link> | undefined;
  let reference = 0;
  let waiting = 0;

  const link = (): Promise<Link> => {
    if (opening === undefined) {
      const mine: Promise<Link> = Link.open(centre, account, () => {
        if (opening === mine) opening = undefined;
      });
      opening = mine;
    }
    return opening;
  };
  const submit = async (to: string, text: string): Promise<void> => {
    const parts = partsOf(text, (reference = (reference + 1) % 256));
    for (const part of parts) {
      const { command_status: status } = await (
        await link()
      ).request('submit_sm', {
        ...source,
        dest_addr_ton: TON.international,
        dest_addr_npi: NPI.telephone,
        destination_addr: to.replace(/^\+/, ''),
        data_coding: DATA_CODING_UCS2,
        esm_class: parts.length > 1 ? ESM_CLASS_HEADER : 0,
        short_message: part,
      });
      if (status === INVALID_DESTINATION) {
        throw new ProtocolError('sms_refused', 'the network takes no messages for this number; give another');
      }
      if (status !== 0) {
        account.logger.warn({ smpp: 'a message was refused', status });
        throw unavailable();
      }
    }
  };
  return {
    send: async (to, text) => {
      if (waiting >= MAX_WAITING) throw unavailable();
      waiting += 1;
      try {
        await submit(to, text);
      } finally {
        waiting -= 1;
      }
    },
    close: async () => {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}

/** A bound connection. */
class Link {
  readonly #session: Session;
  readonly #timeout: number;
  readonly #ended: () => void;
  readonly #waiting = new Set<(error: Error) => void>();
  #isOpen = true;

  private constructor(session: Session, timeout: number, ended: () => void) {
    this.#session = session;
    this.#timeout = timeout;
    this.#ended = ended;
    session.on('close', () => {
      this.#end();
    });
    // After an error of the protocol the library reads no more.
    session.on('error', () => {
      this.#end();
    });
    session.on('pdu', (pdu: Pdu) => {
      if (pdu.isResponse() || !ANSWERED.has(pdu.command)) return;
      session.send(pdu.response());
      if (pdu.command === 'unbind') this.#end('after what was sent');
    });
  }

  /** Connects and binds; `ended` is called once, when the connection is gone or never was. */
  static async open(
    centre: { readonly host: string; readonly port: number; readonly tls: boolean },
    { systemId, password, logger, timeout = TIMEOUT, enquiry = ENQUIRY }: SmppAccount,
    ended: () => void,
  ): Promise<Link> {
    let timer: ReturnType<typeof setInterval> | undefined = undefined;
    const link = new Link(smpp.connect(centre), timeout, () => {
      if (timer !== undefined) logger.warn({ smpp: 'the connection has ended' });
      clearInterval(timer);
      ended();
    });
    try {
      await link.#connected(centre.tls ? 'secureConnect' : 'connect');
      const fields = { system_id: systemId, password, interface_version: INTERFACE_VERSION };
      const { command_status: status } = await link.request('bind_transceiver', fields);
      if (status !== 0) {
        logger.error({ smpp: 'the account was refused', status });
        throw unavailable();
      }
    } catch (error) {
      link.#end();
      throw error;
    }
    timer = setInterval(() => {
      link.request('enquire_link', {}).catch(() => undefined);
    }, enquiry);
    timer.unref();
    return link;
  }

  #end(how: 'at once' | 'after what was sent' = 'at once'): void {
    if (how === 'at once') this.#session.destroy();
    else this.#session.close();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const reject of this.#waiting) reject(unavailable());
    this.#ended();
  }

  /** Sends a request and waits for its answer; throws `sms_unavailable`. */
  request(
    command: 'bind_transceiver' | 'submit_sm' | 'enquire_link' | 'unbind',
    fields: Readonly<Record<string, unknown>>,
  ): Promise<Pdu> {
    return this.#within((answered) => this.#isOpen && this.#session[command](fields, answered));
  }

  #connected(event: 'connect' | 'secureConnect'): Promise<void> {
    return this.#within((connected) => {
      this.#session.once(event, connected);
      return this.#isOpen;
    });
  }

  /** Waits for an answer, but not longer than the connection lives, and not for ever. */
  #within<Answer>(begin: (answered: (answer: Answer) => void) => boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // Whoever does not answer this will not answer the next; a new connection may be better.
        fail(unavailable());
        this.#end();
      }, this.#timeout);
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(fail);
        then();
      };
      const fail = (error: Error): void => {
        settle(() => {
          reject(error);
        });
      };
      this.#waiting.add(fail);
      const isBegun = begin((answer) => {
        settle(() => {
          resolve(answer);
        });
      });
      if (!isBegun) fail(unavailable());
    });
  }

  /** Takes leave of the centre. */
  async close(): Promise<void> {
    await this.request('unbind', {}).catch(() => undefined);
    this.#end();
  }
}

function partsOf(text: string, reference: number): readonly Uint8Array[] {
  if (text.length <= WHOLE) return [ucs2(text)];
  const parts: string[] = [];
  for (let rest = text; rest !== '';) {
    // A character of two units is not torn.
    const end = /[\uD800-\uDBFF]/.test(rest.charAt(PART - 1)) && rest.length > PART ? PART - 1 : PART;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  if (parts.length > MAX_PARTS) {
    throw new ProtocolError('sms_too_long', `a message has at most ${String(MAX_PARTS)} parts`);
  }
  return parts.map((part, i) => Buffer.concat([Buffer.of(5, 0, 3, reference, parts.length, i + 1), ucs2(part)]));
}

function ucs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

function sourceOf(source = ''): Readonly<Record<string, unknown>> {
  if (/^\+\d{3,20}$/.test(source)) {
    return { source_addr_ton: TON.international, source_addr_npi: NPI.telephone, source_addr: source.slice(1) };
  }
  if (!/^[A-Za-z0-9 ]{0,11}$/.test(source)) {
    throw new ProtocolError('sms_config_invalid', 'a sender is a name of at most 11 letters and digits, or a number');
  }
  return source === '' ? {} : { source_addr_ton: TON.alphanumeric, source_addr_npi: NPI.unknown, source_addr: source };
}

function parseUrl(text: string): { readonly host: string; readonly port: number; readonly tls: boolean } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSecure = url?.protocol === 'ssmpp:';
  if (url === undefined || (!isSecure && url.protocol !== 'smpp:') || url.hostname === '') {
    throw new ProtocolError('sms_config_invalid', 'a message centre is smpp://HOST:PORT, or ssmpp:// with TLS');
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isSecure ? 3550 : 2775)),
    tls: isSecure,
  };
}

function unavailable(): ProtocolError {
  return new ProtocolError('sms_unavailable', 'no message can be sent at this moment; try again later');
}
