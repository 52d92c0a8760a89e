// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The authorities' services as an issuer asks them: those of the configuration, else the simulator of a
 * demonstration on a port of its own.
 *
 * @module
 */
import type { AuthoritySimulator } from '../demo/authority_simulator.ts';
import { createHttpDecoder, type DocumentDecoder } from '../issuer/decoder.ts';
import { createHttpRegistry, type PersonRegistry } from '../issuer/registry.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { bind, type House, random } from './programs.ts';

/** What the issuer is given. */
export interface Authorities {
  readonly decoder: DocumentDecoder | undefined;
  readonly registry: PersonRegistry | undefined;
}

/**
 * Finds the services, and starts the simulator if one of them is missing.
 *
 * @param simulator - Absent where there is no demonstration.
 * @throws {@link ProtocolError} `simulator_refused` in production.
 */
export async function startAuthorities(house: House, simulator: AuthoritySimulator | undefined): Promise<Authorities> {
  const { config, clock } = house;
  const deps = { fetch, clock, random };
  let { decoder, registry } = config.authorities;
  if (simulator !== undefined && (decoder === undefined || registry === undefined)) {
    if (config.production) {
      throw new ProtocolError(
        'simulator_refused',
        'simulated authorities are not for real people; name real ones with BAUTA_DECODER_URL and BAUTA_REGISTRY_URL',
      );
    }
    const { decoderKey, registryKey, apiKey, coverage } = simulator;
    const { origin: url } = await bind(house, 'authority', () => Promise.resolve(simulator));
    decoder ??= { url, keys: [decoderKey], apiKey };
    registry ??= { url, keys: [registryKey], apiKey, coverage };
  }
  return {
    decoder: decoder && createHttpDecoder(decoder, deps),
    registry: registry && createHttpRegistry(registry, registry.coverage, deps),
  };
}
