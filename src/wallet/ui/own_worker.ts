// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Starts the wallet's own workers. Every worker's URL goes through here: under Trusted Types no other code
 * can start one.
 *
 * @module
 */
import { ProtocolError } from '../../protocol/errors.ts';

/** A worker of the wallet. */
export interface OwnWorker {
  readonly worker: Worker;
  /** Registers what to do when it does not start, or dies. */
  onFailure(listener: (cause: ProtocolError) => void): void;
  end(): void;
}

/** The part of Trusted Types that is used; not in every browser. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): {
    createScriptURL(url: string): string;
  };
}

/** How long a worker may take to say that it works: its first message, before all that it computes. */
const START_MS = 30_000;

const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('bauta-workers', {
  createScriptURL(url) {
    if (new URL(url, location.href).origin !== location.origin) throw new TypeError('not a worker of the wallet');
    return url;
  },
});

/** The URL of a script of the wallet in the form that the browser takes. */
export function ownScript(url: string): string {
  return policy?.createScriptURL(url) ?? url;
}

/**
 * Starts a worker.
 *
 * @param url - From an import with `?worker&url`.
 * @param name - For a developer's eyes.
 */
export function startWorker(url: string, name: string): OwnWorker {
  const worker = new Worker(ownScript(url), { type: 'module', name });
  const listeners = new Set<(cause: ProtocolError) => void>();
  const fail = (what: string): void => {
    clearTimeout(starting);
    for (const listener of listeners) {
      listener(new ProtocolError('worker_failed', `a proving worker ${what}; reload the page`));
    }
  };
  const starting = setTimeout(() => fail('did not start'), START_MS);
  worker.addEventListener('message', () => clearTimeout(starting), { once: true });
  worker.addEventListener('error', (event) => {
    event.preventDefault(); // it is told to the listeners
    fail('did not start, or ended');
  });
  worker.addEventListener('messageerror', () => fail('was not understood'));
  return {
    worker,
    onFailure: (listener) => void listeners.add(listener),
    end() {
      clearTimeout(starting);
      worker.terminate();
    },
  };
}
