// SPDX-License-Identifier: GPL-3.0-or-later
/** What the service worker serves without its host, from the first visit on and over versions. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const HOST = 'https://wallet.example';
const CONFIG = '/config.json';

type Listener = (event: object) => void;

const pathOf = (asked: string | Request): string =>
  new URL(typeof asked === 'string' ? asked : asked.url, HOST).pathname;
const offline = (): Response => {
  throw new TypeError('offline');
};

describe('the service worker', () => {
  let stores: Map<string, Map<string, Response>>;
  let listeners: Map<string, Listener>;
  let host: (path: string) => Response;

  beforeEach(() => {
    stores = new Map();
    const open = (name: string): object => {
      const kept = stores.get(name) ?? new Map<string, Response>();
      stores.set(name, kept);
      return {
        addAll: (asked: readonly Request[]) => {
          for (const each of asked) kept.set(pathOf(each), host(pathOf(each)));
        },
        put: (path: string, answer: Response) => void kept.set(path, answer),
        match: (path: string) => Promise.resolve(kept.get(path)?.clone()),
      };
    };
    vi.stubGlobal('caches', {
      open: (name: string) => Promise.resolve(open(name)),
      keys: () => Promise.resolve([...stores.keys()]),
      delete: (name: string) => Promise.resolve(stores.delete(name)),
    });
    vi.stubGlobal('location', new URL(HOST));
    vi.stubGlobal('clients', { claim: () => Promise.resolve() });
    vi.stubGlobal(
      'Request',
      class extends Request {
        constructor(asked: string, init?: RequestInit) {
          super(new URL(asked, HOST), init);
        }
      },
    );
    vi.stubGlobal('fetch', async (asked: Request) => Promise.resolve(host(pathOf(asked))));
    host = (path) => new Response(path === CONFIG ? 'config' : 'page');
  });
  afterEach(() => void vi.unstubAllGlobals());

  /** Runs a version, and has it take over. */
  async function install(version: string): Promise<void> {
    listeners = new Map();
    vi.stubGlobal('BAUTA_FILES', ['/assets/index.js']);
    vi.stubGlobal('BAUTA_VERSION', version);
    vi.stubGlobal('addEventListener', (type: string, listener: Listener) => listeners.set(type, listener));
    vi.resetModules();
    await import('../../src/wallet/ui/service_worker.ts');
    for (const type of ['install', 'activate']) {
      await new Promise<unknown>((resolve) => listeners.get(type)?.({ waitUntil: resolve }));
    }
  }

  async function ask(path: string): Promise<string> {
    const request = { method: 'GET', mode: 'cors', url: HOST + path };
    const answer = await new Promise<Response>((resolve) =>
      listeners.get('fetch')?.({ request, respondWith: resolve }),
    );
    return answer.text();
  }

  it('has pages and configuration after the first visit, and where the host fails', async () => {
    await install('one');
    host = offline;
    expect([await ask('/assets/index.js'), await ask(CONFIG)]).toEqual(['page', 'config']);
    host = () => new Response('Bad Gateway', { status: 502 });
    expect(await ask(CONFIG)).toBe('config');
    host = () => new Response('changed');
    expect(await ask(CONFIG)).toBe('changed');
  });

  it('has the configuration after an update, also one during which the host did not give it', async () => {
    await install('one');
    host = (path) => (path === CONFIG ? offline() : new Response('page of two'));
    await install('two');
    host = offline;
    expect([await ask('/assets/index.js'), await ask(CONFIG)]).toEqual(['page of two', 'config']);
    expect([...stores.keys()].filter((name) => name.endsWith('one'))).toEqual([]);
  });

  it('passes on what the host answers where nothing is known', async () => {
    host = (path) => (path === CONFIG ? new Response('Bad Gateway', { status: 502 }) : new Response('page'));
    await install('one');
    expect(await ask(CONFIG)).toBe('Bad Gateway');
  });
});
