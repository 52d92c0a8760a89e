// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where the tree is downloaded from: any mirror will do, since everything is verified. What is asked for
 * depends on the block and on nothing else of the holder's. docs/protocol.md section 7.
 *
 * @module
 */
import { type Block, blockPath, decodeBlock, MAX_BLOCK_BYTES } from '../log/block.ts';
import { decodeDelta, type Delta, deltaPath, MAX_DELTA_BYTES } from '../log/delta.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fetchCheckpoints, type SignedCheckpoint } from './checkpoints.ts';
import type { Clock, Fetch, Random, RegisterConfig } from './environment.ts';
import { accepted, send } from './http.ts';

/** A register or a mirror, during one sync. */
export interface Source {
  /** Throws what {@link fetchCheckpoints} throws. */
  checkpoints(): Promise<readonly SignedCheckpoint[]>;
  /** Throws `block_unknown` if it is not there, `block_invalid`, `network_failed`, `response_invalid`. */
  block(size: number, number: number): Promise<Block>;
  /** Throws as {@link Source.block}; what was downloaded before is not downloaded again. */
  delta(epoch: number, number: number): Promise<Delta>;
}

/** What was downloaded. */
export interface Meter {
  bytes: number;
}

/** The sources of a register, in the order in which to try them: mirrors in random order, then the register. */
export function sourcesOf({ url, mirrors = [] }: RegisterConfig, random: Random): readonly string[] {
  const keyed = mirrors.filter((mirror) => mirror !== url).map((mirror) => ({ mirror, key: fraction(random) }));
  return [...keyed.sort((a, b) => a.key - b.key).map(({ mirror }) => mirror), url];
}

/** A random number, at least 0 and less than 1. */
export function fraction(random: Random): number {
  return random(6).reduce((sum, byte) => sum * 256 + byte, 0) / 256 ** 6;
}

/**
 * Opens a source.
 *
 * @param url - Its base, without a trailing slash.
 * @param meter - Counts the bytes of all answers.
 */
export function openSource(
  url: string,
  register: RegisterConfig,
  deps: { readonly fetch: Fetch; readonly clock: Clock; readonly signal?: AbortSignal },
  meter: Meter,
): Source {
  const deltas = new Map<number, Promise<Delta>>();
  const counting: Fetch = async (address, init) => {
    const response = await deps.fetch(address, init);
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        meter.bytes += chunk.length;
        controller.enqueue(chunk);
      },
    });
    const { status, headers } = response;
    return new Response(response.body?.pipeThrough(counter) ?? null, { status, headers });
  };
  const download = async (path: string, maxBytes: number): Promise<Uint8Array> => {
    const answer = await send(counting, { url: url + path, maxBytes, signal: deps.signal });
    if (answer.status === 404) {
      throw new ProtocolError('block_unknown', 'the register or its mirror does not have this block');
    }
    return accepted(answer, 'the register').bytes;
  };
  return {
    checkpoints: () => fetchCheckpoints(register, { ...deps, fetch: counting }, url),
    async block(size, number) {
      return decodeBlock(await download(blockPath(size, number), MAX_BLOCK_BYTES));
    },
    delta(epoch, number) {
      const known = deltas.get(epoch);
      if (known !== undefined) return known;
      const delta = download(deltaPath(epoch, number), MAX_DELTA_BYTES).then(decodeDelta);
      deltas.set(epoch, delta);
      return delta;
    },
  };
}
