// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What all pages share: configuration, storage, what is held, the proving worker.
 *
 * @module
 */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { ProtocolError } from '../../protocol/errors.ts';
import type { WalletConfig } from './config.ts';
import { startProver, type WorkerProver } from './proving.ts';
import type { Held, Store } from './store.ts';

/** See the module's description. */
export interface WalletContext {
  readonly config: WalletConfig;
  readonly store: Store;
  readonly held: Held;
  /** Reads again what is held, after a change. */
  readonly refresh: () => Promise<void>;
}

/** Provides {@link useWallet}. */
export const Wallet = createContext<WalletContext | undefined>(undefined);

/** The shared wallet. */
export function useWallet(): WalletContext {
  const wallet = useContext(Wallet);
  if (wallet === undefined) {
    throw new ProtocolError('wallet_missing', 'this part belongs inside the wallet');
  }
  return wallet;
}

let running: WorkerProver | undefined;

/** The proving worker; started when it is first needed, kept with its loaded keys. */
export function sharedProver(): WorkerProver {
  running ??= startProver();
  return running;
}

/** Ends the proving worker and whatever it computes; the next use starts another. */
export function endProver(): void {
  running?.end();
  running = undefined;
}
