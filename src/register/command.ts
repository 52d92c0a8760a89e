// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The command line of approvers and the operator, `npm run register`. Prints one JSON object; 1 when the register
 * refuses, 2 when the command line is wrong.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { REVOCATION_REASONS, URGENT_REASONS } from '../log/events.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { listAppeals } from './appeals_client.ts';
import { type Act, actSchema, approve, submit } from './approver.ts';
import { makeKey, readApproval, readKey, UsageError } from './command_files.ts';
import { type RegisterAddress, turn } from './operator.ts';

const HELP = `Usage: npm run --silent register -- COMMAND

A revocation is decided by several approvers. Each signs alone, where the key is, and hands on what
approve prints; whoever has enough approvals submits them. No command but those with --url uses the network.

Commands
  approve  --leaf DECIMAL --reason CLASS [--after POSITION] --key FILE
           Approves that a revocation is announced. --after names an earlier, reversed announcement.
  approve  --leaf DECIMAL --reverse POSITION --key FILE
           Approves that the announcement at that log position is reversed: the credential stays.
  approve  --leaf DECIMAL --reason CLASS --urgent --key FILE
           Approves that the credential is revoked at once: ${URGENT_REASONS.join(', ')} only.
  announce --approval FILE --approval FILE ... --url URL
           Announces a revocation. It is carried out by itself once the delay has passed.
  reverse  --approval FILE --approval FILE ... --url URL
           Reverses an announcement.
  revoke   --urgent --approval FILE --approval FILE ... --url URL
           Revokes at once, for good. It holds from the next checkpoint on: two epochs at most.
  appeals  --url URL --key FILE
           Lists the appeals that wait at an issuer, for its approvers.
  turn     --url URL --key FILE
           Cuts the next checkpoint, if one is due.
  key      --out FILE
           Makes a key and prints its public part, for the configuration of register and issuer.

  --key FILE   A secret key: a file of 'key', or the keys.json of a development stack, in which
               --name NAME chooses (approver1, approver2, approver3; operator to turn).
               Nobody but its owner may read it.
  --url URL    The register, e.g. http://localhost:4102, or the issuer, e.g. http://localhost:4101

Reason classes, public in the log
${Object.entries(REVOCATION_REASONS)
  .map(([name, meaning]) => `  ${name.padEnd(24)}${meaning}`)
  .join('\n')}
`;

/** Where a command reads from and writes to. */
export interface Terminal {
  readonly fetch: RegisterAddress['fetch'];
  /** Unix time, milliseconds. */
  readonly clock: () => number;
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
    terminal.out(`${JSON.stringify(await execute(args, terminal))}\n`);
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

async function execute(args: readonly string[], { fetch, clock }: Terminal): Promise<object> {
  const { command, options } = readArguments(args);
  const address = (): RegisterAddress => ({ url: readUrl(required(options.url, '--url')), fetch });
  const key = (name: string): Uint8Array => readKey(required(options.key, '--key'), options.name ?? name);
  switch (command) {
    case 'approve':
      return approve(readAct(options), key('approver1'));
    case 'announce':
    case 'reverse':
    case 'revoke':
      if (command === 'revoke' && options.urgent !== true) {
        throw new UsageError('only an urgent revocation needs no announcement: revoke --urgent, or announce');
      }
      if (options.approval === undefined) {
        throw new UsageError('--approval is missing');
      }
      return submit(address(), command, options.approval.map(readApproval));
    case 'appeals':
      return { appeals: await listAppeals(address(), key('approver1'), clock()) };
    case 'turn':
      return turn({ ...address(), key: key('operator') });
    case 'key':
      return makeKey(required(options.out, '--out'));
    case undefined:
    default:
      throw new UsageError('the command is approve, announce, reverse, revoke, appeals, turn or key');
  }
}

const text = { type: 'string' } as const;
const OPTIONS = {
  leaf: text,
  reason: text,
  after: text,
  reverse: text,
  url: text,
  key: text,
  name: text,
  out: text,
  urgent: { type: 'boolean' },
  approval: { type: 'string', multiple: true },
} as const;

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values'];

function readArguments(args: readonly string[]): { readonly command: string | undefined; readonly options: Options } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
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

function readAct({ leaf, reason, after = '-1', reverse, urgent = false }: Options): Act {
  const act =
    reverse === undefined
      ? {
          leaf,
          reason: required(reason, '--reason'),
          ...(urgent ? { act: 'revoke' } : { act: 'announce', after: Number(after) }),
        }
      : { leaf, act: 'reverse', announcement: Number(reverse) };
  if (reverse !== undefined && (reason !== undefined || urgent)) {
    throw new UsageError('a reversal has no reason and is never urgent');
  }
  const parsed = actSchema.safeParse({ ...act, leaf: required(leaf, '--leaf') });
  if (!parsed.success) {
    throw new UsageError(USAGE_OF[String(parsed.error.issues[0]?.path[0])] ?? 'the approval is malformed');
  }
  return parsed.data;
}

const USAGE_OF: Readonly<Record<string, string>> = {
  leaf: '--leaf is a canonical field element, in decimal',
  reason: `--reason is a class of the list below; a holder's request comes from the issuer, and --urgent allows ${URGENT_REASONS.join(' and ')} only`,
  after: '--after is a log position',
  announcement: '--reverse is a log position',
};

function readUrl(text: string): string {
  const base = text.replace(/\/$/, '');
  if (!URL.canParse(base)) {
    throw new UsageError('--url is not a URL');
  }
  return base;
}
