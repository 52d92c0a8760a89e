// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The programs of a stack, each given its keys, its database and the addresses of those it calls.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Hono } from 'hono';
import { buildWasmPoseidon } from '../commitment/poseidon_wasm.ts';
import type { AnchorSet } from '../documents/anchors.ts';
import type { Logger } from '../http/logs.ts';
import { createIssuer, type Issuer } from '../issuer/app.ts';
import type { DocumentDeps } from '../issuer/document_step.ts';
import type { CheckLiveness, CompareFaces } from '../issuer/face_step.ts';
import type { PhoneDeps } from '../issuer/phone.ts';
import type { NoteKey } from '../log/note.ts';
import type { CircuitName, Manifest } from '../protocol/artifacts.ts';
import { createRegister, type Register } from '../register/app.ts';
import { keyList } from '../register/config.ts';
import { startHashing } from '../register/hashing.ts';
import { createWitness } from '../register/witness.ts';
import type { WitnessEndpoint } from '../register/witnessing.ts';
import { issuerMigrations, type IssuerSchema } from '../storage/issuer.ts';
import { migrate } from '../storage/migrate.ts';
import { type Database, openDatabase } from '../storage/open.ts';
import type { WitnessTables } from '../storage/witness.ts';
import { openVerificationKey } from '../verifying/artifacts.ts';
import { type Config, type Program, WITNESS_PROGRAMS, type WitnessProgram } from './config.ts';
import { approverKeys, type Keys, witnessKeys } from './keys.ts';
import { addressOf, type App, listen } from './listen.ts';
import { ARTIFACT_PARTS, ARTIFACTS, PAGES } from './pages.ts';
import { publishedFiles } from './published_files.ts';
import { createWalletHost, type WalletConfig } from './wallet_host.ts';

/** Origin line and key name of the register's checkpoints. */
export const REGISTER_NAME = 'register.bauta.localhost/v1';
/** In a development stack an epoch turns when there is something to publish. */
export const TURN = 'on_demand';
/** Number of the sample issuer in credentials. */
const ISSUER_NUMBER = 1;

/** What all programs of a stack share. */
export interface House {
  readonly config: Config;
  readonly keys: Keys;
  readonly manifest: Manifest;
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  readonly logger: (service: string) => Logger;
  /** What to do when the stack ends, in the order of starting. */
  readonly closers: (() => Promise<void>)[];
}

/** Cryptographically secure bytes. */
export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** A program on its origin. */
export interface Started<Made> {
  readonly origin: string;
  readonly made: Made;
}

/** Puts a program on its port. */
export async function bind<Made extends { readonly app: App }>(
  { config, closers }: House,
  program: Program,
  make: (origin: string) => Promise<Made>,
): Promise<Started<Made>> {
  let made: Made | undefined;
  const listening = await listen(
    async (origin) => {
      made = await make(origin);
      return made;
    },
    config.ports[program],
    program,
  );
  closers.push(() => listening.close());
  return { origin: listening.origin, made: made as Made };
}

/** Opens a program's database. */
export async function open<Schema>({ closers }: House, url: string): Promise<Database<Schema>> {
  const database = await openDatabase<Schema>(url);
  closers.push(() => database.close());
  return database;
}

/** Reads a circuit's verification key. */
export function readKeyFile(manifest: Manifest, circuit: CircuitName): Promise<Uint8Array> {
  return readFile(join(ARTIFACTS, manifest.circuits[circuit].vkey.file));
}

/** How many witnesses of a development stack must have cosigned a checkpoint. */
export const WITNESS_THRESHOLD = 2;

/** A witness that runs. */
type StartedWitness = WitnessEndpoint & { readonly program: WitnessProgram };

/** Public keys and names of the witnesses. */
export function witnessNames({ keys }: Pick<House, 'keys'>): readonly NoteKey[] {
  return witnessKeys(keys).map((key, i) => ({
    name: `witness${String(i + 1)}.bauta.localhost/w1`,
    publicKey: ed25519.getPublicKey(key),
  }));
}

