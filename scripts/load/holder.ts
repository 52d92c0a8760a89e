// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A holder whose leaf a real register published, and a wallet's prover: what presentations are prepared
 * with. The issuer's checks of a document are no part of what is measured, so its key signs a leaf here.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { credentialLeaf, holderCommitment } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { createLogger } from '../../src/http/logs.ts';
import { keyIdOf, leafMessage, sign } from '../../src/log/signatures.ts';
import { parseManifest } from '../../src/protocol/artifacts.ts';
import { packAttributes } from '../../src/protocol/attributes.ts';
import { dateInZone, monthStart, monthStartAfter } from '../../src/protocol/dates.ts';
import { nationalityNumber } from '../../src/protocol/nationality.ts';
import { toBase64Url } from '../../src/protocol/scope.ts';
import { ephemeralConfig } from '../../src/server/config.ts';
import { makeKeys } from '../../src/server/keys.ts';
import { ARTIFACTS } from '../../src/server/pages.ts';
import { type House, REGISTER_NAME, startRegister, TURN, WITNESS_THRESHOLD } from '../../src/server/programs.ts';
import { nodeThreads } from '../../src/server/prover_threads.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import type { RegisterConfig } from '../../src/wallet/environment.ts';
import { createHolder } from '../../src/wallet/holder.ts';
import { createProver, type Prover } from '../../src/wallet/prover.ts';
import { sync, type Synced } from '../../src/wallet/sync.ts';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const clock = (): number => Date.now();

/** A holder with all that a presentation needs. */
export interface LoadHolder {
  readonly credential: Credential;
  readonly synced: Synced;
  readonly prover: Prover;
  readonly register: RegisterConfig;
  close(): Promise<void>;
}

/** Starts a register with its witnesses, publishes a leaf, and syncs with it. */
export async function openHolder(): Promise<LoadHolder> {
  const closers: (() => Promise<void>)[] = [];
  const keys = makeKeys();
  const config = ephemeralConfig();
  const house: House = {
    config,
    keys,
    manifest: parseManifest(JSON.parse(await readFile(join(ARTIFACTS, 'manifest.json'), 'utf8'))),
    clock,
    logger: (service) => createLogger(service, { write: () => undefined }),
    closers,
  };
  const started = await startRegister(house);
  const { push, turn, witnesses } = started.made;
  closers.push(() => push.close());
  const turnAndWitness = async (): Promise<void> => {
    await turn();
    push.start();
    await push.settled();
  };
  const register: RegisterConfig = {
    url: started.origin,
    name: REGISTER_NAME,
    key: ed25519.getPublicKey(keys.register),
    timeZone: config.timeZone,
    epochSeconds: config.epochSeconds,
    turn: TURN,
    witnesses,
    threshold: WITNESS_THRESHOLD,
  };
  const today = dateInZone(clock(), register.timeZone);
  const attributes = {
    version: 1,
    document: 2,
    nationality: nationalityNumber('CHN'),
    region: 0,
    assurance: 1,
    phone: 0,
    birth: 19900101,
    expiry: monthStart(today) + 50_000,
    issued: monthStart(today),
    secretSince: monthStartAfter(today),
    generation: 0,
    issuer: 1,
  };
  const holder = createHolder(random);
  const leaf = credentialLeaf(
    poseidon,
    holderCommitment(poseidon, holder.seed, holder.blinding),
    packAttributes(attributes),
  );
  const signature = sign(leafMessage(leaf), keys.issuer);
  const submission = {
    leaf: leaf.toString(),
    issuer: keyIdOf(ed25519.getPublicKey(keys.issuer)),
    signature: toBase64Url(signature),
  };
  await turnAndWitness();
  await postJson(`${register.url}/v1/leaves`, submission);
  let state: { index?: number; checkpoint?: number } = {};
  while (state.index === undefined || state.checkpoint === undefined) {
    await turnAndWitness();
    state = (await (await fetch(`${register.url}/v1/leaves/${submission.leaf}`)).json()) as typeof state;
  }
  const credential: Credential = {
    ...holder,
    attributes,
    leaf,
    issuer: 'https://issuer.example',
    signature,
    index: state.index,
    published: state.checkpoint,
  };
  const synced = await sync(credential, register, { fetch, clock, random, poseidon });
  const prover = createProver({
    read: async (file) => new Uint8Array(await readFile(join(ARTIFACTS, file))),
    random,
    threads: nodeThreads(),
  });
  closers.push(() => prover.close());
  return {
    credential,
    synced,
    prover,
    register,
    close: async () => {
      for (const closer of closers.reverse()) await closer();
    },
  };
}

/** Posts JSON; throws unless it is accepted. */
export async function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${String(answer.status)}: ${await answer.text()}`);
  return answer.json();
}
