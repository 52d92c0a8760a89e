// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a companion reads chips with: a real reader (`pcsc.ts`) or, on computers without one, the simulator of
 * a demonstration. Both say which they are, and so does every answer of the companion.
 *
 * @module
 */
import type { ApduTransport } from '../documents/chip/apdu.ts';

/** A document on a reader, its chip freshly reset. */
export interface PlacedCard extends ApduTransport {
  /** Lets it go, reset, so that nobody goes on in its session. */
  close(): Promise<void>;
}

/** A reader, or all that are connected. */
export interface CardReader {
  readonly kind: 'pcsc' | 'simulator';
  /** For people; changes where readers come and go. */
  readonly name: string;
  /** Whether there is any, to tell a missing reader from a missing document. */
  readonly connected: boolean;
  /**
   * Waits until a document lies there.
   *
   * @throws The signal's reason once it is aborted; {@link ProtocolError} `chip_transport_failed`,
   * `companion_reader_missing`.
   */
  place(signal: AbortSignal): Promise<PlacedCard>;
  close(): Promise<void>;
}
