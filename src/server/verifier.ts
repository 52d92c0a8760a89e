// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run verifier`: runs a platform's verifier. Ends on SIGINT or SIGTERM, after the requests that are under way.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { createLogger } from '../http/logs.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { readVerifierConfig } from './verifier_config.ts';
import { startVerifier } from './verifier_program.ts';

const HELP = `Usage: npm run --silent verifier -- --config FILE [--check]

Runs a platform's verifier: takes verifications from the platform's backend and answers from wallets. Any number of
processes may share one PostgreSQL database behind a balancer; on SQLite run one. Logs are JSON lines on standard
output, without pseudonyms.

  --config FILE  configuration, JSON; or BAUTA_VERIFIER_CONFIG. docs/operations.md has every member, and
                 docs/deploy/verifier.json one to begin with
  --check        only says whether the configuration is right
  --help

Instead of the file: BAUTA_VERIFIER_DATABASE, _API_KEYS and _WEBHOOK_SECRETS (separated by commas), _HOST, _PORT,
_OPERATIONS_HOST, _OPERATIONS_PORT, _THREADS, _OIDC_SECRET, _MOVED_FROM_API_KEY.

/healthz, /readyz and /metrics are on the port for operations, which the public must not reach.
SIGTERM or SIGINT ends it; exit code 0 when every request under way was finished, 1 when some were cut off, 2 when
the configuration is wrong.
`;

/** A command line or a configuration that is wrong. */
const USAGE = 2;

async function main(): Promise<void> {
  const { values } = readArguments();
  if (values.help === true) {
    console.log(HELP);
    return;
  }
  const file = values.config ?? process.env['BAUTA_VERIFIER_CONFIG'];
  if (file === undefined) throw new ProtocolError('config_invalid', `--config is missing\n\n${HELP}`);
  const config = await readVerifierConfig(file, process.env);
  if (values.check === true) {
    console.log('the configuration is right');
    return;
  }
  const logger = createLogger('verifier');
  const verifier = await startVerifier(config, { logger });
  const end = (): void => {
    logger.info({ ending: true });
    void verifier.end().then((finished) => {
      logger.info({ ended: true, finished });
      process.exit(finished ? 0 : 1);
    });
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  logger.info({ listening: verifier.origin, operations: verifier.operations, for: config.origin });
}

function readArguments() {
  try {
    return parseArgs({
      options: { config: { type: 'string' }, check: { type: 'boolean' }, help: { type: 'boolean' } },
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'the options are malformed';
    throw new ProtocolError('config_invalid', `${message}\n\n${HELP}`, { cause });
  }
}

main().catch((error: unknown) => {
  if (error instanceof ProtocolError) console.error(`verifier: ${error.code}: ${error.message}`);
  else console.error(error);
  process.exit(error instanceof ProtocolError && error.code === 'config_invalid' ? USAGE : 1);
});
