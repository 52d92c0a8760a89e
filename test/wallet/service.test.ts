// SPDX-License-Identifier: GPL-3.0-or-later
/** A new version with two pages open: one takes it, the other learns of it, and loads again when it is told to. */
import { afterEach, expect, it, vi } from 'vitest';
import { applyUpdate, startService } from '../../src/wallet/ui/service.ts';

afterEach(() => void vi.unstubAllGlobals());

/** A page under a service worker, or none, at the side of its browser. */
function page({ controller }: { readonly controller: object | null }): {
  readonly reload: () => void;
  readonly registration: EventTarget & { waiting: { postMessage: (message: unknown) => void } | null };
  readonly takeOver: () => void;
} {
  const registration = Object.assign(new EventTarget(), { waiting: null, installing: null });
  const serviceWorker = Object.assign(new EventTarget(), {
    controller,
    register: () => Promise.resolve(registration),
    getRegistration: () => Promise.resolve(registration),
  });
  const reload = vi.fn();
  vi.stubGlobal('navigator', { serviceWorker });
  vi.stubGlobal('location', { reload });
  return { reload, registration, takeOver: () => void serviceWorker.dispatchEvent(new Event('controllerchange')) };
}

it('is told to a page from which another page has taken the old version, and loads at its wish', async () => {
  const { reload, takeOver } = page({ controller: {} });
  const told = vi.fn();
  await startService(told);
  expect(told).not.toHaveBeenCalled();
  takeOver();
  expect(told).toHaveBeenCalledOnce();
  expect(reload).not.toHaveBeenCalled();
  await applyUpdate();
  expect(reload).toHaveBeenCalledOnce();
});

it('is nothing to tell of at the first visit', async () => {
  const { takeOver } = page({ controller: null });
  const told = vi.fn();
  await startService(told);
  takeOver();
  expect(told).not.toHaveBeenCalled();
});

it('that waits takes over first', async () => {
  const { reload, registration, takeOver } = page({ controller: {} });
  const postMessage = vi.fn();
  registration.waiting = { postMessage };
  await applyUpdate();
  expect(postMessage).toHaveBeenCalledWith('update');
  expect(reload).not.toHaveBeenCalled();
  takeOver();
  expect(reload).toHaveBeenCalledOnce();
});
