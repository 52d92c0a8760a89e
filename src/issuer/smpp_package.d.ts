// SPDX-License-Identifier: GPL-3.0-or-later
/** SMPP 3.4; the package ships no types. Only what is used here and in the tests. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server } from 'node:net';

  interface Pdu {
    readonly command: string;
    readonly command_status: number;
    readonly sequence_number: number;
    isResponse(): boolean;
    response(fields?: Readonly<Record<string, unknown>>): Pdu;
    readonly [field: string]: unknown;
  }

  interface Session extends EventEmitter {
    /** Each sends a PDU; false if the socket takes nothing any more. */
    send(pdu: Pdu): boolean;
    bind_transceiver(fields: Readonly<Record<string, unknown>>, answered: (pdu: Pdu) => void): boolean;
    submit_sm(fields: Readonly<Record<string, unknown>>, answered: (pdu: Pdu) => void): boolean;
    enquire_link(fields: Readonly<Record<string, unknown>>, answered: (pdu: Pdu) => void): boolean;
    unbind(fields: Readonly<Record<string, unknown>>, answered: (pdu: Pdu) => void): boolean;
    deliver_sm(fields: Readonly<Record<string, unknown>>, answered: (pdu: Pdu) => void): boolean;
    data_sm(fields: Readonly<Record<string, unknown>>, answered: (pdu: Pdu) => void): boolean;
    alert_notification(fields: Readonly<Record<string, unknown>>): boolean;
    outbind(fields: Readonly<Record<string, unknown>>): boolean;
    close(): void;
    destroy(): void;
  }

  interface Smpp {
    connect(options: { readonly host: string; readonly port: number; readonly tls: boolean }): Session;
    createServer(listener: (session: Session) => void): Server;
  }

  const smpp: Smpp;
  export { smpp as default, type Pdu, type Session };
}
