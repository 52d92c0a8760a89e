// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run witness`: runs a witness of a register, by somebody else than the register. Ends on SIGINT or
 * SIGTERM.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { ed25519 } from '@noble/curves/ed25519.js';
import { createLogger } from '../http/logs.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { makeKey, readKey, UsageError } from '../register/command_files.ts';
import { createWitness } from '../register/witness.ts';
import { openDatabase } from '../storage/open.ts';
import type { WitnessTables } from '../storage/witness.ts';
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
  const { values } = readArguments();
  if (values.help === true) {
    console.log(HELP);
    return;
  }
  const keyFile = values['make-key'];
  if (keyFile !== undefined) {
    console.log(JSON.stringify({ public_key: makeKey(keyFile).public_key }));
    return;
  }
  const required = (name: Exclude<keyof typeof OPTIONS, 'help'>): string => {
    const value = values[name];
    if (value === undefined || value === '') throw new UsageError(`--${name} is missing`);
    return value;
  };
  const integer = (name: 'port' | 'epoch-seconds', largest: number): number => {
    const value = Number(required(name));
    if (!Number.isSafeInteger(value) || value < 0 || value > largest)
      throw new UsageError(`--${name} is no such number`);
    return value;
  };
  const [name, key] = [required('name'), required('register-key')];
  if (!/^[\w-]{43}$/.test(key)) throw new UsageError('--register-key is 32 bytes in base64url');
  const signingKey = readKey(required('key'), 'witness');
  const register = {
    name: required('register-name'),
    publicKey: fromBase64Url(key),
    url: required('register-url').replace(/\/$/, ''),
    epochSeconds: integer('epoch-seconds', 604_800),
  };
  const port = integer('port', 65_535);
  const logger = createLogger(name);
  const database = await openDatabase<WitnessTables>(required('database'));
  const clock = (): number => Date.now();
  const listening = await listen(
    () => createWitness({ name, signingKey, register, database, clock, fetch, logger }),
    port,
    'witness',
    '--port',
  );
  const { origin } = listening;
  logger.info({ origin, public_key: toBase64Url(ed25519.getPublicKey(signingKey)), register: register.name });
  const end = (): void => {
    void listening
      .close()
      .then(() => database.close())
      .then(() => process.exit(0));
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options are malformed');
  }
}

main().catch((error: unknown) => {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${HELP}`);
    process.exit(2);
  }
  console.error(error instanceof ProtocolError ? `witness: ${error.code}: ${error.message}` : error);
  process.exit(1);
});
