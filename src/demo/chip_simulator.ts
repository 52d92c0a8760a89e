// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Chip simulator: answers commands as a passport's chip does, from ICAO 9303-10 and 9303-11 and BSI
 * TR-03110, and shares nothing with the reader. It holds the files of a simulated passport and its own
 * keys; what it cannot do is be a document that a state has issued.
 *
 * Access rules: EF.CardAccess is free, everything else needs secure messaging. A command outside a
 * running session, or one with a wrong code, ends the session (`6988`), as chips do.
 *
 * @module
 */
import { constants, createHash, privateDecrypt, sign, timingSafeEqual } from 'node:crypto';
import type { ChipSecrets, PaceFeature } from './chip_features.ts';
import { recoverableMessage } from './chip_features.ts';
import { ChipAgreement } from './chip_simulator_agreement.ts';
import { authenticate, decryptBlocks, deriveKeys, encryptBlocks, padBlocks } from './chip_simulator_cipher.ts';
import { toNumber } from './chip_simulator_curve.ts';
import {
  type ChipAnswer,
  type ChipCommand,
  ChipMessaging,
  parseCommand,
  parseObjects,
} from './chip_simulator_messaging.ts';
import { ChipPace } from './chip_simulator_pace.ts';
import { der, join } from './der.ts';

/** What is put on a chip. */
export interface SimulatedChipPlan {
  /** Machine readable zone of the passport, 88 characters. */
  readonly mrz: string;
  /** Card access number, where one is printed. */
  readonly can?: string;
  /** Files of the master file and of the application, by their identifier. */
  readonly masterFile: ReadonlyMap<number, Uint8Array>;
  readonly application: ReadonlyMap<number, Uint8Array>;
  readonly secrets: ChipSecrets;
  readonly pace: readonly PaceFeature[];
  readonly random: (length: number) => Uint8Array;
  /** Most bytes of a file given at once, whatever is asked for. */
  readonly largestPiece?: number;
}

const APPLICATION = 'a0000002471001';
const CARD_ACCESS = 0x011c;
const NOTHING = new Uint8Array();

const answer = (status: number, data: Uint8Array = NOTHING): ChipAnswer => ({ status, data });

/** The fields of the zone that open the chip, with their check digits. */
export function mrzInformation(mrz: string): Uint8Array {
  const second = mrz.slice(44);
  return new Uint8Array(Buffer.from(`${second.slice(0, 10)}${second.slice(13, 20)}${second.slice(21, 28)}`, 'latin1'));
}

/** One chip in a field. */
export class SimulatedChip {
  readonly #plan: SimulatedChipPlan;
  #messaging: ChipMessaging | undefined;
  /** Takes the place of the session after the answer under way. */
  #nextMessaging: ChipMessaging | undefined;
  #isApplication = false;
  #file: Uint8Array | undefined;
  #challenge: Uint8Array | undefined;
  #pace: ChipPace | undefined;
  #agreement: ChipAgreement | undefined;
  #waiting: Uint8Array = NOTHING;

  constructor(plan: SimulatedChipPlan) {
    this.#plan = plan;
  }

  /** Answers one command; the shape of a transport. */
  transmit(bytes: Uint8Array): Promise<Uint8Array> {
    const command = parseCommand(bytes);
    const { data, status } = command === undefined ? answer(0x6700) : this.#receive(command);
    return Promise.resolve(join([data, Uint8Array.of(status >> 8, status & 0xff)]));
  }

  #receive(command: ChipCommand): ChipAnswer {
    if (command.ins === 0xc0) return this.#deliver(this.#waiting, 0x9000, command.le);
    const isProtected = (command.cla & 0x0c) === 0x0c;
    const messaging = this.#messaging;
    if (!isProtected) {
      this.#messaging = undefined;
      const plain = this.#execute(command, false);
      this.#messaging = this.#nextMessaging;
      this.#nextMessaging = undefined;
      return this.#deliver(plain.data, plain.status, command.le);
    }
    const inner = messaging?.unwrap(command);
    if (messaging === undefined || inner === undefined) {
      this.#messaging = undefined;
      return answer(0x6988);
    }
    const wrapped = messaging.wrap(command.ins, this.#execute(inner, true));
    this.#messaging = this.#nextMessaging ?? messaging;
    this.#nextMessaging = undefined;
    return this.#deliver(wrapped.data, wrapped.status, command.le);
  }

