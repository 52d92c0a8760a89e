// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run mirror`: copies a register into a folder that any web server can serve; `--help` says how.
 *
 * @module
 */
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ProtocolError } from '../src/protocol/errors.ts';
import { mirror } from '../src/register/mirror.ts';

const HELP = `Usage: npm run --silent mirror -- --url URL --out DIR [--every SECONDS]

Copies everything public of a register into a folder, under the same paths: checkpoints, blocks, deltas,
tiles of the log, open announcements. Run again, it fetches what is new. Prints one JSON object a run.

  --url URL        the register, or another mirror, e.g. http://localhost:4102
  --out DIR        the folder; made if it is missing
  --every SECONDS  runs again and again, until it is stopped
`;

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { url: text, out: text, every: text, help: { type: 'boolean' } } });
  const every = values.every === undefined ? undefined : Number(values.every);
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  if (values.url === undefined || !URL.canParse(values.url) || !values.out || (every !== undefined && !(every >= 1))) {
    console.error(HELP);
    return 2;
  }
  const deps = {
    url: values.url.replace(/\/+$/, ''),
    out: values.out,
    fetch: (url: string, init: RequestInit) => fetch(url, init),
  };
  for (;;) {
    try {
      console.log(JSON.stringify(await mirror(deps)));
      if (every === undefined) return 0;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      console.error(`${error.code}: ${error.message}`);
      if (every === undefined) return 1;
    }
    await setTimeout(every * 1000);
  }
}

process.exitCode = await main();
