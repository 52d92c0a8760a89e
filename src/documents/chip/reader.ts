// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reading a passport's chip: open it, take its files, and let others challenge it.
 *
 *     EF.CardAccess: PACE in the master file, then the application     if it offers one that is spoken here
 *                    the application, then BAC                         otherwise
 *     EF.COM, EF.SOD, and of DG1, DG2, DG11, DG14, DG15 those that EF.SOD lists
 *
 * What to read is EF.SOD's word and not EF.COM's: nobody signs EF.COM, and a copied chip would leave
 * out the data groups by which a chip is challenged. Nothing here is checked against EF.SOD; that is
 * for whoever relies on it. A challenge proves nothing to this reader's own user either, unless that
 * user chose it. docs/protocol.md section 8.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';
import { readSod } from '../sod.ts';
import { type Access, freshSecrets } from './access.ts';
import { internalAuthenticate } from './active_authentication.ts';
import { type ApduTransport, type Card, concat, decodeCommand, demand, plainCard, transmit } from './apdu.ts';
import { runBac } from './bac.ts';
import type { ChipAuthenticationRequest } from './chip_authentication.ts';
import { dataGroupFile, type FileId, FILES, readFileOf } from './files.ts';
import { checkMapping, runPace } from './pace.ts';
import type { ChipPassword } from './passwords.ts';
import { secureCard } from './secure_messaging.ts';
import { type PaceOffer, readCardAccess, readCardSecurity } from './security_infos.ts';

const APPLICATION = Uint8Array.of(0xa0, 0, 0, 0x02, 0x47, 0x10, 0x01);
/** Data groups that are read where the document has them. */
const WANTED = [1, 2, 11, 14, 15] as const;
const CIPHER_ORDER = ['aes-256', 'aes-192', 'aes-128', '3des'];

/** How far the reading is. */
export interface ReadingProgress {
  readonly step: 'access' | 'files';
  /** `EF.SOD`, `DG2`; empty while the chip is being opened. */
  readonly file: string;
  /** Bytes of this file. */
  readonly read: number;
  readonly total: number;
}

/** What the reader needs from outside. */
export interface ReaderDeps {
  readonly random: (length: number) => Uint8Array;
  readonly onProgress?: (progress: ReadingProgress) => void;
}

/** Files as on the chip. */
export interface ReadFiles {
  /** Absent where the chip has none. */
  readonly com?: Uint8Array;
  readonly sod: Uint8Array;
  /** By number; always 1 and 2. */
  readonly dataGroups: ReadonlyMap<number, Uint8Array>;
}

/** A chip that was read and is still there. */
export interface ReadChip {
  /** `BAC`, or the name of PACE's object identifier. */
  readonly protocol: string;
  readonly files: ReadFiles;
  /**
   * Has the chip sign a challenge, Active Authentication.
   *
   * @throws {@link ProtocolError} `chip_unsupported` without DG15, `chip_refused`.
   */
  sign(challenge: Uint8Array): Promise<Uint8Array>;
  /**
   * Relays somebody's Chip Authentication; afterwards this session is over, since the chip now speaks
   * under keys that are not here.
   *
   * @returns The chip's answer to the protected command, data and status.
   * @throws {@link ProtocolError} `chip_refused`.
   */
  relay(request: ChipAuthenticationRequest): Promise<Uint8Array>;
}

/** The strongest cipher; with it, chip authentication mapping before the generic one; then the widest curve. */
function preferred(offers: readonly PaceOffer[]): PaceOffer | undefined {
  const rank = ({ protocol, curve }: PaceOffer): number =>
    CIPHER_ORDER.indexOf(protocol.cipher) * 1000 + (protocol.mapping === 'CAM' ? 0 : 500) - curve.bytes;
  return [...offers].sort((a, b) => rank(a) - rank(b))[0];
}

