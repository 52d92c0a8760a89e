// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The matcher `human`: BlazeFace finds, a face mesh turns upright, FaceRes (HSE) describes in 1024
 * numbers. Distance is one minus the library's similarity, without its rounding:
 *
 *     distance = clamp((|a - b| * 5 / 100 - 0.2) / 0.6, 0, 1)
 *
 * so that 0.5 stands for |a - b| = 10, the similarity of 0.5 from which the library calls it a match.
 * FaceRes also guesses age and gender; nothing here reads them. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ProtocolError } from '../protocol/errors.ts';
import { type DescribedFace, euclidean, type FaceMatcher, MAX_FACES } from './face_matcher.ts';
import { HUMAN_FOLDER, MODEL_URLS, WASM_FOLDER, withModelFetch } from './face_models.ts';
import type { Pixels } from './pixels.ts';

/** Least confidence of the detector. */
const MIN_CONFIDENCE = 0.5;

interface Tensor {
  dispose: () => void;
}

/** A face as the library describes it. */
export interface HumanFace {
  readonly box: readonly [x: number, y: number, width: number, height: number];
  readonly embedding?: readonly number[];
  readonly mesh: readonly (readonly [x: number, y: number, z?: number])[];
  readonly rotation?: {
    readonly angle: { readonly yaw: number; readonly pitch: number; readonly roll: number };
  } | null;
}

interface HumanResult {
  readonly face: readonly HumanFace[];
  readonly error: string | null;
}

/** The part of the library that is used. */
interface Human {
  readonly faceTriangulation: readonly number[];
  readonly tf: { tensor3d: (values: Uint8Array, shape: readonly number[], type: 'int32') => Tensor };
  load: () => Promise<void>;
  detect: (input: Tensor) => Promise<HumanResult>;
  result: unknown;
}

const FRESH = { skipFrames: 0, skipTime: 0 }; // nothing is carried over from the picture before
/** A part of the library that stays unused. */
export const OFF = { enabled: false };

const CONFIG = {
  backend: 'wasm',
  wasmPath: WASM_FOLDER,
  modelBasePath: MODEL_URLS.human,
  debug: false,
  async: false,
  warmup: 'none',
  cacheModels: false,
  cacheSensitivity: 0,
  filter: OFF,
  gesture: OFF,
  body: OFF,
  hand: OFF,
  object: OFF,
  segmentation: OFF,
  face: {
    enabled: true,
    detector: { rotation: true, maxDetected: MAX_FACES, minConfidence: MIN_CONFIDENCE, ...FRESH },
    mesh: { enabled: true },
    emotion: OFF,
    antispoof: OFF,
    liveness: OFF,
    attention: OFF,
  },
};

/** The library with its networks loaded. */
interface LoadedHuman {
  /** Faces of a picture. */
  readonly detect: (picture: Pixels) => Promise<readonly HumanFace[]>;
  /** Triangles of the face mesh. */
  readonly triangles: readonly number[];
}

/**
 * Loads the library's face networks.
 *
 * @param parts - What to do with faces that were found, as the library names it.
 * @throws {@link ProtocolError} `face_models_changed`.
 */
export async function createHuman(parts: Readonly<Record<'description' | 'iris', object>>): Promise<LoadedHuman> {
  const require = createRequire(import.meta.url);
  const library = require(join(HUMAN_FOLDER, 'human.node-wasm.js')) as { Human: new (config: unknown) => Human };
  const human = new library.Human({ ...CONFIG, face: { ...CONFIG.face, ...parts } });
  await withModelFetch(() => human.load());
  return {
    detect: async ({ width, height, data }) => {
      const input = human.tf.tensor3d(data, [height, width, 3], 'int32');
      try {
        const { face, error } = await human.detect(input);
        if (error !== null) {
          throw new ProtocolError('face_unavailable', 'the picture could not be examined; try again');
        }
        return face;
      } finally {
        input.dispose();
        human.result = undefined; // the library keeps the last person's otherwise
      }
    },
    triangles: human.faceTriangulation,
  };
}

/**
 * Loads the matcher; takes about a second and 60 MB.
 *
 * @throws {@link ProtocolError} `face_models_changed`.
 */
export async function loadHuman(): Promise<FaceMatcher> {
  const human = await createHuman({ description: { enabled: true, ...FRESH }, iris: OFF });
  return {
    name: 'human',
    find: async (picture) => (await human.detect(picture)).map(toFace),
    distance: humanDistance,
  };
}

/** Distance of two FaceRes descriptors in `[0, 1]`. */
export function humanDistance(a: readonly number[], b: readonly number[]): number {
  return Math.min(Math.max((euclidean(a, b) * 0.05 - 0.2) / 0.6, 0), 1);
}

function toFace(face: HumanFace): DescribedFace {
  const [x, y, width, height] = face.box;
  return { box: { x, y, width, height }, descriptor: face.embedding ?? [] };
}
