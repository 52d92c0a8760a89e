// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A whole Bauta on one machine: register with three witnesses, issuer, two PIN guards, the wallet's host
 * and three sample platforms, each on an origin of its own, talking over HTTP only.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Hono } from 'hono';
import type { AuthoritySimulator } from '../demo/authority_simulator.ts';
import { LANGUAGES } from '../demo/platforms/texts.ts';
import type { AnchorSet } from '../documents/anchors.ts';
import { createLogger, type Logger } from '../http/logs.ts';
import type { CheckLiveness, CompareFaces } from '../issuer/face_step.ts';
import { type Manifest, parseManifest, requireProductionKeys } from '../protocol/artifacts.ts';
import { toBase64Url } from '../protocol/scope.ts';
import type { Register } from '../register/app.ts';
import { startAuthorities } from './authorities.ts';
import { type Config, PLATFORM_PROGRAMS, type PlatformProgram } from './config.ts';
import { startGuards } from './guards.ts';
import { livenessOf } from './liveness.ts';
import { approverKeys, type Keys, loadKeys, makeKeys } from './keys.ts';
import { ARTIFACTS } from './pages.ts';
import { startPhones } from './phones.ts';
import { platformKeys, type PlatformKeys, startPlatforms } from './platforms.ts';
import {
  type House,
  REGISTER_NAME,
  startIssuer,
  startRegister,
  startWalletHost,
  TURN,
  WITNESS_THRESHOLD,
} from './programs.ts';
import { openTrusted } from './trusted.ts';
import type { WalletConfig } from './wallet_host.ts';

/** Milliseconds between two looks at whether an epoch is due. */
const TURN_INTERVAL = 250;
/** Milliseconds between two attempts to hand leaves to the register. */
const SUBMIT_INTERVAL = 5_000;
/** What the sample issuer is called. */
const ISSUER_NAME = { en: 'Bauta sample issuer', zh: 'Bauta 示例签发机构' };

/** What a stack is given beside its configuration. */
export interface StackOptions {
  readonly config: Config;
  /** Country signing keys that the issuer trusts. */
  readonly anchors: AnchorSet;
  readonly compareFaces: CompareFaces;
  /** Needed unless the configuration turns liveness off. */
  readonly checkLiveness?: CheckLiveness;
  /** Stands for the authorities' services that the configuration does not name. */
  readonly authority?: AuthoritySimulator;
  /** Sample people for the wallet's pages, below `/demo`. */
  readonly samples?: Hono;
  /** Unix time in milliseconds; the system's by default. */
  readonly clock?: () => number;
  /** Whether epochs turn by themselves. Default true. */
  readonly timers?: boolean;
  /** Where request logs go; by default nowhere. */
  readonly logger?: (service: string) => Logger;
}

/** A running stack. */
export interface Stack {
  /** Origins by program. */
  readonly urls: Readonly<Record<'wallet' | 'issuer' | 'register' | PlatformProgram, string>>;
  /** Page of the messages to phones; undefined if they go to telephones. */
  readonly inboxUrl: string | undefined;
  /** What the wallet is told. */
  readonly walletConfig: WalletConfig;
  readonly manifest: Manifest;
  /** Bearer keys of the platforms' backends. */
  readonly apiKeys: PlatformKeys;
  /** Ed25519 secret keys of the register's approvers. */
  readonly approverKeys: readonly Uint8Array[];
  /** Turns, and waits for the witnesses. */
  readonly register: Pick<Register, 'turn'>;
  readonly witnesses: readonly { readonly name: string; readonly url: string }[];
  close(): Promise<void>;
}

async function readManifest(production: boolean): Promise<Manifest> {
  const manifest = parseManifest(JSON.parse(await readFile(join(ARTIFACTS, 'manifest.json'), 'utf8')));
  requireProductionKeys(manifest, production);
  return manifest;
}

