// SPDX-License-Identifier: GPL-3.0-or-later
/** Simulated chips for the tests of chip reading, and transports that record them or stand in their way. */
import { createHash } from 'node:crypto';
import type { ChipFeatures } from '../../../src/demo/chip_features.ts';
import type { IssuedChip } from '../../../src/demo/chip.ts';
import { SimulatedChip } from '../../../src/demo/chip_simulator.ts';
import type { Access, AccessSecrets } from '../../../src/documents/chip/access.ts';
import { type ApduTransport, demand, plainCard } from '../../../src/documents/chip/apdu.ts';
import { runBac } from '../../../src/documents/chip/bac.ts';
import { randomScalar } from '../../../src/documents/chip/curves.ts';
import { FILES, readFileOf } from '../../../src/documents/chip/files.ts';
import { runPace } from '../../../src/documents/chip/pace.ts';
import type { ChipPassword } from '../../../src/documents/chip/passwords.ts';
import { secureCard } from '../../../src/documents/chip/secure_messaging.ts';
import { readCardAccess } from '../../../src/documents/chip/security_infos.ts';
import { authorityOf, jpeg, PERSON } from '../samples.ts';

/** Opens every chip made here. */
export const PASSWORD: ChipPassword = { documentNumber: 'E12345678', birthDate: '900228', expiryDate: '330630' };
export const CAN = '123456';
export const APPLICATION = { ins: 0xa4, p1: 0x04, p2: 0x0c, data: Buffer.from('a0000002471001', 'hex') };

/** Bytes that look random and are the same in every run. */
export function seeded(seed: string): (length: number) => Uint8Array {
  let count = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let offset = 0; offset < length; offset += 32) {
      const block = createHash('sha256')
        .update(`${seed} ${String(count++)}`)
        .digest();
      bytes.set(block.subarray(0, Math.min(32, length - offset)), offset);
    }
    return bytes;
  };
}

/** A passport with a chip of these features. */
export async function issue(features: ChipFeatures): Promise<IssuedChip> {
  return authorityOf('ecdsa-p256').issueChip(PERSON, await jpeg(), features);
}

/** A chip in the field, with files exchanged for others. */
export function place(
  { plan }: IssuedChip,
  changes: Partial<IssuedChip['plan']> = {},
  files: ReadonlyMap<number, Uint8Array> = new Map(),
): SimulatedChip {
  const application = new Map([...plan.application, ...files]);
  return new SimulatedChip({ ...plan, application, can: CAN, random: seeded('chip'), ...changes });
}

/** A transport that changes answers on their way; it counts commands from 0. */
export function through(
  chip: ApduTransport,
  change: (answer: Uint8Array, count: number, command: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): ApduTransport {
  let count = 0;
  return {
    async transmit(command) {
      return change(await chip.transmit(command), count++, command);
    },
  };
}

/** One recorded conversation, in the form of `passport replay`. */
export interface Recorded {
  readonly name: string;
  readonly mrz?: ChipPassword;
  readonly can?: string;
  readonly cardAccess?: string;
  readonly cardSecurity?: string;
  readonly terminalPrivateKeys: string[];
  readonly terminalRandoms: string[];
  readonly exchanges: { command: string; response: string }[];
  readonly expected: { readonly cipher: string; readonly kEnc: string; readonly kMac: string };
}

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Opens a chip and reads EF.COM, and writes down all that was said. */
export async function record(name: string, features: ChipFeatures, password: ChipPassword): Promise<Recorded> {
  const issued = await issue(features);
  const exchanges: { command: string; response: string }[] = [];
  const transport = through(place(issued), (answer, _, command) => {
    exchanges.push({ command: toHex(command), response: toHex(answer) });
    return answer;
  });
  const keys: string[] = [];
  const randoms: string[] = [];
  const random = seeded(name);
  const kept = (list: string[], bytes: Uint8Array): Uint8Array => {
    list.push(toHex(bytes));
    return bytes;
  };
  const secrets: AccessSecrets = {
    bytes: (length) => kept(randoms, random(length)),
    scalar: (curve) => kept(keys, randomScalar(curve, random)),
  };
  const access = await open(transport, issued, password, secrets);
  const card = secureCard(transport, access.session);
  if (access.protocol !== 'BAC') await demand(card, APPLICATION, 'the application');
  await readFileOf(card, FILES.com);
  const { cardAccess } = issued.files;
  const cardSecurity = issued.plan.masterFile.get(0x011d);
  return {
    name,
    ...('can' in password ? { can: password.can } : { mrz: password }),
    ...(cardAccess !== undefined && { cardAccess: toHex(cardAccess) }),
    ...(cardSecurity !== undefined && { cardSecurity: toHex(cardSecurity) }),
    terminalPrivateKeys: keys,
    terminalRandoms: randoms,
    exchanges,
    expected: { cipher: access.cipher, kEnc: toHex(access.keys.kEnc), kMac: toHex(access.keys.kMac) },
  };
}

async function open(
  transport: ApduTransport,
  { files }: IssuedChip,
  password: ChipPassword,
  secrets: AccessSecrets,
): Promise<Access> {
  const card = plainCard(transport);
  const [offer] = files.cardAccess === undefined ? [] : readCardAccess(files.cardAccess).pace;
  if (offer !== undefined) return runPace(card, offer, password, secrets);
  await demand(card, APPLICATION, 'the application');
  return runBac(card, password, secrets);
}
