// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Checks a passport's chip files by passive authentication, and replays what a chip and a reader said:
 * `npm run --silent passport -- --help`.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mergeAnchors } from '../src/documents/anchors.ts';
import { openMasterList } from '../src/documents/master_list.ts';
import { verifyPassive } from '../src/documents/passive.ts';
import { readHolder } from '../src/documents/person.ts';
import { readDg2 } from '../src/documents/portrait.ts';
import { dateInZone, toDate } from '../src/protocol/dates.ts';
import { ProtocolError } from '../src/protocol/errors.ts';
import { readTranscripts, replayAll } from './passport_replay.ts';

const HELP = `Usage: npm run --silent passport -- verify --sod FILE --master-list FILE --root FILE [options]
       npm run --silent passport -- replay FILE

verify checks by ICAO 9303 passive authentication that an issuing state signed a passport, and prints one
line of JSON: {"ok", "country", "signatureAlgorithm", "reason"?, "message"?}.

  --sod FILE           EF.SOD as on the chip
  --dg1 FILE           DG1: also checked for the issuing state, check digits and expiry
  --dg2 FILE           DG2: also checked to hold a portrait
  --master-list FILE   CSCA master list (CMS); repeat it with its --root for several lists
  --root FILE          CSCA certificate (DER) that its signer's certificate must chain to
  --at DATE            day (YYYY-MM-DD, from 00:00 UTC) or time (YYYY-MM-DDTHH:MM:SSZ) at which
                       the document's certificates must be valid and the passport not expired;
                       default now. Master lists are always judged now.

replay runs the chip reader over recorded transcripts (a JSON array; scripts/passport_replay.ts has
the form) and prints a JSON array of {"name", "ok", "protocol", "kEnc", "kMac", "reason"?,
"message"?}: ok where every command is the reader's byte for byte and every answer is authentic.

  --help               this text

Exit status: 0 all accepted, 1 refused, 2 wrong usage or unreadable file.
`;

class UsageError extends Error {}

function readInput(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw new UsageError(`cannot read ${path}`, { cause });
  }
}

function parseTime(text: string): number {
  const form = /^(\d{4})-(\d\d)-(\d\d)(?:T[0-2]\d:[0-5]\d:[0-5]\dZ)?$/.exec(text);
  try {
    const at = Date.parse(text);
    toDate(Number(form?.slice(1).join('')));
    if (!Number.isNaN(at)) return at;
  } catch {
    // told below
  }
  throw new UsageError(`--at ${text} is not a date: write YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ`);
}

/** What `verify` was given. */
interface Verification {
  readonly sod: Uint8Array;
  readonly dg1: Uint8Array | undefined;
  readonly dg2: Uint8Array | undefined;
  readonly at: number;
  readonly lists: readonly (readonly [list: Uint8Array, root: Uint8Array])[];
}

function readOptions(args: readonly string[]): 'help' | Verification | { readonly transcripts: string } {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true, default: [] as string[] } as const;
  const { values, positionals } = (() => {
    try {
      return parseArgs({
        args: [...args],
        allowPositionals: true,
        options: {
          sod: text,
          dg1: text,
          dg2: text,
          at: text,
          'master-list': list,
          root: list,
          help: { type: 'boolean' },
        },
      });
    } catch (cause) {
      throw new UsageError(cause instanceof Error ? cause.message : 'wrong options', { cause });
    }
  })();
  if (values.help === true) return 'help';
  const [command, file] = positionals;
  if (command === 'replay' && file !== undefined && positionals.length === 2 && Object.keys(values).length === 2) {
    return { transcripts: file };
  }
  const { sod, 'master-list': lists, root: roots } = values;
  if (positionals.length !== 1 || command !== 'verify')
    throw new UsageError('the commands are "verify" and "replay FILE"');
  if (sod === undefined) throw new UsageError('--sod FILE is missing');
  if (lists.length === 0) throw new UsageError('--master-list FILE and its --root FILE are missing');
  if (lists.length !== roots.length)
    throw new UsageError('every --master-list needs its own --root, in the same order');
  return {
    sod: readInput(sod),
    dg1: values.dg1 === undefined ? undefined : readInput(values.dg1),
    dg2: values.dg2 === undefined ? undefined : readInput(values.dg2),
    at: values.at === undefined ? Date.now() : parseTime(values.at),
    lists: lists.map((path, index) => [readInput(path), readInput(roots[index] ?? '')] as const),
  };
}

function check({ sod, dg1, dg2, at, lists }: Verification): object {
  const anchors = mergeAnchors(...lists.map(([list, root]) => openMasterList(list, root, Date.now()).anchors));
  const dataGroups = new Map<number, Uint8Array>();
  if (dg1 !== undefined) dataGroups.set(1, dg1);
  if (dg2 !== undefined) dataGroups.set(2, dg2);
  const verdict = verifyPassive({ sod, dataGroups, anchors, at });
  if (!verdict.ok) throw new ProtocolError(verdict.reason, verdict.message);
  if (dg1 !== undefined) readHolder(dg1, dateInZone(at, 'UTC'));
  if (dg2 !== undefined) readDg2(dg2);
  return { ok: true, country: verdict.country, signatureAlgorithm: verdict.signatureAlgorithm };
}

async function runReplay(path: string, write: Write): Promise<0 | 1> {
  const transcripts = readTranscripts(Buffer.from(readInput(path)).toString('utf8'));
  if (transcripts === undefined) throw new UsageError(`${path} does not have the form of transcripts`);
  const lines = await replayAll(transcripts);
  write('stdout', `${JSON.stringify(lines, null, 2)}\n`);
  return lines.every(({ ok }) => ok) ? 0 : 1;
}

type Write = (to: 'stdout' | 'stderr', text: string) => void;

/**
 * Runs the command.
 *
 * @param args - What follows `--`.
 * @param write - Takes text for standard output or standard error.
 * @returns The exit status.
 */
export async function passport(args: readonly string[], write: Write): Promise<0 | 1 | 2> {
  try {
    const options = readOptions(args);
    if (options !== 'help' && 'transcripts' in options) return await runReplay(options.transcripts, write);
    write('stdout', options === 'help' ? HELP : `${JSON.stringify(check(options))}\n`);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      write('stderr', `passport: ${error.message}\nTry --help.\n`);
      return 2;
    }
    if (!(error instanceof ProtocolError)) throw error;
    const refused = { ok: false, country: null, signatureAlgorithm: null, reason: error.code, message: error.message };
    write('stdout', `${JSON.stringify(refused)}\n`);
    return 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await passport(process.argv.slice(2), (to, text) => process[to].write(text));
}
