// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/protocol/errors.ts';
import { toField } from '../../src/protocol/field.ts';
import type { SealingProver } from '../../src/wallet/prover.ts';
import { exposeProver, remoteProver } from '../../src/wallet/ui/remote_prover.ts';
import { fakeProver } from './world.ts';

const task = { circuit: 'issue', inputs: { session: toField(7n), seed: toField(5n), blinding: toField(6n) } } as const;

/** A prover on the other side of a channel, whose calls never end unless they are stopped. */
function acrossChannel(methods: Partial<SealingProver>): {
  remote: SealingProver;
  breakOff: (cause: Error) => void;
  close: () => void;
} {
  const { port1, port2 } = new MessageChannel();
  exposeProver(
    { ...fakeProver, seal: () => Promise.reject(new Error()), unseal: () => Promise.resolve(2), ...methods },
    port1,
  );
  let breakOff: (cause: Error) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => (breakOff = reject));
  const close = (): void => {
    port1.close();
    port2.close();
  };
  return { remote: remoteProver(port2, broken), breakOff, close };
}

const untilStopped = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));

describe('a prover across a channel', () => {
  it('stops the call whose signal is aborted, and no other', async () => {
    const stopped: string[] = [];
    const { remote, close } = acrossChannel({
      load: (circuit, _, signal) =>
        untilStopped(signal).catch((error: unknown) => {
          stopped.push(circuit);
          throw error;
        }),
      arm: (_, __, signal) =>
        untilStopped(signal).catch((error: unknown) => {
          stopped.push('arm');
          throw error;
        }),
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const loading = remote.load('show', undefined, first.signal);
    const arming = remote.arm(task, undefined, second.signal);
    await remote.info();
    second.abort(new Error('changed my mind'));
    await expect(arming).rejects.toThrow('changed my mind');
    expect(stopped).toEqual(['arm']);
    first.abort(new Error('me too'));
    await expect(loading).rejects.toThrow('me too');
    expect(stopped).toEqual(['arm', 'show']);
    // Begins nothing for someone who has left.
    await expect(remote.load('issue', undefined, first.signal)).rejects.toThrow('me too');
    expect(stopped).toEqual(['arm', 'show']);
    close();
  });

  it('carries progress and the codes of errors', async () => {
    const seen: number[] = [];
    const { remote, close } = acrossChannel({
      load: (_, onProgress) => {
        onProgress?.(0.25);
        return Promise.reject(new ProtocolError('artifact_hash_mismatch', 'not the file'));
      },
    });
    await expect(remote.load('show', (fraction) => void seen.push(fraction))).rejects.toMatchObject({
      code: 'artifact_hash_mismatch',
    });
    await expect.poll(() => seen).toEqual([0.25]);
    close();
  });

  it('rejects every call when the other side is gone', async () => {
    const { remote, breakOff, close } = acrossChannel({ arm: () => new Promise(() => undefined) });
    const arming = remote.arm(task);
    breakOff(new ProtocolError('worker_failed', 'gone'));
    await expect(arming).rejects.toMatchObject({ code: 'worker_failed' });
    await expect(remote.info()).rejects.toMatchObject({ code: 'worker_failed' });
    close();
  });
});
