// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The register operator's command line, `npm run register`. Prints one JSON object; 1 when the register
 * refuses, 2 when the command line is wrong.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ed25519 } from '@noble/curves/ed25519.js';
import { REVOCATION_REASONS, reasonSchema, type RevocationReason } from '../log/events.ts';
import { keyIdOf } from '../log/signatures.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { parseField } from '../protocol/field.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { type Operator, revoke, turn } from './operator.ts';

const HELP = `Usage: npm run --silent register -- COMMAND

Commands
  revoke --leaf DECIMAL --reason CLASS --url URL --key FILE
         Revokes a credential's leaf, for good. It holds from the next checkpoint on: two epochs at most.
  turn   --url URL --key FILE
         Cuts the next checkpoint, if one is due.
  key    --out FILE
         Makes an operator's key and prints its public part, for the register's configuration.

  --key FILE  The operator's secret key: a file of 'key', or the keys.json of a development stack.
              Nobody but its owner may read it.
  --url URL   The register, e.g. http://localhost:4102

Reason classes, public in the log
${Object.entries(REVOCATION_REASONS)
  .map(([name, meaning]) => `  ${name.padEnd(24)}${meaning}`)
  .join('\n')}
`;

/** Where a command reads from and writes to. */
export interface Terminal {
  readonly fetch: Operator['fetch'];
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Runs a command.
 *
 * @param args - The words after the program's name.
 * @param terminal - Of the process, or of a test.
 * @returns The exit code.
 */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  if (args.includes('--help')) {
    terminal.out(HELP);
    return 0;
  }
  try {
    terminal.out(`${JSON.stringify(await execute(args, terminal.fetch))}\n`);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.err(`${error.message}\n\n${HELP}`);
      return 2;
    }
    terminal.err(`${error instanceof ProtocolError ? `${error.code}: ${error.message}` : String(error)}\n`);
    return 1;
  }
}

async function execute(args: readonly string[], fetch: Operator['fetch']): Promise<object> {
  const { command, options } = readArguments(args);
  if (command === 'revoke') {
    const leaf = parseField(required(options.leaf, '--leaf'));
    const status = await revoke(operator(options, fetch), leaf, parseReason(required(options.reason, '--reason')));
    return { leaf: leaf.toString(), status };
  }
  if (command === 'turn') {
    return turn(operator(options, fetch));
  }
  if (command === 'key') {
    return makeKey(required(options.out, '--out'));
  }
  throw new UsageError('the command is revoke, turn or key');
}

class UsageError extends Error {}

interface Options {
  readonly leaf?: string | undefined;
  readonly reason?: string | undefined;
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly out?: string | undefined;
}

function readArguments(args: readonly string[]): { readonly command: string | undefined; readonly options: Options } {
  const text = { type: 'string' } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { leaf: text, reason: text, url: text, key: text, out: text },
      allowPositionals: true,
    });
    return { command: positionals.length === 1 ? positionals[0] : undefined, options: values };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options are malformed');
  }
}

function required(value: string | undefined, name: string): string {
  if (value === undefined || value === '') {
    throw new UsageError(`${name} is missing`);
  }
  return value;
}

function parseReason(text: string): RevocationReason {
  const parsed = reasonSchema.safeParse(text);
  if (!parsed.success) {
    throw new UsageError(`--reason is one of ${Object.keys(REVOCATION_REASONS).join(', ')}`);
  }
  return parsed.data;
}

function operator({ url, key }: Options, fetch: Operator['fetch']): Operator {
  const base = required(url, '--url').replace(/\/$/, '');
  if (!URL.canParse(base)) {
    throw new UsageError('--url is not a URL');
  }
  return { url: base, key: readKey(required(key, '--key')), fetch };
}

function readKey(path: string): Uint8Array {
  let text: string;
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      throw new UsageError(`others may read ${path}; run: chmod 600 ${path}`);
    }
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`${path} cannot be read`);
  }
  try {
    const secret = fromBase64Url(text.startsWith('{') ? (JSON.parse(text) as { operator: string }).operator : text);
    if (secret.length === 32) {
      return secret;
    }
  } catch {
    // told below
  }
  throw new UsageError(`${path} does not hold an operator's key`);
}

function makeKey(path: string): object {
  const secret = new Uint8Array(randomBytes(32));
  try {
    writeFileSync(path, `${toBase64Url(secret)}\n`, { mode: 0o600, flag: 'wx' });
  } catch {
    throw new UsageError(`${path} exists already or cannot be written`);
  }
  const publicKey = ed25519.getPublicKey(secret);
  return { id: keyIdOf(publicKey), public_key: toBase64Url(publicKey) };
}
