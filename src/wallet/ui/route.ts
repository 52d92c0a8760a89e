// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Addresses of the pages. A platform's request stays in the fragment through all of them, so that it
 * survives an enrolment in between, and no server ever sees it.
 *
 * @module
 */
import { useEffect, useState } from 'preact/hooks';

/** The pages that have an address. */
export type Page =
  | 'welcome'
  | 'enrol'
  | 'credential'
  | 'present'
  | 'scan'
  | 'activity'
  | 'platforms'
  | 'security'
  | 'device'
  | 'recover'
  | 'renew'
  | 'second'
  | 'restore'
  | 'reset'
  | 'promises';

const PATHS: Readonly<Record<Page, string>> = {
  welcome: '/',
  enrol: '/enrol',
  credential: '/credential',
  present: '/present',
  scan: '/scan',
  activity: '/activity',
  platforms: '/platforms',
  security: '/security',
  device: '/device',
  recover: '/recover',
  renew: '/renew',
  second: '/second',
  restore: '/restore',
  reset: '/reset',
  promises: '/promises',
};

const MOVED = 'bauta:moved';

/** Where the browser stands. */
export interface Route {
  readonly page: Page;
  /** `location.hash`: a platform's request, or empty. */
  readonly fragment: string;
}

function here(): Route {
  const path = location.pathname.replace(/\/+$/, '') || '/';
  const page = (Object.keys(PATHS) as Page[]).find((name) => PATHS[name] === path);
  return { page: page ?? 'welcome', fragment: location.hash };
}

/**
 * Goes to a page.
 *
 * @param page - Where to.
 * @param fragment - The request to keep, if any.
 */
export function go(page: Page, fragment = ''): void {
  history.pushState(null, '', PATHS[page] + fragment);
  window.dispatchEvent(new Event(MOVED));
  window.scrollTo({ top: 0 });
}

/** The address of a page, for links. */
export function hrefOf(page: Page): string {
  return PATHS[page];
}

/** The current route, followed. */
export function useRoute(): Route {
  const [route, setRoute] = useState(here);
  useEffect(() => {
    const follow = (): void => setRoute(here());
    const events = [MOVED, 'popstate', 'hashchange'];
    events.forEach((name) => window.addEventListener(name, follow));
    return () => events.forEach((name) => window.removeEventListener(name, follow));
  }, []);
  return route;
}
