// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run witness`: runs a witness of a register, by somebody else than the register. Ends on SIGINT or
 * SIGTERM.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { createLogger } from '../http/logs.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { makeKey, readKey, UsageError } from '../register/command_files.ts';
import { createWitness } from '../register/witness.ts';
import { openDatabase } from '../storage/open.ts';
import type { WitnessTables } from '../storage/witness.ts';
import { endWith, LARGEST_PORT, readOptions, required, runProgram, wholeNumber } from './command_line.ts';
import { listen } from './listen.ts';

const HELP = `Usage: npm run --silent witness -- --name NAME --key FILE --database URL --port PORT
         --register-name NAME --register-key KEY --register-url URL --epoch-seconds N
       npm run --silent witness -- --make-key FILE

Watches a register: replays its log, and cosigns each checkpoint that follows from it. The register calls
POST http://localhost:PORT/add-checkpoint; put a proxy with TLS in front of it.

  --name            name of this witness, e.g. witness.example/w1: a URL of yours without its scheme
  --key             its secret key: a file of --make-key; nobody but its owner may read it
  --database        file:PATH or postgres://…, of this witness alone. Never set it back to an older state:
                    what it has cosigned it must not forget
  --port            of this machine
  --register-name   origin of the register's log
  --register-key    its public key, base64url
  --register-url    where to read the log's tiles: the register or a mirror of it
  --epoch-seconds   length of its epochs
  --make-key        makes a key and prints its public part, for the register's and its clients' configuration
`;

const text = { type: 'string' } as const;
const OPTIONS = {
  name: text,
  key: text,
  database: text,
  port: text,
  'register-name': text,
  'register-key': text,
  'register-url': text,
  'epoch-seconds': text,
  'make-key': text,
  help: { type: 'boolean' },
} as const;

async function main(): Promise<void> {
  const values = readOptions(OPTIONS);
  if (values.help === true) {
    console.log(HELP);
    return;
  }
  const keyFile = values['make-key'];
  if (keyFile !== undefined) {
    console.log(JSON.stringify({ public_key: makeKey(keyFile).public_key }));
    return;
  }
  const [name, key] = [required(values, 'name'), required(values, 'register-key')];
  if (!/^[\w-]{43}$/.test(key)) throw new UsageError('--register-key is 32 bytes in base64url');
  const signingKey = readKey(required(values, 'key'), 'witness');
  const register = {
    name: required(values, 'register-name'),
    publicKey: fromBase64Url(key),
    url: required(values, 'register-url').replace(/\/$/, ''),
    epochSeconds: wholeNumber(required(values, 'epoch-seconds'), 'epoch-seconds', 604_800),
  };
  const port = wholeNumber(required(values, 'port'), 'port', LARGEST_PORT);
  const logger = createLogger(name);
  const database = await openDatabase<WitnessTables>(required(values, 'database'));
  const clock = (): number => Date.now();
  const listening = await listen(
    () => createWitness({ name, signingKey, register, database, clock, fetch, logger }),
    port,
    'witness',
    '--port',
  );
  const { origin } = listening;
  logger.info({ origin, public_key: toBase64Url(ed25519.getPublicKey(signingKey)), register: register.name });
  endWith(async () => {
    await listening.close();
    await database.close();
  });
}

runProgram('witness', HELP, main);
