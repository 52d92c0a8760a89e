// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A register as an auditor downloads it, from its own service or from any mirror. What cannot be had is
 * told apart from what is wrong: only the latter is a fault of the register or the mirror.
 *
 * @module
 */
import { z } from 'zod';
import { readAtMost } from '../http/streams.ts';
import { MAX_TILE_BYTES } from '../log/tiles.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { HISTORY_EPOCHS } from './log_files.ts';

/** How the auditor reaches a register. */
export interface AuditSource {
  /** Base URL, without a trailing slash. */
  readonly url: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Waits so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** Largest answer that is no tile and no block, bytes: 256 checkpoints with their cosignatures. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;
/** Milliseconds for one file. */
const TIMEOUT = 60_000;
/**
 * Milliseconds before a file that could not be had is asked for again. A connection that was kept open is
 * often closed while entries are replayed, and that shows only when it is used.
 */
const PAUSES = [0, 2_000, 10_000] as const;

const notesSchema = z.object({ checkpoints: z.array(z.string()).min(1).max(HISTORY_EPOCHS) });
const infoSchema = z.object({ origin: z.string(), public_key: z.string() });

/** Downloads, and counts what it downloaded. */
export class AuditReader {
  readonly #source: AuditSource;
  /** Files and bytes downloaded so far. */
  readonly downloaded = { files: 0, bytes: 0 };

  constructor(source: AuditSource) {
    this.#source = source;
  }

  /** Origin and key as the register itself names them. */
  async info(): Promise<{ readonly origin: string; readonly publicKey: string }> {
    const { origin, public_key: publicKey } = this.#json(infoSchema, '/v1/info', await this.#need('/v1/info'));
    return { origin, publicKey };
  }

  /** The newest note. */
  async newest(): Promise<string> {
    return new TextDecoder().decode(await this.#need('/checkpoint'));
  }

  /** The notes that matter now. */
  async current(): Promise<readonly string[]> {
    return this.#json(notesSchema, '/v1/checkpoints', await this.#need('/v1/checkpoints')).checkpoints;
  }

  /** All notes from epoch 0 to an epoch, as far as they are there. */
  async history(epoch: number): Promise<readonly string[]> {
    const notes: string[] = [];
    for (let file = 0; file * HISTORY_EPOCHS <= epoch; file++) {
      const path = `/checkpoints/${String(file)}.json`;
      const bytes = await this.file(path, MAX_TEXT_BYTES);
      if (bytes === undefined) break;
      notes.push(...this.#json(notesSchema, path, bytes).checkpoints);
    }
    return notes.slice(0, epoch + 1);
  }

  /**
   * A file.
   *
   * @returns Undefined if there is none.
   * @throws {@link ProtocolError} `register_unreachable`.
   */
  async file(path: string, limit = MAX_TILE_BYTES): Promise<Uint8Array | undefined> {
    for (const pause of PAUSES) {
      try {
        return await this.#file(path, limit);
      } catch {
        await this.#source.pause(pause);
      }
    }
    return this.#file(path, limit);
  }

  async #file(path: string, limit: number): Promise<Uint8Array | undefined> {
    let response: Response;
    let bytes: Uint8Array | undefined;
    try {
      response = await this.#source.fetch(this.#source.url + path, { signal: AbortSignal.timeout(TIMEOUT) });
      bytes = await readAtMost(response.body, limit);
    } catch (cause) {
      throw new ProtocolError('register_unreachable', `there is no answer from ${this.#source.url}${path}`, { cause });
    }
    if (response.status === 404) return undefined;
    if (!response.ok || bytes === undefined) {
      const what = response.ok ? 'more than it should' : String(response.status);
      throw new ProtocolError('register_unreachable', `${this.#source.url}${path} answered ${what}`);
    }
    this.downloaded.files += 1;
    this.downloaded.bytes += bytes.length;
    return bytes;
  }

  async #need(path: string): Promise<Uint8Array> {
    const bytes = await this.file(path, MAX_TEXT_BYTES);
    if (bytes === undefined) throw this.#foreign(path);
    return bytes;
  }

  #json<Schema extends z.ZodType>(schema: Schema, path: string, bytes: Uint8Array): z.output<Schema> {
    try {
      return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    } catch (cause) {
      throw this.#foreign(path, { cause });
    }
  }

  #foreign(path: string, options?: ErrorOptions): ProtocolError {
    return new ProtocolError(
      'register_foreign',
      `${this.#source.url} is no register of Bauta, or of another version: ${path} is not what it should be`,
      options,
    );
  }
}
