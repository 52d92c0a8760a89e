// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reading what others send without trusting its length.
 *
 * @module
 */

/**
 * Reads a stream to its end, or until it exceeds a limit; the rest is never read.
 *
 * @param stream - The body of a request or an answer; null is empty.
 * @param limit - Most bytes.
 * @returns Undefined if there are more.
 */
export async function readAtMost(
  stream: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) {
      break;
    }
    length += value.length;
    if (length > limit) {
      // Not awaited: a sender may keep its stream open for as long as it likes.
      reader?.cancel().catch(() => undefined);
      return undefined;
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
