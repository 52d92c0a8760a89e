// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The register operator's command; `--help` says what it can do.
 *
 * @module
 */
import { runCommand } from '../src/register/command.ts';

process.exitCode = await runCommand(process.argv.slice(2), {
  fetch: (url, init) => fetch(url, init),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
