// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The matcher `face_api`: SSD MobileNet finds, 68 landmarks align, the ResNet of dlib describes in 128
 * numbers. Distance is Euclidean; the library's own threshold is 0.6, which passes strangers, ours is
 * 0.5. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { createRequire } from 'node:module';
import { type DescribedFace, euclidean, type FaceMatcher, MAX_FACES } from './face_matcher.ts';
import { MODEL_URLS, WASM_FOLDER, withModelFetch } from './face_models.ts';

/** Least confidence of the detector. */
const MIN_CONFIDENCE = 0.5;

interface Tensor {
  dispose: () => void;
}

interface Net {
  loadFromUri: (url: string) => Promise<void>;
}

interface Detected {
  readonly detection: {
    readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  };
  readonly descriptor: Float32Array;
}

/** The part of the library that is used. */
interface FaceApi {
  readonly tf: {
    setWasmPaths: (folder: string) => void;
    setBackend: (name: 'wasm') => Promise<boolean>;
    ready: () => Promise<void>;
    tensor3d: (values: Uint8Array, shape: readonly number[], type: 'int32') => Tensor;
  };
  readonly nets: Readonly<Record<'ssdMobilenetv1' | 'faceLandmark68Net' | 'faceRecognitionNet', Net>>;
  readonly SsdMobilenetv1Options: new (options: { minConfidence: number; maxResults: number }) => object;
  detectAllFaces: (
    input: Tensor,
    options: object,
  ) => { withFaceLandmarks: () => { withFaceDescriptors: () => Promise<readonly Detected[]> } };
}

/**
 * Loads the matcher; takes about a second and 50 MB.
 *
 * @throws {@link ProtocolError} `face_models_changed`.
 */
export async function loadFaceApi(): Promise<FaceMatcher> {
  const faceApi = await withModelFetch(load);
  const { tf } = faceApi;
  const options = new faceApi.SsdMobilenetv1Options({ minConfidence: MIN_CONFIDENCE, maxResults: MAX_FACES });
  return {
    name: 'face_api',
    find: async ({ width, height, data }) => {
      const input = tf.tensor3d(data, [height, width, 3], 'int32');
      try {
        return (await faceApi.detectAllFaces(input, options).withFaceLandmarks().withFaceDescriptors()).map(toFace);
      } finally {
        input.dispose();
      }
    },
    distance: faceApiDistance,
  };
}

/** Distance of two descriptors of this matcher. */
export const faceApiDistance = euclidean;

async function load(): Promise<FaceApi> {
  // Required here and not above: the library keeps the `fetch` that it finds when it is evaluated.
  const require = createRequire(import.meta.url);
  const faceApi = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as FaceApi;
  const { tf, nets } = faceApi;
  tf.setWasmPaths(WASM_FOLDER);
  await tf.setBackend('wasm');
  await tf.ready();
  for (const net of [nets.ssdMobilenetv1, nets.faceLandmark68Net, nets.faceRecognitionNet]) {
    await net.loadFromUri(MODEL_URLS.faceApi);
  }
  return faceApi;
}

function toFace({ detection, descriptor }: Detected): DescribedFace {
  const { x, y, width, height } = detection.box;
  return { box: { x, y, width, height }, descriptor: [...descriptor] };
}
