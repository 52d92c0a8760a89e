// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A picture of the visitor, by camera or file. Whatever is chosen is drawn anew as a JPEG of moderate
 * size, so that no metadata (place, device, time) leaves with it.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ProtocolError } from '../../protocol/errors.ts';
import { useAttempt } from './attempt.ts';
import { useStrings } from './language.tsx';
import { Button, Problem } from './parts.tsx';

/** Longest side of a picture that is sent, in pixels. */
const LONGEST_SIDE = 1280;

type Source = ImageBitmap | HTMLVideoElement;

async function toJpeg(source: Source, width: number, height: number): Promise<Blob> {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext('2d')?.drawImage(source, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92));
  if (blob === null) {
    throw new ProtocolError('image_invalid', 'the picture could not be drawn; choose another');
  }
  return blob;
}

async function readPicture(file: File): Promise<Blob> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch (cause) {
    throw new ProtocolError('image_invalid', 'the file is not a picture that this browser can read', { cause });
  }
  try {
    return await toJpeg(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

/** Lets the visitor take or choose a picture. */
export function PicturePicker({ onPicture }: { readonly onPicture: (jpeg: Blob) => unknown }): VNode {
  const { enrol, cancel } = useStrings();
  const [stream, setStream] = useState<MediaStream>();
  const { problem, attempt } = useAttempt();
  const video = useRef<HTMLVideoElement>(null);

  useEffect(() => {
    if (video.current !== null && stream !== undefined) {
      video.current.srcObject = stream;
    }
    return () => stream?.getTracks().forEach((track) => track.stop());
  }, [stream]);

  const openCamera = (): Promise<void> =>
    attempt(async () => {
      try {
        setStream(await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user' }, audio: false }));
      } catch (cause) {
        throw new ProtocolError('camera_unavailable', 'allow the camera, or choose a picture file', { cause });
      }
    });

  const take = (): Promise<void> =>
    attempt(async () => {
      if (video.current !== null) {
        const jpeg = await toJpeg(video.current, video.current.videoWidth, video.current.videoHeight);
        setStream(undefined);
        onPicture(jpeg);
      }
    });

  const choose = (input: HTMLInputElement): Promise<void> =>
    attempt(async () => {
      const file = input.files?.[0];
      if (file !== undefined) {
        onPicture(await readPicture(file));
      }
      input.value = '';
    });

  return (
    <div class="stack tight">
      {stream === undefined ? (
        <div class="actions">
          <Button onClick={openCamera}>{enrol.camera}</Button>
          <label class="button plain">
            {enrol.file}
            <input class="hidden" type="file" accept="image/*" onChange={(event) => void choose(event.currentTarget)} />
          </label>
        </div>
      ) : (
        <div class="stack tight">
          <video ref={video} class="camera" autoplay playsinline muted aria-label={enrol.cameraView} />
          <div class="actions">
            <Button kind="primary" onClick={take}>
              {enrol.take}
            </Button>
            <Button onClick={() => setStream(undefined)}>{cancel}</Button>
          </div>
        </div>
      )}
      {problem !== undefined && <Problem code={problem} />}
    </div>
  );
}
