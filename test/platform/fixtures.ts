// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A holder with a credential in a tree of its own, and proofs made by snarkjs: what the tests of the
 * verifier answer requests with. Proofs are kept by their inputs, so that tests which make the same
 * request from the same clock and randomness prove it once.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as snarkjs from 'snarkjs';
import { credentialLeaf, deriveNullifier, holderCommitment, NO_EXTENSION } from '../../src/commitment/credential.ts';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import { childPosition, emptyRoots, pathRoot, type TreePath } from '../../src/commitment/tree.ts';
import { type Manifest, parseManifest } from '../../src/protocol/artifacts.ts';
import {
  ASSURANCE_LEVELS,
  type Attributes,
  ATTRIBUTES_VERSION,
  DOCUMENT_KINDS,
  packAttributes,
} from '../../src/protocol/attributes.ts';
import { type CalendarDate, dateInZone } from '../../src/protocol/dates.ts';
import { type FieldElement, toField } from '../../src/protocol/field.ts';
import { nationalityNumber } from '../../src/protocol/nationality.ts';
import {
  type Ask,
  NATIONALITY_GROUPS,
  packPolicy,
  parseAsk,
  policyOf,
  unpackRevealed,
} from '../../src/protocol/policy.ts';
import type { Groth16Proof, Presentation } from '../../src/protocol/presentation.ts';
import {
  askOf,
  dcqlOf,
  FORMAT,
  requestInputs,
  type RequestInputs,
  type RequestObject,
} from '../../src/protocol/request.ts';
import type { Context } from '../../src/protocol/scope.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { openVerificationKey } from '../../src/verifying/artifacts.ts';
import type { VerificationKey } from '../../src/verifying/groth16.ts';

export const ARTIFACTS = join(import.meta.dirname, '../../circuits/artifacts');
export const TIME_ZONE = 'Asia/Shanghai';
/** 22 November 2026, noon in Shanghai. */
export const NOON = Date.UTC(2026, 10, 22, 4);
export const TODAY = dateInZone(NOON, TIME_ZONE);
/** Size of the checkpoint that the holder's root is in. */
export const SIZE = 7;

export const manifest: Manifest = parseManifest(JSON.parse(readFileSync(join(ARTIFACTS, 'manifest.json'), 'utf8')));
export const showVkeyBytes = new Uint8Array(readFileSync(join(ARTIFACTS, 'show.vkey.json')));
export const showVkey = JSON.parse(new TextDecoder().decode(showVkeyBytes)) as Vkey;

/** The part of a snarkjs verification key that tests tamper with. */
export interface Vkey {
  nPublic: number;
  vk_alpha_1: string[];
  vk_beta_2: string[][];
  vk_gamma_2: string[][];
  vk_delta_2: string[][];
  IC: string[][];
}

let key: Promise<VerificationKey> | undefined;
export function showKey(): Promise<VerificationKey> {
  key ??= openVerificationKey(manifest, 'show', showVkeyBytes);
  return key;
}

/** A source of bytes that nobody can predict. */
export const secureRandom = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** A reproducible source of bytes that never repeats itself. */
export function seededRandom(seed: string): (length: number) => Uint8Array {
  let counter = 0;
  return (length) => {
    const digest = createHash('shake256', { outputLength: length });
    return new Uint8Array(digest.update(`${seed}/${String(counter++)}`).digest());
  };
}

export interface Holder {
  readonly seed: FieldElement;
  readonly blinding: FieldElement;
  readonly attributes: Attributes;
  readonly leafIndex: number;
  readonly path: TreePath;
  readonly root: FieldElement;
}

const ATTRIBUTES: Attributes = {
  version: ATTRIBUTES_VERSION,
  document: DOCUMENT_KINDS.passport,
  nationality: nationalityNumber('CHN'),
  region: 0,
  assurance: ASSURANCE_LEVELS.copyable_data,
  phone: 0,
  birth: 19900615,
  expiry: 20300101,
  issued: 20260101,
  secretSince: 20260201,
  generation: 0,
  issuer: 1,
};

/** A holder whose leaf stands alone in a tree. */
export async function makeHolder(attributes: Partial<Attributes> = {}, seed = 123_456_789n): Promise<Holder> {
  const hash = await buildWasmPoseidon();
  const all = { ...ATTRIBUTES, ...attributes };
  const secret = toField(seed);
  const blinding = toField(seed + 1n);
  const leaf = credentialLeaf(hash, holderCommitment(hash, secret, blinding), packAttributes(all));
  const leafIndex = 0o12_3456_7012;
  let node = leaf;
  const path = emptyRoots(hash)
    .slice(0, -1)
    .map((empty, level) => {
      const children = Array.from({ length: 8 }, (_, i) => (i === childPosition(leafIndex, level) ? node : empty));
      node = hash(children);
      return children;
    });
  return { seed: secret, blinding, attributes: all, leafIndex, path, root: pathRoot(hash, leaf, leafIndex, path) };
}

