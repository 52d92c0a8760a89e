// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the test runs in the browser, on the wallet's origin and under its policy: the wallet's own
 * modules for passkeys, locks and guards.
 */
import '../../src/wallet/ui/no_eval.ts';
import { openBackup, readBackup, sealBackup } from '../../src/wallet/backup.ts';
import { changePin, enrolAtGuards, openAtGuards } from '../../src/wallet/guards.ts';
import { toField } from '../../src/protocol/field.ts';
import { anonymousFetch, clock, random } from '../../src/wallet/ui/browser.ts';
import { loadConfig } from '../../src/wallet/ui/config.ts';
import { askPasskey, createPasskey, passkeysAvailable } from '../../src/wallet/ui/passkey.ts';
import { createDeviceKey, createLock, openLock } from '../../src/wallet/unlock.ts';

const core = {
  askPasskey,
  changePin,
  clock,
  createDeviceKey,
  createLock,
  createPasskey,
  enrolAtGuards,
  fetch: anonymousFetch,
  loadConfig,
  openAtGuards,
  openBackup,
  openLock,
  passkeysAvailable,
  random,
  readBackup,
  sealBackup,
  toField,
};

declare global {
  interface Window {
    bautaCore: typeof core;
  }
}
window.bautaCore = core;
