// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Logging in at a sample platform as a browser does: its button, the wallet, the way back with the response
 * code, and the page that greets the visitor by pseudonym.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';
import type { ArmDeps, DeliverDeps } from '../wallet/present.ts';
import { present } from '../wallet/present.ts';
import { readRequest } from '../wallet/request.ts';
import type { StoryHolder } from './stage.ts';

/** What logging in needs. */
export interface LoginDeps extends ArmDeps, Omit<DeliverDeps, 'fetch' | 'clock'> {
  readonly fetch: typeof fetch;
  readonly timeZone: string;
}

function broken(what: string): ProtocolError {
  return new ProtocolError('story_broken', `the sample platform ${what}`);
}

/** A browser's visit: cookies, no redirects. */
class Visit {
  readonly #origin: string;
  readonly #fetch: typeof fetch;
  readonly #cookies = new Map<string, string>();

  constructor(origin: string, fetch: typeof globalThis.fetch) {
    this.#origin = origin;
    this.#fetch = fetch;
  }

  async ask(method: 'GET' | 'POST', path: string, form?: Readonly<Record<string, string>>): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await this.#fetch(this.#origin + path, {
      method,
      redirect: 'manual',
      headers: { cookie, origin: this.#origin, 'accept-language': 'en' },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
    }
    return response;
  }
}

/**
 * Logs in.
 *
 * @param origin - Of the sample platform.
 * @returns The pseudonym that its page shows, 43 characters.
 * @throws {@link ProtocolError} what `readRequest` and `present` throw: the platform's own refusals among them;
 * `story_broken` if the site does not answer as a sample platform does.
 */
export async function logInAt(origin: string, holder: StoryHolder, deps: LoginDeps): Promise<string> {
  const { version } = await deps.prover.info();
  const visit = new Visit(origin, deps.fetch);
  const begun = await visit.ask('POST', '/login', {});
  const location = begun.headers.get('location');
  if (begun.status !== 303 || location === null) throw broken(`answered ${String(begun.status)} to a login`);
  const pending = await readRequest(new URL(location).hash, { ...deps, version });
  const { redirectUri } = await present(pending, holder.credential, holder.synced, deps);
  const code = new URLSearchParams(new URL(redirectUri ?? origin).hash.slice(1)).get('response_code');
  if (code === null) throw broken('gave no response code');
  const back = await visit.ask('POST', '/return', { response_code: code });
  if (back.status !== 303) throw broken(`answered ${String(back.status)} to the way back`);
  const sub = /data-sub-full>([A-Za-z0-9_-]{43})</.exec(await (await visit.ask('GET', '/')).text())?.[1];
  if (sub === undefined) throw broken('greets nobody');
  return sub;
}