/** A request as a verifier would make it. */
export function makeRequest(
  ask: Partial<Ask> = {},
  changes: Partial<RequestObject> & { context?: Context; today?: CalendarDate } = {},
): RequestObject {
  const { today = TODAY, ...members } = changes;
  const full = parseAsk(ask);
  const context = members.context ?? { kind: 'account' };
  const random = seededRandom('request');
  const iat = Math.floor(NOON / 1000);
  const responseUri = members.response_uri ?? 'https://forum.example/oid4vp/responses';
  return {
    aud: 'https://self-issued.me/v2',
    client_id: `redirect_uri:${responseUri}`,
    response_type: 'vp_token',
    response_mode: 'direct_post',
    response_uri: responseUri,
    nonce: toBase64Url(random(32)),
    state: toBase64Url(random(32)),
    iat,
    exp: iat + 300,
    dcql_query: dcqlOf(full, manifest.version),
    policy: packPolicy(policyOf(full, today, context)).toString(),
    nationality_mask: NATIONALITY_GROUPS[full.nationality_group].toString(),
    context,
    purpose: 'login',
    channel: 'same_device',
    ...members,
  };
}

/** What a proof may be made with other than honestly. */
export interface Dishonesty {
  /** Public inputs in place of those that follow from the request. */
  readonly inputs?: Partial<RequestInputs>;
  /** Another proving key. */
  readonly zkey?: string;
  /** Which of the times that a limit allows; 0 by default. */
  readonly index?: bigint;
}

const proofs = new Map<string, Promise<{ proof: Groth16Proof; publicSignals: string[] }>>();

/** A proof of the `show` statement and its public signals, by snarkjs. */
export function prove(
  holder: Holder,
  inputs: RequestInputs,
  zkey = join(ARTIFACTS, 'show.zkey'),
  index = 0n,
): Promise<{ proof: Groth16Proof; publicSignals: string[] }> {
  const witness = {
    root: holder.root,
    ...inputs,
    seed: holder.seed,
    blinding: holder.blinding,
    attributes: packAttributes(holder.attributes),
    extension: NO_EXTENSION,
    leafIndex: BigInt(holder.leafIndex),
    path: holder.path.map((children) => [...children]),
    index,
  };
  const name = JSON.stringify([witness, zkey], (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  const made =
    proofs.get(name) ??
    snarkjs.groth16
      .fullProve(witness, join(ARTIFACTS, 'show.wasm'), zkey)
      .then(({ proof, publicSignals }) => ({ proof: proof as unknown as Groth16Proof, publicSignals }));
  proofs.set(name, made);
  return made;
}

/** A presentation that answers a request. */
export async function present(
  holder: Holder,
  request: RequestObject,
  dishonesty: Dishonesty = {},
): Promise<Presentation> {
  const inputs = { ...requestInputs(request), ...dishonesty.inputs };
  const { proof, publicSignals } = await prove(holder, inputs, dishonesty.zkey, dishonesty.index);
  const revealed = toField(BigInt(publicSignals[1] ?? ''));
  return {
    format: FORMAT,
    circuit: 'show',
    version: manifest.version,
    checkpoint: SIZE,
    proof,
    nullifier: publicSignals[0] ?? '',
    disclosed: unpackRevealed(revealed, askOf(request.dcql_query)),
  };
}

/** The nullifier that a holder has under a request. */
export async function nullifierUnder(holder: Holder, request: RequestObject): Promise<string> {
  const { scope, context } = requestInputs(request);
  return deriveNullifier(await buildWasmPoseidon(), holder.seed, scope, context).toString();
}

/** Whether unmodified snarkjs accepts a proof. */
export async function snarkjsVerifies(
  vkey: unknown,
  signals: readonly string[],
  proof: Groth16Proof,
): Promise<boolean> {
  return snarkjs.groth16.verify(vkey, [...signals], proof);
}

/** Ends the workers that snarkjs keeps; for `afterAll`. */
export async function endProving(): Promise<void> {
  const curve = await snarkjs.curves.getCurveFromName('bn128');
  await curve.terminate();
}
