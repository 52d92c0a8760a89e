// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run guard`: runs one PIN guard, by somebody else than issuer, platforms and the other guards. Ends
 * on SIGINT or SIGTERM.
 *
 * @module
 */
import type { Context } from 'hono';
import { createGuard } from '../guard/app.ts';
import { createLogger } from '../http/logs.ts';
import type { GuardSchema } from '../storage/guard.ts';
import { openDatabase } from '../storage/open.ts';
import { endWith, LARGEST_PORT, readOptions, required, runProgram, wholeNumber } from './command_line.ts';
import { makeGuardKey, readGuardKey } from './guard_keys.ts';
import { connectionAddress, listen } from './listen.ts';
import { random } from './programs.ts';

const HELP = `Usage: npm run --silent guard -- --key FILE --database URL --port PORT [--behind-proxy]
       npm run --silent guard -- --make-key FILE

Guards the PINs of wallets: counts each guess before it answers, slows down after three wrong ones, deletes
the record at ten. Keeps records under random ids and nothing else about a person. Run one process on one
database; wallets call http://localhost:PORT, so put a proxy with TLS in front of it.

  --key           the guard's secret key: a file of --make-key; nobody but its owner may read it.
                  Without it every record is lost, so keep a copy, apart from copies of the database
  --database      file:PATH or postgres://…, of this guard alone. A copy set back to an older state gives
                  guesses back that were used: restore one only when the alternative is to lose the records
  --port          of this machine
  --behind-proxy  a proxy sets X-Forwarded-For; its last address is the caller's
  --make-key      makes a key and prints its public part, for the wallets' config.json
`;

/** Milliseconds between two looks for records to delete. */
const TEND_INTERVAL = 10_000;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const OPTIONS = { key: text, database: text, port: text, 'make-key': text, 'behind-proxy': flag, help: flag } as const;

/** The address that the proxy in front has seen: the last one, since the caller chooses those before. */
function forwardedAddress(c: Context): string {
  const last = (c.req.header('x-forwarded-for') ?? '').split(',').at(-1)?.trim() ?? '';
  return last === '' ? connectionAddress(c) : last;
}

async function main(): Promise<void> {
  const values = readOptions(OPTIONS);
  if (values.help === true) {
    console.log(HELP);
    return;
  }
  if (values['make-key'] !== undefined) {
    console.log(JSON.stringify({ public_key: (await makeGuardKey(values['make-key'])).publicKey }));
    return;
  }
  const port = wholeNumber(required(values, 'port'), 'port', LARGEST_PORT);
  const keys = await readGuardKey(required(values, 'key'));
  const database = await openDatabase<GuardSchema>(required(values, 'database'));
  const logger = createLogger('guard');
  const address = values['behind-proxy'] === true ? forwardedAddress : connectionAddress;
  let tend = (): Promise<void> => Promise.resolve();
  const listening = await listen(
    async () => {
      const guard = await createGuard({ keys, database, clock: () => Date.now(), random, logger, address });
      ({ tend } = guard);
      return guard;
    },
    port,
    'guard',
    '--port',
  );
  logger.info({ origin: listening.origin, public_key: keys.publicKey });
  const timer = setInterval(() => {
    tend().catch(() => {
      logger.error({ error: 'records could not be deleted' });
    });
  }, TEND_INTERVAL);
  endWith(async () => {
    clearInterval(timer);
    await listening.close();
    await database.close();
  });
}

runProgram('guard', HELP, main);
