// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The neural networks' weights, which ship inside the npm packages, and a `fetch` that reads those
 * files and nothing else. The thresholds of `face_matcher.ts` were measured with exactly these bytes, so
 * each file must have its SHA-256 below; after an update of a package, measure again
 * (`npm run --silent face -- evaluate FOLDER --json`) before changing a line here. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ProtocolError } from '../protocol/errors.ts';

const resolve = createRequire(import.meta.url).resolve;

/** Folder of the bundles of the package human. */
export const HUMAN_FOLDER = dirname(resolve('@vladmandic/human'));

/** Folder of the WebAssembly files of tfjs, with a slash at its end, as tfjs wants it. */
export const WASM_FOLDER = join(dirname(resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist', '/');

/** Folder URLs of the weights, each with a slash at its end. */
export const MODEL_URLS = {
  human: folderUrl(join(HUMAN_FOLDER, '..', 'models')),
  faceApi: folderUrl(join(dirname(resolve('@vladmandic/face-api/package.json')), 'model')),
} as const;

/** SHA-256 of each file that may be read, by URL. */
const HASHES: ReadonlyMap<string, string> = new Map([
  [`${MODEL_URLS.human}blazeface.json`, 'cd7bbfc078270572beb39f9e5ae67aadbd50b5e67cff37e6d4f6b3ea39312e5f'],
  [`${MODEL_URLS.human}blazeface.bin`, 'dc9a97fdc50bc43216554bdd69aa3e7b9361a519ee7bdd996a2f69a98a6f9b72'],
  [`${MODEL_URLS.human}facemesh.json`, 'b60ca26f404724f43bd2b1575761d8265180e1f053cc0731caa68462927309e7'],
  [`${MODEL_URLS.human}facemesh.bin`, '3826da640b0a3021161605369ee6af293f75d518040355b960ec71a3390c1c0b'],
  [`${MODEL_URLS.human}faceres.json`, '5b83d49c0385d2e68a05122441b94226313677cae9fcc40b9587ad50079eb4df'],
  [`${MODEL_URLS.human}faceres.bin`, '2c7d2d62b76c97528b736527aa09d310ea71743c9e3e79fb6c62d4b2d73af79b'],
  [`${MODEL_URLS.human}iris.json`, '49038ac9dcc09aa05474d91d98e9db5b47af4830929bcf102ed5a56bfbabb465'],
  [`${MODEL_URLS.human}iris.bin`, 'd7f296d184274213d4642681ae186112cbbec77fd2ab066257d3c56a1940bc71'],
  [
    `${MODEL_URLS.faceApi}ssd_mobilenetv1_model-weights_manifest.json`,
    '888f744dffbc84f5f060d1f8427d9742341943a2dfaaf9205d10029b7e7a2955',
  ],
  [
    `${MODEL_URLS.faceApi}ssd_mobilenetv1_model.bin`,
    '2835640602d53718aa6ae9a42896327eaa21beefed056c218d32ca7d79e1e2f8',
  ],
  [
    `${MODEL_URLS.faceApi}face_landmark_68_model-weights_manifest.json`,
    'ca4886639f86e99b39fed0c155f81b63317225773bd9616716e887b0153389c9',
  ],
  [
    `${MODEL_URLS.faceApi}face_landmark_68_model.bin`,
    '4611ef65c87d836d03d684b30eec4d195d8b219fa1dd58fc58945831c6b9299b',
  ],
  [
    `${MODEL_URLS.faceApi}face_recognition_model-weights_manifest.json`,
    'cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b',
  ],
  [
    `${MODEL_URLS.faceApi}face_recognition_model.bin`,
    'b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589',
  ],
]);

/**
 * Reads a file of weights.
 *
 * @param url - One of the `file:` URLs above; anything else is refused, so nothing reaches a network.
 * @param read - Reads a file; the file system's by default.
 * @throws {@link ProtocolError} `face_models_changed` if the file is not the one that was measured.
 */
export async function fetchModel(
  url: string,
  read: (file: URL) => Promise<Uint8Array<ArrayBuffer>> = readFile,
): Promise<Response> {
  const file = URL.canParse(url) ? new URL(url) : undefined; // face-api writes `file:/path`
  const expected = file && HASHES.get(file.href);
  const bytes = file && expected !== undefined ? await read(file) : undefined;
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== expected) {
    throw new ProtocolError('face_models_changed', 'the face models differ from those measured; run npm ci');
  }
  const type = url.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  return new Response(bytes, { headers: { 'content-type': type } });
}

/** Runs loading code of the libraries, which call the global `fetch`, with {@link fetchModel} in its place. */
export async function withModelFetch<T>(load: () => Promise<T>): Promise<T> {
  const original = globalThis.fetch;
  globalThis.fetch = (input) => fetchModel(input instanceof Request ? input.url : input.toString());
  try {
    return await load();
  } finally {
    globalThis.fetch = original;
  }
}

function folderUrl(folder: string): string {
  return `${pathToFileURL(folder).href}/`;
}
