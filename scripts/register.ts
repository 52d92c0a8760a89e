// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The command of the register's approvers and its operator; `--help` says what it can do.
 *
 * @module
 */
import { runCommand } from '../src/register/command.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  fetch: (url, init) => fetch(url, init),
  clock: () => Date.now(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
