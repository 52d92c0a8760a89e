// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The folder of what an issuer trusts: `npm run --silent trust -- --help`.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { staleAt } from '../src/documents/revocation.ts';
import type { Trust } from '../src/documents/trust.ts';
import { ProtocolError } from '../src/protocol/errors.ts';
import { type ImportedFile, importTrust, openTrustStore } from '../src/server/trust_store.ts';

const HELP = `Usage: npm run --silent trust -- import [FILE…] [--root CERT…] --into DIR [--json]
       npm run --silent trust -- list DIR [--json]

import verifies files and adds them to the store in DIR: all of them, or none; one import at a time. A FILE, DER or
PEM, is

  a master list       signed by a signer of a --root of this or an earlier import; a newer list takes the place
                      of an older one of the same root, and an older one is refused
  a link certificate  a country signing certificate that a key in the store has signed, of the same country
  a revocation list   signed by a country signing key in the store; again the newer one counts

  --root CERT         country signing certificate that is trusted because you say so: compare its SHA-256 with
                      what its state publishes elsewhere. May be given several times
  --into DIR          the store; made where there is none

list shows what is trusted, until when, and what fails. An issuer takes the store by BAUTA_TRUST_STORE=DIR.

  --json              one JSON object: {"anchors", "countries", "expired", "master_lists", "revocation_lists",
                      "faults", "cached", "ms"}
  --help              this text

Exit status: 0 done, 1 refused, 2 wrong usage or unreadable file.
`;

class UsageError extends Error {}

type Write = (to: 'stdout' | 'stderr', text: string) => void;

/** What a store holds, for programs. */
interface Summary {
  readonly anchors: number;
  readonly countries: readonly string[];
  /** Anchors that are past their validity. */
  readonly expired: number;
  readonly master_lists: readonly object[];
  readonly revocation_lists: readonly object[];
  readonly faults: readonly object[];
  readonly cached: boolean;
  /** What opening took. */
  readonly ms: number;
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

function summaryOf(trust: Trust, at: number, opening: Pick<Summary, 'cached' | 'ms'>): Summary {
  return {
    anchors: trust.anchors.length,
    countries: [...new Set(trust.anchors.map(({ country }) => country))].sort(),
    expired: trust.anchors.filter(({ validity }) => validity.to < at).length,
    master_lists: trust.masterLists.map(
      ({ country, signedAt, validUntil, certificates, skipped, revoked, fingerprint }) => ({
        country,
        ...(signedAt !== undefined && { signed: day(signedAt) }),
        valid_until: day(validUntil),
        certificates,
        skipped,
        revoked,
        sha256: fingerprint,
      }),
    ),
    revocation_lists: trust.revocations.map((list) => ({
      country: list.country,
      issued: day(list.thisUpdate),
      stale_from: day(staleAt(list)),
      stale: staleAt(list) < at,
      revoked: list.revoked.size,
      sha256: list.fingerprint,
    })),
    faults: trust.faults.map(({ kind, code, message, fingerprint }) => ({ kind, code, message, sha256: fingerprint })),
    ...opening,
  };
}

/** For people. */
function textOf(summary: Summary): string {
  const rows = (title: string, all: readonly object[]): string =>
    [
      title,
      ...all.map(
        (row) =>
          `  ${Object.entries(row)
            .map(([name, value]) => `${name} ${String(value)}`)
            .join('   ')}`,
      ),
    ].join('\n');
  const { anchors, countries, expired } = summary;
  return [
    `${String(anchors)} country signing certificates of ${String(countries.length)} countries, ${String(expired)} of them expired`,
    rows('master lists', summary.master_lists),
    rows('revocation lists', summary.revocation_lists),
    ...(summary.faults.length === 0 ? [] : [rows('left out', summary.faults)]),
    `opened in ${String(summary.ms)} ms${summary.cached ? '' : ', everything verified anew'}`,
    '',
  ].join('\n');
}

async function readFiles(paths: readonly string[]): Promise<readonly ImportedFile[]> {
  return Promise.all(
    paths.map(async (name) => {
      try {
        return { name, bytes: new Uint8Array(await readFile(name)) };
      } catch (cause) {
        throw new UsageError(`cannot read ${name}`, { cause });
      }
    }),
  );
}

function readOptions(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean', default: false } as const;
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { root: { type: 'string', multiple: true, default: [] }, into: text, json: flag, help: flag },
    });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'wrong options', { cause });
  }
}

async function run(args: readonly string[], write: Write, clock: () => number): Promise<void> {
  const { values, positionals } = readOptions(args);
  if (values.help) {
    write('stdout', HELP);
    return;
  }
  const [command, ...names] = positionals;
  const started = performance.now();
  const at = clock();
  let folder = values.into;
  if (command === 'import') {
    if (folder === undefined) throw new UsageError('--into DIR is missing');
    if (names.length + values.root.length === 0)
      throw new UsageError('there is nothing to import: give FILE or --root');
    await importTrust(folder, await readFiles(names), await readFiles(values.root), at);
  } else {
    if (command !== 'list') throw new UsageError('the commands are "import" and "list DIR"');
    [folder] = names;
    if (folder === undefined || names.length > 1 || values.root.length > 0 || values.into !== undefined) {
      throw new UsageError('list takes one DIR');
    }
  }
  const { trust, cached } = await openTrustStore(folder, at);
  const summary = summaryOf(trust, at, { cached, ms: Math.round(performance.now() - started) });
  write('stdout', values.json ? `${JSON.stringify(summary)}\n` : textOf(summary));
}

/**
 * Runs the command.
 *
 * @param args - What follows `--`.
 * @param write - Takes text for standard output or standard error.
 * @param clock - Unix milliseconds.
 * @returns The exit status.
 */
export async function trust(args: readonly string[], write: Write, clock: () => number = Date.now): Promise<0 | 1 | 2> {
  try {
    await run(args, write, clock);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      write('stderr', `trust: ${error.message}\nTry --help.\n`);
      return 2;
    }
    if (!(error instanceof ProtocolError)) throw error;
    write('stderr', `trust: ${error.code}: ${error.message}\n`);
    return 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await trust(process.argv.slice(2), (to, text) => process[to].write(text));
}
