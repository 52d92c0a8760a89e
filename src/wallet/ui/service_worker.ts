// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's service worker. It serves pages and scripts from its cache, so that the wallet works without
 * a connection and its host does not see when it is opened, and it syncs while no page is open, in browsers
 * with Periodic Background Sync.
 *
 * A new version of the wallet is fetched as a whole, and takes over when the last page of the old one is
 * closed or its holder says so: never half of each.
 *
 * @module
 */
import './no_eval.ts';
import { syncIfDue } from '../keep_synced.ts';
import { loadConfig } from './config.ts';
import { openStore } from './store.ts';
import { syncDeps } from './syncing.ts';

/** Put in by the build: paths of all files of this version, and the hash of them all. */
declare const BAUTA_FILES: readonly string[];
declare const BAUTA_VERSION: string;

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Events {
  readonly install: ExtendableEvent;
  readonly activate: ExtendableEvent;
  readonly periodicsync: ExtendableEvent;
  readonly fetch: FetchEvent;
  readonly message: MessageEvent;
}

/** The part of a service worker that is used; its types do not go together with those of a page. */
interface WorkerScope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener<Name extends keyof Events>(type: Name, listener: (event: Events[Name]) => void): void;
}

const scope = globalThis as unknown as WorkerScope;

const PREFIX = 'bauta-pages-';
const CACHE = PREFIX + BAUTA_VERSION;
/** The page that every address shows. */
const PAGE = '/';
const CONFIG = '/config.json';
/** Of no version: what the host said last serves the next version too. */
const CONFIG_CACHE = 'bauta-config';
/** How long to wait for the host before the last known configuration serves. */
const CONFIG_MS = 4_000;
/** How long one waking may take. */
const WAKE_MS = 120_000;

const FILES: ReadonlySet<string> = new Set(BAUTA_FILES);

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll([PAGE, ...BAUTA_FILES].map((path) => new Request(path, { cache: 'reload' })));
  // The page that installs has read it before it had this worker; what fails here is read at the next visit.
  await askConfig(new Request(CONFIG)).catch(() => undefined);
}

async function askConfig(request: Request): Promise<Response> {
  const answer = await fetch(request, { cache: 'no-store', signal: AbortSignal.timeout(CONFIG_MS) });
  if (answer.ok) await (await caches.open(CONFIG_CACHE)).put(CONFIG, answer.clone());
  return answer;
}

async function dropOld(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)),
  );
  await scope.clients.claim();
}

async function cached(path: string, request: Request): Promise<Response> {
  return (await (await caches.open(CACHE)).match(path)) ?? fetch(request);
}

/** The host may have changed whom the wallet trusts; without a connection, or where it fails, what was known serves. */
async function config(request: Request): Promise<Response> {
  const known = async (): Promise<Response | undefined> => (await caches.open(CONFIG_CACHE)).match(CONFIG);
  try {
    const answer = await askConfig(request);
    return answer.ok ? answer : ((await known()) ?? answer);
  } catch (error) {
    const last = await known();
    if (last === undefined) throw error;
    return last;
  }
}

async function wake(): Promise<void> {
  const store = await openStore();
  const wallet = { config: await loadConfig(), store };
  for (const place of await store.places()) {
    await syncIfDue(syncDeps(wallet, place, AbortSignal.timeout(WAKE_MS)));
  }
}

scope.addEventListener('install', (event) => event.waitUntil(install()));
scope.addEventListener('activate', (event) => event.waitUntil(dropOld()));
scope.addEventListener('periodicsync', (event) => event.waitUntil(wake()));
scope.addEventListener('message', ({ data }) => {
  if (data === 'update') void scope.skipWaiting();
});
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== scope.location.origin) return;
  if (request.mode === 'navigate') event.respondWith(cached(PAGE, request));
  else if (url.pathname === CONFIG) event.respondWith(config(request));
  else if (FILES.has(url.pathname)) event.respondWith(cached(url.pathname, request));
});
