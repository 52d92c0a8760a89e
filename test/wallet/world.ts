// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A world for the wallet: the real register on a database in memory, the real prover, an issuer that
 * signs for whoever shows a proof (and misbehaves on demand), and a fetch that joins them by origin and
 * remembers every call.
 */
import { randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { Hono } from 'hono';
import { credentialLeaf } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { buildWasmPoseidon } from '../../src/commitment/poseidon_wasm.ts';
import type { Approval } from '../../src/log/events.ts';
import { createLogger } from '../../src/http/logs.ts';
import { keyIdOf, leafMessage, revocationMessage, sign, urgentMessage } from '../../src/log/signatures.ts';
import { type Attributes, packAttributes } from '../../src/protocol/attributes.ts';
import type { ErrorCode } from '../../src/protocol/errors.ts';
import { type FieldElement, parseField, toField } from '../../src/protocol/field.ts';
import type { Groth16Proof } from '../../src/protocol/presentation.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { deriveSession } from '../../src/protocol/statement.ts';
import { createRegister, type Register } from '../../src/register/app.ts';
import { keyList } from '../../src/register/config.ts';
import { openDatabase } from '../../src/storage/open.ts';
import type { RegisterTables } from '../../src/storage/register.ts';
import { loadVerificationKey, type VerificationKey, verifyProof } from '../../src/verifying/groth16.ts';
import type { EnrolDeps } from '../../src/wallet/enrol.ts';
import type { Fetch, Random, RegisterConfig } from '../../src/wallet/environment.ts';
import { createProver, type Prover } from '../../src/wallet/prover.ts';
import { ATTRIBUTES, committedArtifacts, NOW, readArtifact } from '../proving/sample.ts';
import { openWitnesses, POLICY } from '../register/witnesses.ts';

export const random: Random = (length) => new Uint8Array(randomBytes(length));
export const EPOCH_SECONDS = 60;
/** Seconds for which a revocation is announced. */
export const REVOCATION_DELAY = 600;
const REGISTER_URL = 'https://register.example';
const ISSUER_URL = 'https://issuer.example';
const REGISTER_NAME = 'register.example/v1';

/** Whatever answers requests of an origin. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** One call that the wallet made. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly init: RequestInit;
}

/** How the issuer deviates from what it should do. */
export interface Misbehaviour {
  attributes?: Partial<Attributes>;
  /** Signs another leaf than the attributes give. */
  leaf?: (leaf: FieldElement) => FieldElement;
  extension?: FieldElement;
  session?: FieldElement;
  signingKey?: Uint8Array;
  /** Says that it is another issuer. */
  keyId?: string;
  /** Believes any proof: for tests of what comes after it. */
  trusting?: boolean;
  /** Refuses the document with this code. */
  refusal?: ErrorCode;
  /** Has forgotten the session when asked for the state. */
  forgets?: boolean;
}

/** A world. */
export class World {
  now = NOW;
  /** Every call of the wallet, in order. */
  readonly sent: Sent[] = [];
  /** What the issuer was told against announced revocations. */
  readonly appeals: { readonly leaf: string; readonly text: string }[] = [];
  readonly handlers = new Map<string, Handler>();
  readonly misbehaviour: Misbehaviour = {};
  readonly issuerKey = random(32);
  readonly approverKey = random(32);
  readonly registerKey = random(32);
  readonly registerConfig: RegisterConfig;
  /** Numbers of witnesses, of 1 to 3, that do not answer. */
  readonly witnessesAway: Set<number>;
  readonly #register: Register;

  static async open(): Promise<World> {
    const [registerKey, issuerKey, approverKey] = [random(32), random(32), random(32)];
    const keys = { registerKey, issuerKey, approverKey };
    const clock = { now: NOW };
    let answer: Handler = () => new Response('', { status: 503 });
    const witnesses = await openWitnesses(
      { key: { name: REGISTER_NAME, publicKey: ed25519.getPublicKey(registerKey) }, epochSeconds: EPOCH_SECONDS },
      () => clock.now,
      (path) => answer(new Request(REGISTER_URL + path)),
    );
    const register = await createRegister({
      witnessing: witnesses.witnessing,
      origin: REGISTER_NAME,
      signingKey: registerKey,
      issuers: keyList(ed25519.getPublicKey(issuerKey)),
      approvers: keyList(ed25519.getPublicKey(approverKey)),
      rules: { approvals: 1, delay: REVOCATION_DELAY },
      artifacts: {},
      operators: {},
      epochSeconds: EPOCH_SECONDS,
      turn: 'on_demand',
      timeZone: 'Asia/Shanghai',
      clock: () => clock.now,
      random,
      database: await openDatabase<RegisterTables>(':memory:'),
      logger: createLogger('register', { write: () => undefined }),
    });
    answer = (request) => register.app.request(request);
    const world = new World(register, keys, witnesses.away);
    Object.defineProperty(clock, 'now', { get: () => world.now });
    const verificationKey = await loadVerificationKey(await (await committedArtifacts()).verificationKey('issue'));
    world.handlers.set(REGISTER_URL, (request) => register.app.request(request));
    const issuer = createIssuer(world, verificationKey);
    world.handlers.set(ISSUER_URL, (request) => issuer.request(request));
    await world.turn();
    return world;
  }

  private constructor(
    register: Register,
    keys: Pick<World, 'registerKey' | 'issuerKey' | 'approverKey'>,
    witnessesAway: Set<number>,
  ) {
    Object.assign(this, keys);
    this.#register = register;
    this.witnessesAway = witnessesAway;
    this.registerConfig = {
      url: REGISTER_URL,
      name: REGISTER_NAME,
      key: ed25519.getPublicKey(this.registerKey),
      timeZone: 'Asia/Shanghai',
      epochSeconds: EPOCH_SECONDS,
      turn: 'on_demand',
      witnesses: POLICY.keys,
      threshold: POLICY.threshold,
    };
  }

  readonly clock = (): number => this.now;

  readonly fetch: Fetch = async (url, init) => {
    this.sent.push({ method: init.method ?? 'GET', url, init });
    const handler = this.handlers.get(new URL(url).origin);
    if (handler === undefined) throw new TypeError('fetch failed');
    return handler(new Request(url, init));
  };

  /** Publishes what waits. */
  async turn(): Promise<void> {
    await this.#register.turn();
    this.#register.push.start();
    await this.#register.push.settled();
  }

  /** Publishes what waits and lets that epoch become active. */
  async turnEpoch(): Promise<void> {
    await this.turn();
    this.now += (EPOCH_SECONDS + 1) * 1000;
  }

  enrolDeps(prover: Prover): EnrolDeps {
    return {
      issuer: { url: ISSUER_URL, key: ed25519.getPublicKey(this.issuerKey) },
      register: this.registerConfig,
      fetch: this.fetch,
      clock: this.clock,
      random,
      prover,
      poseidon,
    };
  }

  /** Calls the register as others than the wallet do. */
  async callRegister(path: string, body?: unknown): Promise<Response> {
    const init =
      body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return this.#register.app.request(path, init);
  }

  /** Signs a leaf and submits it, as the issuer does. */
  async submitLeaf(leaf: FieldElement): Promise<Uint8Array> {
    const signature = sign(leafMessage(leaf), this.issuerKey);
    const issuer = keyIdOf(ed25519.getPublicKey(this.issuerKey));
    await this.callRegister('/v1/leaves', { leaf: String(leaf), issuer, signature: toBase64Url(signature) });
    return signature;
  }

  async revoke(leaf: FieldElement): Promise<void> {
    const reason = 'document_lost';
    const approvals = [this.#approval(urgentMessage(leaf, reason))];
    await this.callRegister('/v1/revocations', { leaf: String(leaf), reason, approvals });
  }

  async announce(leaf: FieldElement): Promise<void> {
    const reason = 'fraud';
    const approvals = [this.#approval(revocationMessage(leaf, reason))];
    await this.callRegister('/v1/announcements', { leaf: String(leaf), reason, after: -1, approvals });
  }

  #approval(message: Uint8Array): Approval {
    const approver = keyIdOf(ed25519.getPublicKey(this.approverKey));
    return { approver, signature: toBase64Url(sign(message, this.approverKey)) };
  }
}

interface CredentialBody {
  readonly holder: string;
  readonly seed_tag: string;
  readonly proof: Groth16Proof;
}

function createIssuer(world: World, verificationKey: VerificationKey): Hono {
  const { misbehaviour } = world;
  const app = new Hono();
  const problem = (code: string, status: number): Response =>
    Response.json({ code }, { status, headers: { 'content-type': 'application/problem+json' } });
  let leaf: FieldElement | undefined;
  app.use(async (c, next) => {
    const token = c.req.header('authorization');
    return c.req.path === '/v1/enrolments' || token === 'Bearer token-of-an-enrolment'
      ? next()
      : problem('token_missing', 401);
  });
  app.post('/v1/enrolments', (c) => {
    const id = `enrolment-${toBase64Url(random(12))}`;
    const session = misbehaviour.session ?? deriveSession(id);
    const expires_at = new Date(world.now + 1_800_000).toISOString();
    const document_kinds = ['passport'];
    const opened = { id, token: 'token-of-an-enrolment', session: String(session), expires_at, document_kinds };
    return c.json({ ...opened, liveness: 'off' }, 201);
  });
  app.put('/v1/enrolments/:id/document', async (c) => {
    await c.req.json();
    const { refusal } = misbehaviour;
    return refusal === undefined ? c.json({ status: 'document_accepted' }) : problem(refusal, 422);
  });
  app.put('/v1/enrolments/:id/face', (c) => c.json({ status: 'face_accepted', distances: {} }));
  app.post('/v1/enrolments/:id/credential', async (c) => {
    const { holder, seed_tag, proof } = await c.req.json<CredentialBody>();
    const signals = [parseField(holder), parseField(seed_tag), deriveSession(c.req.param('id'))];
    if (misbehaviour.trusting !== true && !(await verifyProof(verificationKey, signals, proof)))
      return problem('proof_invalid', 422);
    const attributes = { ...ATTRIBUTES, ...misbehaviour.attributes };
    const hash = await buildWasmPoseidon();
    const honest = credentialLeaf(
      hash,
      parseField(holder),
      packAttributes(attributes),
      misbehaviour.extension ?? toField(0n),
    );
    leaf = misbehaviour.leaf?.(honest) ?? honest;
    await world.submitLeaf(leaf);
    const signature = sign(leafMessage(leaf), misbehaviour.signingKey ?? world.issuerKey);
    const issuer = misbehaviour.keyId ?? keyIdOf(ed25519.getPublicKey(world.issuerKey));
    return c.json(
      { attributes, leaf: String(leaf), issuer, signature: toBase64Url(signature), status: 'pending' },
      202,
    );
  });
  app.post('/v1/enrolments/:id/appeal', async (c) => {
    const { holder, seed_tag, proof, ...said } = await c.req.json<CredentialBody & { leaf: string; text: string }>();
    const signals = [parseField(holder), parseField(seed_tag), deriveSession(c.req.param('id'))];
    if (!(await verifyProof(verificationKey, signals, proof))) return problem('proof_invalid', 422);
    world.appeals.push(said);
    return c.json({ reference: 'ref-1' }, 202);
  });
  app.get('/v1/enrolments/:id', async (c) => {
    if (misbehaviour.forgets === true) return problem('enrolment_unknown', 404);
    const state = (await (await world.callRegister(`/v1/leaves/${String(leaf)}`)).json()) as object;
    return c.json({ id: c.req.param('id'), ...state });
  });
  return app;
}

/** A proof of nothing. */
export const NO_PROOF: Groth16Proof = {
  pi_a: ['1', '2', '1'],
  pi_b: [
    ['1', '2'],
    ['3', '4'],
    ['1', '0'],
  ],
  pi_c: ['1', '2', '1'],
  protocol: 'groth16',
  curve: 'bn128',
};

/** A prover that proves nothing, at once. */
export const fakeProver: Prover = {
  info: () => Promise.resolve({ version: 1, development: true }),
  load: () => Promise.resolve(),
  arm: () => Promise.resolve(1),
  fire: () => Promise.resolve({ proof: NO_PROOF, publicSignals: [] }),
  release: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

let prover: Prover | undefined;

/** The real prover on the committed artifacts, loaded once a file of tests. */
export function realProver(): Prover {
  return (prover ??= createProver({ read: readArtifact, random }));
}
