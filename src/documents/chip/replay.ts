// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Replaying what a reader and a chip once said: a transport that takes only the recorded commands,
 * byte for byte, and gives the recorded answers. The reader runs over it as over a chip, with the
 * recorded secrets in place of fresh ones.
 *
 * A transcript says which of the choices that the standard leaves to a terminal was made: BAC or
 * which PACE, and whether it named the curve. What follows in secure messaging is opened with the
 * session's keys, wrapped again by the reader and compared.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { sameBytes } from '../asn1.ts';
import type { Access, AccessSecrets } from './access.ts';
import { type ApduTransport, decodeCommand, plainCard, readChipTlvs } from './apdu.ts';
import { runBac } from './bac.ts';
import { checkMapping, oidContents, runPace } from './pace.ts';
import type { ChipPassword } from './passwords.ts';
import { secureCard } from './secure_messaging.ts';
import { type PaceOffer, readCardAccess, readCardSecurity, readDg14, type SecurityInfos } from './security_infos.ts';

/** One command and its answer. */
export interface Exchange {
  readonly command: Uint8Array;
  readonly response: Uint8Array;
}

/** A recorded conversation. */
export interface Transcript {
  readonly name: string;
  readonly password: ChipPassword;
  /** EF.CardAccess; absent for BAC. */
  readonly cardAccess?: Uint8Array;
  /** EF.CardSecurity or DG14, by which chip authentication mapping is judged. */
  readonly cardSecurity?: Uint8Array;
  readonly dg14?: Uint8Array;
  /** The reader's secrets in the order of their use: scalars of PACE, random bytes of BAC. */
  readonly terminalPrivateKeys: readonly Uint8Array[];
  readonly terminalRandoms: readonly Uint8Array[];
  readonly exchanges: readonly Exchange[];
  /** What must come out; what is absent is not compared. */
  readonly expected: {
    readonly cipher?: string;
    readonly kEnc?: Uint8Array;
    readonly kMac?: Uint8Array;
    /** Directly after access control. */
    readonly sendSequenceCounter?: Uint8Array;
  };
}

/** How a replay ended. */
export type ReplayResult =
  | { readonly ok: true; readonly access: Access }
  | { readonly ok: false; readonly reason: string; readonly message: string };

function mismatch(what: string): ProtocolError {
  return new ProtocolError('chip_transcript_mismatch', what);
}

/** A transport that says what was recorded, to exactly those commands, once. */
export class ReplayingTransport implements ApduTransport {
  readonly #exchanges: readonly Exchange[];
  #next = 0;

  constructor(exchanges: readonly Exchange[]) {
    this.#exchanges = exchanges;
  }

  /** The recorded command that comes next, or undefined after the last. */
  get next(): Uint8Array | undefined {
    return this.#exchanges[this.#next]?.command;
  }

  /**
   * @throws {@link ProtocolError} `chip_transcript_mismatch` for any other command.
   */
  transmit(command: Uint8Array): Promise<Uint8Array> {
    const exchange = this.#exchanges[this.#next];
    if (exchange === undefined) return Promise.reject(mismatch('the transcript ends before the reader does'));
    if (!sameBytes(exchange.command, command)) {
      return Promise.reject(mismatch(`command ${String(this.#next + 1)} of the transcript is not the reader’s`));
    }
    this.#next += 1;
    return Promise.resolve(exchange.response);
  }
}

function recordedSecrets({ terminalPrivateKeys, terminalRandoms }: Transcript): AccessSecrets {
  const scalars = [...terminalPrivateKeys];
  const randoms = [...terminalRandoms];
  return {
    bytes(length) {
      const next = randoms.shift();
      if (next?.length !== length) throw mismatch(`the transcript lacks a random of ${String(length)} bytes`);
      return next;
    },
    scalar() {
      const next = scalars.shift();
      if (next === undefined) throw mismatch('the transcript lacks a private key');
      return next;
    },
  };
}