async function startWitnesses(house: House, registerUrl: string): Promise<readonly StartedWitness[]> {
  const { config, keys, clock, logger } = house;
  const secrets = witnessKeys(keys);
  const publicKey = ed25519.getPublicKey(keys.register);
  const started: StartedWitness[] = [];
  for (const [i, program] of WITNESS_PROGRAMS.entries()) {
    const [key, signingKey] = [witnessNames(house)[i], secrets[i]];
    if (key === undefined || signingKey === undefined) continue;
    const database = await open<WitnessTables>(house, config.databases[program]);
    const { origin } = await bind(house, program, () =>
      createWitness({
        name: key.name,
        signingKey,
        register: { name: REGISTER_NAME, publicKey, url: registerUrl, epochSeconds: config.epochSeconds },
        database,
        clock,
        fetch,
        logger: logger(program),
      }),
    );
    started.push({ ...key, url: origin, program });
  }
  return started;
}

/** Starts the register, and the witnesses that watch it. */
export async function startRegister(
  house: House,
): Promise<Started<Register & { readonly witnesses: readonly StartedWitness[] }>> {
  const { config, keys, clock, logger } = house;
  const database = await open<never>(house, config.databases.register);
  const hashing = config.hashingThreads > 0 ? startHashing(config.hashingThreads) : undefined;
  if (hashing !== undefined) house.closers.push(hashing.close);
  const artifacts = await publishedFiles(house.manifest, PAGES);
  return bind(house, 'register', async (origin) => {
    const witnesses = await startWitnesses(house, origin);
    const register = await createRegister({
      origin: REGISTER_NAME,
      signingKey: keys.register,
      issuers: keyList(ed25519.getPublicKey(keys.issuer)),
      approvers: keyList(...approverKeys(keys).map((key) => ed25519.getPublicKey(key))),
      rules: { approvals: config.revocationApprovals, delay: config.revocationDelay },
      artifacts,
      operators: keyList(ed25519.getPublicKey(keys.operator)),
      epochSeconds: config.epochSeconds,
      turn: TURN,
      timeZone: config.timeZone,
      clock,
      random,
      database,
      logger: logger('register'),
      witnessing: { witnesses, threshold: WITNESS_THRESHOLD, fetch },
      ...(hashing && { hashAll: hashing.hashAll }),
    });
    return { ...register, witnesses };
  });
}

/** Starts the issuer. */
export async function startIssuer(
  house: House,
  options: {
    readonly name: string;
    readonly registerUrl: string;
    readonly anchors: AnchorSet;
    readonly compareFaces: CompareFaces;
    readonly checkLiveness: CheckLiveness | 'unsafe_off';
    readonly phone: PhoneDeps;
  } & Pick<DocumentDeps, 'decoder' | 'registry' | 'revocations'>,
): Promise<Started<Issuer>> {
  const { config, keys, clock, logger } = house;
  const database = await open<IssuerSchema>(house, config.databases.issuer);
  await migrate(database, issuerMigrations);
  const verificationKey = await openVerificationKey(
    house.manifest,
    'issue',
    await readKeyFile(house.manifest, 'issue'),
  );
  const poseidon = await buildWasmPoseidon();
  return bind(house, 'issuer', () =>
    Promise.resolve(
      createIssuer({
        ...options,
        address: (c) => addressOf(c, config.trustedProxies),
        enrolmentsPerNetwork: config.enrolmentsPerNetwork,
        logger: logger('issuer'),
        clock,
        random,
        timeZone: config.timeZone,
        dedupKey: keys.dedup,
        issuerNumber: ISSUER_NUMBER,
        database,
        poseidon,
        verificationKey,
        signingKey: keys.issuer,
        approvers: keyList(...approverKeys(keys).map((key) => ed25519.getPublicKey(key))),
        fetch,
      }),
    ),
  );
}

/** Starts the wallet's host. */
export function startWalletHost(
  house: House,
  options: { readonly config: () => WalletConfig; readonly samples: Hono | undefined },
): Promise<Started<{ readonly app: Hono }>> {
  const { clock, logger } = house;
  return bind(house, 'wallet', () =>
    Promise.resolve({
      app: createWalletHost({
        pages: PAGES,
        parts: ARTIFACT_PARTS,
        config: options.config,
        clock,
        logger: logger('wallet'),
        ...(options.samples === undefined ? {} : { samples: options.samples }),
      }),
    }),
  );
}
