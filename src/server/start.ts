// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm start`: builds the pages when needed, starts a demonstration stack on localhost and prints where
 * it is. Ends on SIGINT or SIGTERM.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createLogger } from '../http/logs.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { readConfig } from './config.ts';
import { startDemoStack } from './demo_stack.ts';
import { buildPages } from './pages.ts';

const HELP = `Usage: npm start -- [--logs] [--help]

Starts Bauta on this machine: wallet, issuer, register, three witnesses, two PIN guards and three sample
platforms, each on its own http://localhost port, with SQLite databases and keys in the folder "data", and sample people.

  --logs   print one line for each request (method, route, status, time; nothing personal)

Ports, databases, time zone and epoch come from BAUTA_… variables: docs/operations.md.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean' }, logs: { type: 'boolean' } } });
  if (values.help === true) {
    console.log(HELP);
    return;
  }
  const config = readConfig(process.env);
  if (config.dataFolder !== undefined) await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  await buildPages(() => {
    console.log('building the pages, once …');
  });
  const stack = await startDemoStack({ config, ...(values.logs === true ? { logger: createLogger } : {}) });
  const { urls } = stack;
  const development = stack.manifest.keys === 'development';
  console.log(`
  Bauta is ready after ${process.uptime().toFixed(1)} s

    wallet         ${urls.wallet}        begin here: enrol with a sample document
    photo editor   ${urls.photo}        asks for over 18
    marketplace    ${urls.market}        asks for a valid ID; has a shop at /terminal
    poll           ${urls.poll}        one person, one vote

    issuer         ${urls.issuer}
    register       ${urls.register}
${stack.inboxUrl === undefined ? '' : `    messages       ${stack.inboxUrl}        codes to phones arrive here\n`}    guards         ${stack.walletConfig.guards.map(({ url }) => url).join('   ')}
    witnesses      ${stack.witnesses.map(({ url }) => url).join('   ')}
${development ? '\n  The proving keys are development keys: good for trying out, not for real people.' : ''}
  Sample documents come from simulated authorities. End with Ctrl+C.
`);
  const end = (): void => {
    void stack.close().then(() => process.exit(0));
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

main().catch((error: unknown) => {
  console.error(error instanceof ProtocolError ? `bauta: ${error.message}` : error);
  process.exit(1);
});