/**
 * Starts everything.
 *
 * @param options - See {@link StackOptions}.
 * @throws ProtocolError `port_taken`, `development_keys_refused`, `database_unreachable`, …; what was
 * started is closed again.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await start(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: StackOptions,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<Stack> {
  const { config } = options;
  const keys: Keys = config.dataFolder === undefined ? makeKeys() : await loadKeys(config.dataFolder);
  const house: House = {
    config,
    keys,
    manifest: await readManifest(config.production),
    clock: options.clock ?? (() => Date.now()),
    logger: options.logger ?? ((service) => createLogger(service, { write: () => undefined })),
    closers,
  };

  const register = await startRegister(house);
  const registerUrl = register.origin;
  const { witnesses, push } = register.made;
  closers.push(() => push.close());
  const witness = async (): Promise<void> => {
    push.start();
    await push.settled();
  };
  await witness();
  const { compareFaces, samples } = options;
  const trusted = await openTrusted(config.trust, options.anchors, house.clock(), house.logger('issuer'));
  const asked = await startAuthorities(house, options.authority);
  const { phone, inboxUrl } = await startPhones(house);
  const issuer = await startIssuer(house, {
    ...{
      name: ISSUER_NAME.en,
      registerUrl,
      compareFaces,
      checkLiveness: livenessOf(config, options.checkLiveness),
      phone,
    },
    ...trusted,
    ...asked,
  });
  const guards = await startGuards(house);
  const platforms: WalletConfig['platforms'][number][] = [];
  const walletConfig: WalletConfig = {
    issuer: { url: issuer.origin, name: ISSUER_NAME, key: toBase64Url(issuer.made.issuance.publicKey) },
    register: {
      url: registerUrl,
      name: REGISTER_NAME,
      key: toBase64Url(ed25519.getPublicKey(keys.register)),
      timeZone: config.timeZone,
      epochSeconds: config.epochSeconds,
      mirrors: config.mirrors,
      turn: TURN,
      witnesses: witnesses.map(({ name, publicKey }) => ({ name, key: toBase64Url(publicKey) })),
      threshold: WITNESS_THRESHOLD,
    },
    guards: guards.configs,
    demo: samples !== undefined,
    // Filled below: platforms need the wallet's address to start.
    platforms,
  };
  const wallet = await startWalletHost(house, { config: () => walletConfig, samples });
  const sites = await startPlatforms(house, { walletUrl: wallet.origin, registerUrl });
  for (const kind of PLATFORM_PROGRAMS) {
    const name = { en: LANGUAGES.en.names[kind], zh: LANGUAGES.zh.names[kind] };
    platforms.push({ url: sites.urls[kind], name });
  }

  if (options.timers !== false) {
    const turnAndPush = async (): Promise<void> => {
      await register.made.turn();
      // Not waited for: a slow witness holds up nothing.
      push.start();
    };
    closers.push(repeat(turnAndPush, TURN_INTERVAL));
    closers.push(repeat(issuer.made.tend, SUBMIT_INTERVAL));
    closers.push(repeat(guards.tend, SUBMIT_INTERVAL));
    closers.push(repeat(sites.tend, SUBMIT_INTERVAL));
  }
  return {
    urls: { wallet: wallet.origin, issuer: issuer.origin, register: registerUrl, ...sites.urls },
    inboxUrl,
    walletConfig,
    manifest: house.manifest,
    apiKeys: platformKeys(keys),
    approverKeys: approverKeys(keys),
    register: {
      turn: async () => {
        const turned = await register.made.turn();
        await witness();
        return turned;
      },
    },
    witnesses: witnesses.map(({ name, url }) => ({ name, url })),
    close,
  };
}

/** Runs a task again and again, never twice at once; a failure waits for the next round. */
function repeat(task: () => Promise<unknown>, interval: number): () => Promise<void> {
  const stop = new AbortController();
  const rounds = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await task().catch(() => undefined);
      await setTimeout(interval, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
  };
  const running = rounds();
  return async () => {
    stop.abort();
    await running;
  };
}
