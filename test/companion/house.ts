// SPDX-License-Identifier: GPL-3.0-or-later
/** A companion with a simulated reader, and the wallet's core that talks to it. */
import type { ChipFeatures } from '../../src/demo/chip_features.ts';
import { createReaderSimulator, type ReaderSimulator } from '../../src/demo/reader_simulator.ts';
import { type Companion, createCompanion } from '../../src/companion/app.ts';
import type { CardReader } from '../../src/companion/reader.ts';
import type { IssuedChip } from '../../src/demo/chip.ts';
import type { ApduTransport } from '../../src/documents/chip/apdu.ts';
import type { Fetch } from '../../src/wallet/environment.ts';
import { type PairedCompanion, pairCompanion } from '../../src/wallet/companion.ts';
import { issue, place, seeded } from '../documents/chip/chips.ts';

export const ORIGIN = 'https://wallet.example';
export const PORT = 4190;
export const URL_OF_COMPANION = `http://127.0.0.1:${String(PORT)}`;
/** Opens every chip made here. */
export const ACCESS = { documentNumber: 'E12345678', birth: '900228', expiry: '330630' };
export const FEATURES: ChipFeatures = {
  pace: [{ mapping: 'GM', cipher: 'aes-128', curve: 'brainpoolP256r1' }],
  activeAuthentication: { kind: 'ecdsa', curve: 'prime256v1', hash: 'sha256' },
  chipAuthentication: { cipher: 'aes-128', curve: 'brainpoolP256r1' },
  personalDetails: { name: 'NUNEZ<<MARIA', personalNumber: '1' },
};

/** A page of an origin, in front of a companion. */
export function pageOf({ app }: Pick<Companion, 'app'>, origin = ORIGIN): Fetch {
  return async (url, init) => {
    const headers = new Headers(init.headers);
    headers.set('host', new URL(url).host);
    headers.set('origin', origin);
    const response = await app.fetch(new Request(url, { ...init, headers }));
    // As over a connection: who aborts ends the answer too.
    const { signal } = init;
    const body = response.body?.pipeThrough(new TransformStream(), signal ? { signal } : {});
    return new Response(body ?? null, response);
  };
}

/** A companion in front of a reader. */
export class House {
  readonly reader: ReaderSimulator;
  readonly companion: Companion;
  readonly issued: IssuedChip;

  constructor(
    issued: IssuedChip,
    options: {
      readonly chip?: (() => ApduTransport) | undefined;
      readonly seconds?: { wait?: number; hold?: number; answer?: number };
      readonly wrap?: (reader: ReaderSimulator) => CardReader;
      readonly port?: number;
      readonly random?: (length: number) => Uint8Array;
    } = {},
  ) {
    this.issued = issued;
    const { seconds, wrap, port = PORT, random = seeded('companion') } = options;
    const chip = 'chip' in options ? options.chip : () => place(issued);
    this.reader = createReaderSimulator(chip === undefined ? {} : { chip });
    this.companion = createCompanion({
      reader: wrap === undefined ? this.reader : wrap(this.reader),
      random,
      origins: [ORIGIN],
      port,
      ...(seconds !== undefined && { seconds }),
    });
  }

  static async open(options: ConstructorParameters<typeof House>[1] = {}): Promise<House> {
    return new House(await issue(FEATURES), options);
  }

  /** A paired page. */
  async page(): Promise<{ readonly deps: { readonly fetch: Fetch }; readonly paired: PairedCompanion }> {
    const deps = { fetch: pageOf(this.companion) };
    return { deps, paired: await pairCompanion(deps, { url: URL_OF_COMPANION }, this.companion.code) };
  }
}

/** The code of what a promise is rejected with; undefined if it is not. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
