// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The form in which a capture arrives: `multipart/form-data` with a part `meta` and parts `frame0`, `frame1`,
 * …, all of it in memory and within bounds. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import type { Context } from 'hono';
import { z } from 'zod';
import { ProtocolError } from '../protocol/errors.ts';
import { type FramePlace, MAX_CAPTURE_BYTES, MAX_FRAME_BYTES, MAX_FRAMES } from '../protocol/liveness.ts';

/** Bytes that the form itself may take, beside the pictures. */
export const FORM_BYTES = 32 * 1024;

/** Largest body of a capture, in bytes. */
export const MAX_CAPTURE_BODY = MAX_CAPTURE_BYTES + FORM_BYTES;

/** A capture as it was sent; `frames` and `jpegs` belong together by their order. */
export interface SentCapture {
  readonly challenge: string;
  readonly frames: readonly FramePlace[];
  readonly jpegs: readonly Uint8Array<ArrayBuffer>[];
}

const count = z.number().int().nonnegative();
const metaForm = z.strictObject({
  challenge: z.string().max(128),
  frames: z
    .array(z.strictObject({ step: count.max(64), at: count.max(600_000) }))
    .min(1)
    .max(MAX_FRAMES),
});

/**
 * Reads a capture.
 *
 * @param c - Context of a request that passed `bodyLimit(MAX_CAPTURE_BODY)`.
 * @throws {@link ProtocolError} `body_invalid` for another form, or more than `MAX_FRAMES` pictures;
 * `image_too_large` for a picture beyond `MAX_FRAME_BYTES`, or more than `MAX_CAPTURE_BYTES` together.
 */
export async function readCapture(c: Context): Promise<SentCapture> {
  const form = await c.req.raw.formData().catch(() => undefined);
  const { challenge, frames } = readMeta(form?.get('meta'));
  const names = new Set(frames.map((_, i) => `frame${String(i)}`)).add('meta');
  const parts = [...(form?.keys() ?? [])];
  if (parts.length !== names.size || parts.some((part) => !names.has(part))) {
    throw invalid('send one picture for each entry of meta.frames, named frame0, frame1, …');
  }
  let total = 0;
  const jpegs: Uint8Array<ArrayBuffer>[] = [];
  for (const i of frames.keys()) {
    const part = form?.get(`frame${String(i)}`);
    if (!(part instanceof Blob) || part.type !== 'image/jpeg') {
      throw invalid('send each picture as a file of type image/jpeg');
    }
    total += part.size;
    if (part.size > MAX_FRAME_BYTES || total > MAX_CAPTURE_BYTES) {
      throw new ProtocolError(
        'image_too_large',
        `send pictures of at most ${String(MAX_FRAME_BYTES)} bytes each and ${String(MAX_CAPTURE_BYTES)} together`,
      );
    }
    jpegs.push(new Uint8Array(await part.arrayBuffer()));
  }
  return { challenge, frames, jpegs };
}

function readMeta(value: unknown): z.output<typeof metaForm> {
  let meta: unknown;
  try {
    meta = JSON.parse(typeof value === 'string' ? value : '');
  } catch {
    throw invalid('send a part meta with JSON');
  }
  const parsed = metaForm.safeParse(meta);
  if (!parsed.success) {
    throw invalid(`the part meta must have a challenge and 1 to ${String(MAX_FRAMES)} frames with step and at`);
  }
  return parsed.data;
}

function invalid(message: string): ProtocolError {
  return new ProtocolError('body_invalid', message);
}