async function paceOffers(card: Card): Promise<readonly PaceOffer[]> {
  try {
    const file = await readFileOf(card, FILES.cardAccess);
    return file === undefined ? [] : readCardAccess(file).pace;
  } catch (error) {
    // A chip of before PACE may refuse to select outside its application, or have something else there.
    const isOld = error instanceof ProtocolError && error.code !== 'chip_transport_failed';
    if (isOld) return [];
    throw error;
  }
}

/** Where the chip proved its static key in PACE, holds that against the key in EF.CardSecurity. */
async function judgeMapping(card: Card, { mapping }: Access): Promise<void> {
  if (mapping === undefined) return;
  const file = await readFileOf(card, FILES.cardSecurity);
  const keys = file === undefined ? [] : readCardSecurity(file).publicKeys;
  const key = keys.find(({ curve }) => curve.id === mapping.curve.id);
  if (key === undefined) {
    throw new ProtocolError('chip_authentication_failed', 'the chip has no static key for the PACE that it offers');
  }
  checkMapping(mapping, key);
}

async function openChip(
  transport: ApduTransport,
  password: ChipPassword,
  random: ReaderDeps['random'],
): Promise<{ readonly access: Access; readonly card: Card }> {
  const plain = plainCard(transport);
  const secrets = freshSecrets(random);
  const select = { ins: 0xa4, p1: 0x04, p2: 0x0c, data: APPLICATION };
  const offer = preferred(await paceOffers(plain));
  if (offer === undefined) {
    await demand(plain, select, 'its passport application');
    const access = await runBac(plain, password, secrets);
    return { access, card: secureCard(transport, access.session) };
  }
  const access = await runPace(plain, offer, password, secrets);
  const card = secureCard(transport, access.session);
  await judgeMapping(card, access);
  await demand(card, select, 'its passport application');
  return { access, card };
}

async function readFiles(card: Card, report: (file: string, read: number, total: number) => void): Promise<ReadFiles> {
  const take = (file: FileId): Promise<Uint8Array | undefined> =>
    readFileOf(card, file, (read, total) => {
      report(file.name, read, total);
    });
  const must = async (file: FileId): Promise<Uint8Array> => {
    const bytes = await take(file);
    if (bytes === undefined) throw new ProtocolError('chip_response_invalid', `the chip has no ${file.name}`);
    return bytes;
  };
  const com = await take(FILES.com);
  const sod = await must(FILES.sod);
  const { hashes } = readSod(sod);
  const dataGroups = new Map<number, Uint8Array>();
  for (const number of WANTED) {
    if (number <= 2 || hashes.has(number)) dataGroups.set(number, await must(dataGroupFile(number)));
  }
  return { ...(com !== undefined && { com }), sod, dataGroups };
}

/**
 * Opens a chip and reads its files.
 *
 * @param transport - To the chip, freshly reset.
 * @throws {@link ProtocolError} `chip_access_denied` for a wrong password, `chip_password_invalid`,
 * `chip_refused`, `chip_response_invalid`, `chip_authentication_failed`, `chip_unsupported`,
 * `chip_transport_failed`; the codes of {@link readSod}.
 */
export async function readChip(
  transport: ApduTransport,
  password: ChipPassword,
  { random, onProgress }: ReaderDeps,
): Promise<ReadChip> {
  onProgress?.({ step: 'access', file: '', read: 0, total: 0 });
  const { access, card } = await openChip(transport, password, random);
  const files = await readFiles(card, (file, read, total) => onProgress?.({ step: 'files', file, read, total }));
  return {
    protocol: access.protocol,
    files,
    async sign(challenge) {
      const dg15 = files.dataGroups.get(15);
      if (dg15 === undefined) throw new ProtocolError('chip_unsupported', 'this chip has no key to sign with');
      return demand(card, internalAuthenticate(challenge, dg15), 'to sign the challenge');
    },
    async relay({ opening, command }) {
      for (const bytes of opening) await demand(card, decodeCommand(bytes), 'chip authentication');
      const { data, status } = await transmit(transport, command);
      return concat(data, Uint8Array.of(status >> 8, status & 0xff));
    },
  };
}