/** The offer that the recorded MSE:Set AT took. */
function chosenOffer(infos: SecurityInfos, data: Uint8Array): { offer: PaceOffer; namesCurve: boolean } {
  const objects = readChipTlvs(data, 'MSE:Set AT');
  const wanted = objects.find(({ tag }) => tag === 0x80)?.value ?? new Uint8Array();
  const curve = objects.find(({ tag }) => tag === 0x84)?.value[0];
  const offer = infos.pace.find(
    (candidate) =>
      sameBytes(oidContents(candidate.protocol.oid), wanted) && (curve === undefined || curve === candidate.curve.id),
  );
  if (offer === undefined)
    throw new ProtocolError(
      'chip_unsupported',
      'the transcript uses a PACE that EF.CardAccess does not offer or that is not spoken here',
    );
  return { offer, namesCurve: curve !== undefined };
}

/** Commands before access control: selecting and reading EF.CardAccess, selecting the application. */
async function skipPrologue(transport: ReplayingTransport): Promise<void> {
  for (let command = transport.next; command !== undefined; command = transport.next) {
    const isAccess = command[1] === 0x84 || (command[1] === 0x22 && command[2] === 0xc1 && command[3] === 0xa4);
    if (isAccess) return;
    await transport.transmit(command);
  }
}

async function openRecorded(transcript: Transcript, transport: ReplayingTransport): Promise<Access> {
  const { password, cardAccess } = transcript;
  const secrets = recordedSecrets(transcript);
  await skipPrologue(transport);
  if (transport.next === undefined) throw mismatch('the transcript has no access control');
  const first = decodeCommand(transport.next);
  if (first.ins === 0x84) return runBac(plainCard(transport), password, secrets);
  if (cardAccess === undefined) throw mismatch('the transcript uses PACE and has no EF.CardAccess');
  const { offer, namesCurve } = chosenOffer(readCardAccess(cardAccess), first.data ?? new Uint8Array());
  return runPace(plainCard(transport), offer, password, secrets, { namesCurve });
}

function judgeMapping({ cardSecurity, dg14 }: Transcript, { mapping }: Access): void {
  if (mapping === undefined) return;
  const keys = [
    ...(cardSecurity === undefined ? [] : readCardSecurity(cardSecurity).publicKeys),
    ...(dg14 === undefined ? [] : readDg14(dg14).publicKeys),
  ].filter((key) => key.curve.id === mapping.curve.id);
  const [key] = keys;
  if (key !== undefined) checkMapping(mapping, key);
  else if (cardSecurity !== undefined || dg14 !== undefined) {
    throw new ProtocolError(
      'chip_authentication_failed',
      'the transcript has no static key for its chip authentication mapping',
    );
  }
}

function compare({ expected }: Transcript, { cipher, keys, session }: Access): void {
  const sameKey = (wanted: Uint8Array | undefined, got: Uint8Array): boolean =>
    wanted === undefined || sameBytes(wanted, got);
  const isExpected =
    (expected.cipher === undefined || expected.cipher === cipher) &&
    sameKey(expected.kEnc, keys.kEnc) &&
    sameKey(expected.kMac, keys.kMac) &&
    sameKey(expected.sendSequenceCounter, session.counter);
  if (!isExpected) throw mismatch('the transcript expects other keys');
}

/** Everything after access control, in secure messaging. */
async function replayRest(transport: ReplayingTransport, { session }: Access): Promise<void> {
  const card = secureCard(transport, session);
  for (let command = transport.next; command !== undefined; command = transport.next) {
    await card.send(session.reveal(command));
  }
}

/**
 * Runs the reader over a transcript.
 *
 * @returns The keys, or why it is not what a chip and this reader would have said; never throws for a
 * transcript's sake.
 */
export async function replay(transcript: Transcript): Promise<ReplayResult> {
  const transport = new ReplayingTransport(transcript.exchanges);
  try {
    const access = await openRecorded(transcript, transport);
    compare(transcript, access);
    judgeMapping(transcript, access);
    await replayRest(transport, access);
    return { ok: true, access };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { ok: false, reason: error.code, message: error.message };
  }
}