  /** At most `le` bytes; the rest waits for GET RESPONSE. */
  #deliver(data: Uint8Array, status: number, le: number): ChipAnswer {
    const most = Math.max(le, 1);
    this.#waiting = data.subarray(most);
    if (this.#waiting.length === 0) return answer(status, data);
    return answer(0x6100 + (this.#waiting.length > 255 ? 0 : this.#waiting.length), data.subarray(0, most));
  }

  #execute(command: ChipCommand, isSecure: boolean): ChipAnswer {
    switch (command.ins) {
      case 0xa4:
        return this.#select(command, isSecure);
      case 0xb0:
      case 0xb1:
        return this.#read(command, isSecure);
      case 0x84:
        return this.#getChallenge(command);
      case 0x82:
        return this.#openByBac(command);
      case 0x22:
        return this.#manage(command, isSecure);
      case 0x86:
        return this.#generalAuthenticate(command, isSecure);
      case 0x88:
        return this.#sign(command, isSecure);
      default:
        return answer(0x6d00);
    }
  }

  #select({ p1, data }: ChipCommand, isSecure: boolean): ChipAnswer {
    if (p1 === 0x04) {
      this.#isApplication = Buffer.from(data).toString('hex') === APPLICATION;
      this.#file = undefined;
      return answer(this.#isApplication ? 0x9000 : 0x6a82);
    }
    return this.#open(Number(toNumber(data)), isSecure);
  }

  #open(id: number, isSecure: boolean): ChipAnswer {
    this.#file = undefined;
    const isFree = !this.#isApplication && id === CARD_ACCESS;
    const file = (this.#isApplication ? this.#plan.application : this.#plan.masterFile).get(id);
    if (file === undefined) return answer(0x6a82);
    if (!isSecure && !isFree) return answer(0x6982);
    this.#file = file;
    return answer(0x9000);
  }

  #read({ ins, p1, p2, data, le }: ChipCommand, isSecure: boolean): ChipAnswer {
    if (ins === 0xb0 && p1 > 0x7f) {
      const opened = this.#open(0x0100 + (p1 & 0x1f), isSecure);
      if (opened.status !== 0x9000) return opened;
    }
    const file = this.#file;
    if (file === undefined) return answer(0x6986);
    const where =
      ins === 0xb0 ? (p1 > 0x7f ? p2 : p1 * 256 + p2) : Number(toNumber(parseObjects(data)?.get(0x54) ?? NOTHING));
    if (where >= file.length) return answer(0x6b00);
    const room = ins === 0xb0 ? le : le - 3;
    const piece = file.subarray(where, where + Math.min(room, this.#plan.largestPiece ?? room));
    const status = where + room > file.length ? 0x6282 : 0x9000;
    return answer(status, ins === 0xb0 ? piece : der(0x53, piece));
  }

  #getChallenge({ le }: ChipCommand): ChipAnswer {
    this.#challenge = this.#plan.random(le);
    return answer(0x9000, this.#challenge);
  }

  #openByBac({ data }: ChipCommand): ChipAnswer {
    const challenge = this.#challenge;
    this.#challenge = undefined;
    if (challenge?.length !== 8 || data.length !== 40 || !this.#isApplication) return answer(0x6985);
    const seed = createHash('sha1').update(mrzInformation(this.#plan.mrz)).digest().subarray(0, 16);
    const access = deriveKeys('3des', new Uint8Array(seed));
    const code = (message: Uint8Array): Uint8Array =>
      authenticate('3des', access.authentication, padBlocks(message, 8));
    if (!timingSafeEqual(code(data.subarray(0, 32)), data.subarray(32))) return answer(0x6300);
    const message = decryptBlocks('3des', access.encryption, data.subarray(0, 32));
    const [ofReader, echoed, keying] = [message.subarray(0, 8), message.subarray(8, 16), message.subarray(16)];
    if (!timingSafeEqual(echoed, challenge)) return answer(0x6300);
    const own = this.#plan.random(16);
    const reply = encryptBlocks('3des', access.encryption, join([challenge, ofReader, own]));
    const keys = deriveKeys(
      '3des',
      own.map((byte, index) => byte ^ (keying[index] ?? 0)),
    );
    const counter = toNumber(join([challenge.subarray(4), ofReader.subarray(4)]));
    this.#nextMessaging = new ChipMessaging('3des', keys, counter);
    return answer(0x9000, join([reply, code(reply)]));
  }

  /** MANAGE SECURITY ENVIRONMENT: PACE (C1 A4), chip authentication (41 A6 with the key, 41 A4 before it). */
  #manage({ p1, p2, data }: ChipCommand, isSecure: boolean): ChipAnswer {
    const objects = parseObjects(data);
    if (objects === undefined) return answer(0x6a80);
    if (p1 === 0xc1 && p2 === 0xa4) {
      const { mrz, can, pace, secrets, random } = this.#plan;
      const zone = new Uint8Array(createHash('sha1').update(mrzInformation(mrz)).digest());
      const password = objects.get(0x83)?.[0] === 2 ? can && new Uint8Array(Buffer.from(can)) : zone;
      this.#pace = password ? ChipPace.begin({ objects, password, pace, secrets, random }) : undefined;
      return answer(this.#pace === undefined ? 0x6a80 : 0x9000);
    }
    const key = this.#plan.secrets.agreement;
    if (!isSecure || p1 !== 0x41 || key === undefined) return answer(0x6985);
    this.#agreement = new ChipAgreement(key);
    if (p2 === 0xa6) return this.#agree(objects.get(0x91));
    return answer(this.#agreement.isFor(objects.get(0x80)) ? 0x9000 : 0x6a80);
  }

  #agree(point: Uint8Array | undefined): ChipAnswer {
    const messaging = point && this.#agreement?.agree(point);
    this.#agreement = undefined;
    if (messaging === undefined) return answer(0x6a80);
    this.#nextMessaging = messaging;
    return answer(0x9000);
  }

  #generalAuthenticate({ cla, data }: ChipCommand, isSecure: boolean): ChipAnswer {
    const dynamic = parseObjects(data)?.get(0x7c);
    const objects = dynamic && parseObjects(dynamic);
    if (objects === undefined) return answer(0x6a80);
    if (this.#agreement !== undefined && isSecure) {
      const agreed = this.#agree(objects.get(0x80));
      return agreed.status === 0x9000 ? answer(0x9000, der(0x7c)) : agreed;
    }
    const step = this.#pace?.step(objects, (cla & 0x10) !== 0);
    if (step === undefined || !('data' in step)) this.#pace = undefined;
    if (step === undefined) return answer(0x6985);
    if (!('data' in step)) return answer(step.status);
    if (step.messaging !== undefined) {
      this.#nextMessaging = step.messaging;
      this.#pace = undefined;
    }
    return answer(0x9000, der(0x7c, step.data));
  }

  /** INTERNAL AUTHENTICATE. */
  #sign({ data }: ChipCommand, isSecure: boolean): ChipAnswer {
    const signing = this.#plan.secrets.signing;
    if (signing === undefined) return answer(0x6d00);
    if (!isSecure || data.length !== 8) return answer(0x6985);
    const { key, hash } = signing;
    if (key.asymmetricKeyType === 'ec') {
      return answer(0x9000, new Uint8Array(sign(hash, data, { key, dsaEncoding: 'ieee-p1363' })));
    }
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    const size = createHash(hash).digest().length;
    const own = this.#plan.random(bits / 8 - 1 - size - (hash === 'sha1' ? 1 : 2));
    const digest = createHash(hash).update(own).update(data).digest();
    const message = recoverableMessage(bits, hash, own, new Uint8Array(digest));
    return answer(0x9000, new Uint8Array(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, message)));
  }
}
