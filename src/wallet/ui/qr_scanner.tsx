// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reads QR codes with the camera, or from a picture. Pictures are looked at on this device only.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { decodeQR } from 'qr/decode.js';
import { ProtocolError } from '../../protocol/errors.ts';
import { useStrings } from './language.tsx';
import { Button, Problem } from './parts.tsx';
import { codeOf } from './problems.ts';

/** Longest side of a picture in which a code is looked for. */
const LONGEST_SIDE = 960;
/** Time between two looks. */
const LOOK_MS = 150;

/** Looks for a code in a picture. */
function readCode(source: CanvasImageSource, width: number, height: number): string | undefined {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null || canvas.width === 0) return undefined;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  try {
    return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
  } catch {
    return undefined; // There is none.
  }
}

/**
 * The scanner.
 *
 * @param props - `onText` takes each text that is read; the caller takes the scanner away when it has enough.
 */
export function QrScanner({ onText }: { readonly onText: (text: string) => void }): VNode {
  const { scan } = useStrings();
  const [stream, setStream] = useState<MediaStream>();
  const [problem, setProblem] = useState<string>();
  const [none, setNone] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  const take = useRef(onText);
  take.current = onText;

  useEffect(() => {
    const element = video.current;
    if (element === null || stream === undefined) return undefined;
    element.srcObject = stream;
    const timer = setInterval(() => {
      const text = readCode(element, element.videoWidth, element.videoHeight);
      if (text !== undefined) take.current(text);
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
    };
  }, [stream]);

  const open = async (): Promise<void> => {
    setProblem(undefined);
    try {
      setStream(await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false }));
    } catch {
      setProblem('camera_unavailable');
    }
  };
  const choose = async (input: HTMLInputElement): Promise<void> => {
    const file = input.files?.[0];
    if (file === undefined) return;
    setNone(false);
    setProblem(undefined);
    try {
      const bitmap = await createImageBitmap(file).catch((cause: unknown) => {
        throw new ProtocolError('image_invalid', 'the file is not a picture that this browser can read', { cause });
      });
      const text = readCode(bitmap, bitmap.width, bitmap.height);
      bitmap.close();
      if (text === undefined) setNone(true);
      else onText(text);
    } catch (error) {
      setProblem(codeOf(error));
    }
    input.value = '';
  };

  return (
    <div class="stack tight">
      {stream === undefined ? (
        <div class="actions">
          <Button kind="primary" onClick={open}>
            {scan.begin}
          </Button>
          <label class="button plain">
            {scan.file}
            <input class="hidden" type="file" accept="image/*" onChange={(event) => void choose(event.currentTarget)} />
          </label>
        </div>
      ) : (
        <>
          <video ref={video} class="camera straight" autoplay playsinline muted aria-label={scan.view} />
          <p class="soft" role="status">
            {scan.looking}
          </p>
          <div class="actions">
            <Button onClick={() => setStream(undefined)}>{scan.stop}</Button>
          </div>
        </>
      )}
      <div role="alert">{none && <p class="fault">{scan.none}</p>}</div>
      {problem !== undefined && <Problem code={problem} />}
    </div>
  );
}
