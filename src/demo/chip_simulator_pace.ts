// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Part of the chip simulator: PACE as the chip does it (ICAO 9303-11 section 4.4), generic and chip
 * authentication mapping.
 *
 * @module
 */
import { timingSafeEqual } from 'node:crypto';
import { type ChipSecrets, type PaceFeature, paceOid } from './chip_features.ts';
import { authenticate, blockOf, type ChipKeys, deriveKey, deriveKeys } from './chip_simulator_cipher.ts';
import { encryptBlocks, padBlocks } from './chip_simulator_cipher.ts';
import { addPoints, drawScalar, inverse, multiplyPoint, parsePoint, SIMULATED_CURVES } from './chip_simulator_curve.ts';
import { simulatedCurve, type SimulatedCurve, type SimulatedPoint, toBytes, toNumber } from './chip_simulator_curve.ts';
import { writePoint } from './chip_simulator_curve.ts';
import { ChipMessaging } from './chip_simulator_messaging.ts';
import { der, join, oid } from './der.ts';

type Objects = ReadonlyMap<number, Uint8Array>;
type Step = { readonly data: Uint8Array; readonly messaging?: ChipMessaging } | { readonly status: number };

interface Beginning {
  /** Of MSE:Set AT. */
  readonly objects: Objects;
  readonly password: Uint8Array;
  readonly pace: readonly PaceFeature[];
  readonly secrets: ChipSecrets;
  readonly random: (length: number) => Uint8Array;
}

const REFUSED: Step = { status: 0x6a80 };
const WRONG_PASSWORD: Step = { status: 0x6300 };

/** One run of PACE. */
export class ChipPace {
  readonly #feature: PaceFeature;
  readonly #curve: SimulatedCurve;
  readonly #beginning: Beginning;
  #next: 'nonce' | 'mapping' | 'agreement' | 'token' = 'nonce';
  #nonce = 0n;
  #mappingScalar = 0n;
  #generator: SimulatedPoint;
  #keys: ChipKeys | undefined;
  #ownKey: Uint8Array = new Uint8Array();
  #readerKey: Uint8Array = new Uint8Array();

  private constructor(feature: PaceFeature, beginning: Beginning) {
    this.#feature = feature;
    this.#beginning = beginning;
    this.#curve = simulatedCurve(feature.curve);
  }

  /** The run that MSE:Set AT asks for, or undefined where the chip offers none such. */
  static begin(beginning: Beginning): ChipPace | undefined {
    const { objects, pace } = beginning;
    const wanted = Buffer.from(objects.get(0x80) ?? []);
    const domain = objects.get(0x84)?.[0];
    const [feature, ...more] = pace.filter(
      (candidate) =>
        wanted.equals(oid(paceOid(candidate)).subarray(2)) &&
        (domain === undefined || domain === SIMULATED_CURVES[candidate.curve]),
    );
    return feature === undefined || more.length > 0 ? undefined : new ChipPace(feature, beginning);
  }

  /** One GENERAL AUTHENTICATE; the last is the one that is not chained. */
  step(objects: Objects, isChained: boolean): Step {
    if (isChained === (this.#next === 'token')) return REFUSED;
    switch (this.#next) {
      case 'nonce':
        return this.#sendNonce();
      case 'mapping':
        return this.#map(objects.get(0x81));
      case 'agreement':
        return this.#agree(objects.get(0x83));
      case 'token':
        return this.#confirm(objects.get(0x85));
    }
  }

  #sendNonce(): Step {
    const { password, random } = this.#beginning;
    const nonce = random(this.#feature.cipher === 'aes-192' || this.#feature.cipher === 'aes-256' ? 32 : 16);
    this.#nonce = toNumber(nonce);
    this.#next = 'mapping';
    const key = deriveKey(this.#feature.cipher, password, 3);
    return { data: der(0x80, encryptBlocks(this.#feature.cipher, key, nonce)) };
  }

  #map(encoded: Uint8Array | undefined): Step {
    const point = encoded && parsePoint(this.#curve, encoded);
    if (point === undefined) return REFUSED;
    this.#mappingScalar = drawScalar(this.#curve, this.#beginning.random);
    const shared = multiplyPoint(this.#curve, point, this.#mappingScalar);
    const { generator, n } = this.#curve;
    this.#generator = addPoints(this.#curve, multiplyPoint(this.#curve, generator, this.#nonce % n), shared);
    this.#next = 'agreement';
    return { data: der(0x82, writePoint(this.#curve, multiplyPoint(this.#curve, generator, this.#mappingScalar))) };
  }

  #agree(encoded: Uint8Array | undefined): Step {
    const point = encoded && parsePoint(this.#curve, encoded);
    if (encoded === undefined || point === undefined) return REFUSED;
    const scalar = drawScalar(this.#curve, this.#beginning.random);
    const shared = multiplyPoint(this.#curve, point, scalar);
    if (shared === undefined) return REFUSED;
    this.#ownKey = writePoint(this.#curve, multiplyPoint(this.#curve, this.#generator, scalar));
    this.#readerKey = encoded;
    this.#keys = deriveKeys(this.#feature.cipher, toBytes(shared[0], this.#curve.bytes));
    this.#next = 'token';
    return { data: der(0x84, this.#ownKey) };
  }

  #confirm(token: Uint8Array | undefined): Step {
    const keys = this.#keys;
    if (keys === undefined || token?.length !== 8) return REFUSED;
    if (!timingSafeEqual(token, this.#token(keys, this.#ownKey))) return WRONG_PASSWORD;
    const own = der(0x86, this.#token(keys, this.#readerKey));
    const data = this.#feature.mapping === 'CAM' ? join([own, der(0x8a, this.#mappingData(keys))]) : own;
    return { data, messaging: new ChipMessaging(this.#feature.cipher, keys) };
  }

  #token({ authentication }: ChipKeys, key: Uint8Array): Uint8Array {
    const { cipher } = this.#feature;
    const message = der(0x7f49, oid(paceOid(this.#feature)), der(0x86, key));
    return authenticate(cipher, authentication, cipher === '3des' ? padBlocks(message, 8) : message);
  }

  /** The mapping scalar divided by the static key, encrypted. */
  #mappingData({ encryption }: ChipKeys): Uint8Array {
    const { cipher } = this.#feature;
    const { n, name } = this.#curve;
    const secret = this.#beginning.secrets.mapping.find(({ curve }) => curve === name)?.scalar ?? 1n;
    const data = toBytes((this.#mappingScalar * inverse(secret, n)) % n, Math.ceil(n.toString(16).length / 2));
    const iv = encryptBlocks(cipher, encryption, new Uint8Array(16).fill(0xff));
    return encryptBlocks(cipher, encryption, padBlocks(data, blockOf(cipher)), new Uint8Array(iv));
  }
}
