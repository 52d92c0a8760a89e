// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The auditor's command line, `npm run audit`.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { buildWasmPoseidon } from '../commitment/poseidon_wasm.ts';
import { checkWitnessPolicy, type WitnessPolicy } from '../log/cosignature.ts';
import { isKeyName, type NoteKey } from '../log/note.ts';
import { verifyVectors } from '../log/proof_vectors.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import { audit } from './audit.ts';
import type { AuditReport } from './audit_report.ts';
import type { AuditSource } from './audit_source.ts';

const HELP = `Usage: npm run --silent audit -- URL [--key NAME:KEY] [--witness NAME:KEY]... [--threshold K] [--json]
       npm run --silent audit -- --proofs FILE

With URL: downloads everything that a register ever published, from its own service or a mirror, replays it,
and says whether all holds, with the first fault if not: signatures, cosignatures, every entry against every
rule, both roots and all counts of every checkpoint, tiles, and the blocks that wallets download now.
Deltas of blocks are not compared: wallets verify what they make of them.

  URL                 the register, e.g. http://localhost:4102
  --key NAME:KEY      the register's origin and public key, base64url; without it the audit uses what the
                      register says itself, which proves nothing about who it is
  --witness NAME:KEY  a witness to trust; repeat it for each
  --threshold K       how many of them must have cosigned; all, unless given
  --json              prints the report as one JSON object
  --quiet             no progress

With --proofs: verifies a file of RFC 6962 proofs against the verdicts that it wants, and prints
{"tried":N,"agreed":N}. The file is a JSON array of {leafIdx, treeSize, root, leafHash, proof, wantErr} or
{size1, size2, root1, root2, proof, wantErr}; hashes in base64.

Exit codes: 0 all holds or agrees; 1 a fault, or verdicts that differ; 2 a wrong command line or file;
3 no audit, because the URL does not answer or is no register.
`;

/** Where the command reads from and writes to. */
export interface AuditTerminal {
  readonly fetch: AuditSource['fetch'];
  readonly readFile: (path: string) => Promise<string>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly pause: AuditSource['pause'];
  /** Unix time, milliseconds. */
  readonly clock: () => number;
}

/** Milliseconds between two lines of progress. */
const PROGRESS_PAUSE = 1000;
/** The command line is wrong. */
class UsageError extends Error {}

/**
 * Runs the command.
 *
 * @param args - The words after the program's name.
 * @param terminal - Of the process, or of a test.
 * @returns The exit code.
 */
export async function runAudit(args: readonly string[], terminal: AuditTerminal): Promise<number> {
  try {
    const { values, positionals } = parseWords(args);
    if (values.help === true) {
      terminal.out(HELP);
      return 0;
    }
    if (values.proofs !== undefined) {
      if (positionals.length > 0) throw new UsageError('--proofs takes no URL');
      return await proofs(values.proofs, terminal);
    }
    const [url, ...rest] = positionals;
    if (url === undefined || rest.length > 0) throw new UsageError('one URL is needed');
    const report = await audit({
      url: parseUrl(url),
      fetch: terminal.fetch,
      pause: terminal.pause,
      key: values.key === undefined ? undefined : parseKey(values.key),
      policy: parsePolicy(values.witness ?? [], values.threshold),
      hash: await buildWasmPoseidon(),
      progress: values.quiet === true ? () => undefined : progressOf(terminal),
    });
    terminal.out(values.json === true ? `${JSON.stringify(report)}\n` : textOf(report));
    return report.holds ? 0 : 1;
  } catch (error) {
    return told(error, terminal);
  }
}

function parseWords(args: readonly string[]) {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        proofs: text,
        key: text,
        witness: { ...text, multiple: true },
        threshold: text,
        json: flag,
        quiet: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the command line is wrong');
  }
}

async function proofs(path: string, { readFile, out, err }: AuditTerminal): Promise<number> {
  let text: string;
  try {
    text = await readFile(path);
  } catch {
    throw new UsageError(`${path} cannot be read`);
  }
  const { tried, agreed, differing } = verifyVectors(text);
  out(`${JSON.stringify({ tried, agreed })}\n`);
  for (const name of differing) err(`${name}: another verdict than the wanted one\n`);
  return agreed === tried ? 0 : 1;
}

function told(error: unknown, { err }: AuditTerminal): number {
  if (error instanceof UsageError) {
    err(`${error.message}\n\n${HELP}`);
    return 2;
  }
  if (error instanceof ProtocolError) {
    err(`${error.code}: ${error.message}\n`);
    return error.code === 'vectors_invalid' || error.code === 'witness_policy_invalid' ? 2 : 3;
  }
  throw error;
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new UsageError(`${text} is no http or https URL`);
  }
  return url.href.replace(/\/+$/, '');
}

function parseKey(text: string): NoteKey {
  const at = text.lastIndexOf(':');
  const [name, key] = [text.slice(0, at), text.slice(at + 1)];
  try {
    const publicKey = fromBase64Url(key);
    if (isKeyName(name) && publicKey.length === 32 && toBase64Url(publicKey) === key) return { name, publicKey };
  } catch {
    // told below
  }
  throw new UsageError(`${text} is not a name, a colon and 32 bytes in base64url`);
}

function parsePolicy(witnesses: readonly string[], threshold: string | undefined): WitnessPolicy {
  if (threshold !== undefined && !/^\d{1,3}$/.test(threshold)) {
    throw new UsageError('--threshold is a number');
  }
  const keys = witnesses.map(parseKey);
  const policy = { keys, threshold: threshold === undefined ? keys.length : Number(threshold) };
  checkWitnessPolicy(policy);
  return policy;
}

/** Writes what is being done, at most once a second. */
function progressOf({ err, clock }: AuditTerminal): (text: string) => void {
  let last = -Infinity;
  return (text) => {
    if (clock() - last < PROGRESS_PAUSE) return;
    last = clock();
    err(`${text}\n`);
  };
}

function textOf(report: AuditReport): string {
  const { origin, url, key, holds, fault, epoch, size, counts, witnesses, downloaded } = report;
  const seen = witnesses.newest.map(({ name, time }) => `${name} at ${new Date(time * 1000).toISOString()}`);
  return [
    `register     ${origin} at ${url}`,
    `key          ${key}${key === 'given' ? '' : ': this says nothing about who it is'}`,
    `checkpoint   epoch ${String(epoch)}, ${String(size)} entries`,
    `counts       ${Object.entries(counts)
      .map(([name, count]) => `${name} ${String(count)}`)
      .join(', ')}`,
    `reasons      ${Object.entries(report.reasons)
      .map(([name, count]) => `${name} ${String(count)}`)
      .join(', ')}`,
    `replayed     ${String(report.checkpoints)} checkpoints, ${String(report.entries)} entries`,
    `witnesses    ${String(witnesses.threshold)} of ${String(witnesses.trusted)} needed; on the newest: ${seen.join(', ') || 'none'}`,
    `downloaded   ${String(downloaded.files)} files, ${String(downloaded.bytes)} bytes`,
    holds ? 'all holds' : `FAULT        ${fault?.rule ?? ''} at ${fault?.at ?? ''}: ${fault?.detail ?? ''}`,
    '',
  ].join('\n');
}
