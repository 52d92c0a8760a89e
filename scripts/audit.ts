// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The auditor's command; `--help` says what it can do.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { runAudit } from '../src/register/audit_command.ts';

process.exitCode = await runAudit(process.argv.slice(2), {
  fetch: (url, init) => fetch(url, init),
  readFile: (path) => readFile(path, 'utf8'),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  pause: setTimeout,
  clock: Date.now,
});
