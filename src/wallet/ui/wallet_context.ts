// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What all pages share: configuration, storage, what is held, the proving worker.
 *
 * @module
 */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { CircuitName } from '../../protocol/artifacts.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { WalletConfig } from './config.ts';
import { startProver, type WorkerProver } from './proving.ts';
import type { Held, Store } from './store.ts';

/** See the module's description. */
export interface WalletContext {
  readonly config: WalletConfig;
  readonly store: Store;
  readonly held: Held;
  /** Reads again what is held, after a change, and has the other pages of the wallet do the same. */
  readonly refresh: () => Promise<void>;
  /** Locks all pages of the wallet. */
  readonly lock: () => Promise<void>;
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
let holders = 0;
/** How long the prover keeps its memory when nothing needs it. */
const IDLE_MS = 10_000;

let idle: ReturnType<typeof setTimeout> | undefined;

/** Counts from the last use: an earlier one must not end what a later one has begun. */
function closeWhenIdle(): void {
  clearTimeout(idle);
  idle = setTimeout(() => {
    if (holders === 0) void closeProver();
  }, IDLE_MS);
}

/** The proving worker; started when it is first needed, kept with its loaded keys, replaced when it failed. */
export function sharedProver(): WorkerProver {
  if (running === undefined || running.failed) {
    running = startProver();
    // Whoever started it may not need it in the end.
    closeWhenIdle();
  }
  return running;
}

/**
 * Keeps the prover open for as long as something may need it; some time after the last has let go, its
 * memory is given back.
 *
 * @returns Lets go.
 */
export function holdProver(): () => void {
  let held = true;
  holders += 1;
  return () => {
    if (held) holders -= 1;
    held = false;
    closeWhenIdle();
  };
}

/**
 * Downloads what is needed next while others work; what fails is downloaded when it is needed.
 *
 * @returns Waits for it no longer: the download ends, unless somebody else waits for it too.
 */
export function loadAhead(circuit: CircuitName): () => void {
  const letGo = holdProver();
  const leaving = new AbortController();
  void sharedProver()
    .load(circuit, undefined, leaving.signal)
    .catch(() => undefined)
    .then(letGo);
  return () => leaving.abort();
}

/** Wipes what is armed and gives the prover's memory back; the next use starts another worker. */
export async function closeProver(): Promise<void> {
  const prover = running;
  running = undefined;
  await prover?.close().catch(() => undefined);
  prover?.end();
}

// A page that the browser keeps for a way back must hold nothing armed.
window.addEventListener('pagehide', () => {
  running?.end();
  running = undefined;
});
