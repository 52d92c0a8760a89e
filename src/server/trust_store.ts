// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A folder of what is trusted: the imported files under their hashes, a manifest of them, and what was verified
 * from them, so that a start takes milliseconds.
 *
 * ```text
 * store.json       {"version": 1, "inputs": [{"kind", "fingerprint", "root"?}]}
 * inputs/HASH      each file as it was imported
 * verified         the result, of `verified.ts`
 * importing        there while one import runs, so that no other does
 * ```
 *
 * At every opening all inputs are read and hashed again, and so is the code that verifies: where anything
 * differs from what was verified, it is verified anew. Whoever can write the folder decides who is trusted.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MAX_MASTER_LIST_BYTES } from '../documents/master_list.ts';
import { kindOfFile, type Trust, type TrustInput, verifyTrust } from '../documents/trust.ts';
import { decodeVerified, encodeVerified, verifiedKey } from '../documents/verified.ts';
import { ProtocolError } from '../protocol/errors.ts';

/** Most files of a store. */
export const MAX_INPUTS = 2048;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const manifest = z.strictObject({
  version: z.literal(1),
  inputs: z
    .array(
      z.strictObject({
        kind: z.enum(['root', 'master_list', 'link', 'crl']),
        fingerprint: hash,
        root: hash.optional(),
      }),
    )
    .max(MAX_INPUTS),
});

/** A store as it lies there. */
export interface OpenedStore {
  readonly trust: Trust;
  /** Whether the kept result was used. */
  readonly cached: boolean;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The code whose verdicts are kept: every module of documents, and the OpenSSL underneath. */
async function codeHash(): Promise<string> {
  const folder = new URL('../documents/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => /\.[jt]s$/.test(name)).sort();
  const total = createHash('sha256').update(process.versions.openssl);
  for (const file of files) total.update(`\n${file} ${sha256(await readFile(new URL(file, folder)))}`);
  return total.digest('hex');
}

async function readManifest(folder: string): Promise<readonly Omit<TrustInput, 'bytes'>[]> {
  let text: string;
  try {
    text = await readFile(join(folder, 'store.json'), 'utf8');
  } catch (cause) {
    throw new ProtocolError('trust_store_missing', `there is no trust store in ${folder}; import files into it`, {
      cause,
    });
  }
  try {
    return manifest
      .parse(JSON.parse(text))
      .inputs.map(({ root, ...input }) => (root === undefined ? input : { ...input, root }));
  } catch (cause) {
    throw new ProtocolError('trust_store_damaged', `${join(folder, 'store.json')} is not a manifest of a trust store`, {
      cause,
    });
  }
}

async function readInputs(folder: string): Promise<readonly TrustInput[]> {
  const listed = await readManifest(folder);
  return Promise.all(
    listed.map(async (input) => {
      const path = join(folder, 'inputs', input.fingerprint);
      const bytes = await readFile(path).catch(() => undefined);
      if (bytes !== undefined && sha256(bytes) === input.fingerprint) return { ...input, bytes: new Uint8Array(bytes) };
      throw new ProtocolError('trust_store_damaged', `${path} is missing or was changed; import it again`);
    }),
  );
}

/** Whole or not at all, also when the machine stops in between. */
async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, content, { mode: 0o644, flush: true });
  await rename(fresh, path);
}

async function trustOf(folder: string, inputs: readonly TrustInput[], at: number): Promise<OpenedStore> {
  const key = verifiedKey(inputs, await codeHash());
  const path = join(folder, 'verified');
  const kept = decodeVerified(await readFile(path, 'utf8').catch(() => ''), key, at);
  if (kept !== undefined) return { trust: kept, cached: true };
  const trust = verifyTrust(inputs, at);
  // A service may be kept from writing here; then it verifies at every start.
  await replaceFile(path, encodeVerified(trust, key)).catch(() => undefined);
  return { trust, cached: false };
}

/**
 * Opens a store.
 *
 * @param at - Unix milliseconds, now.
 * @throws {@link ProtocolError} `trust_store_missing`, `trust_store_damaged`.
 */
export async function openTrustStore(folder: string, at: number): Promise<OpenedStore> {
  return trustOf(folder, await readInputs(folder), at);
}

/** A file to be imported. */
export interface ImportedFile {
  /** For messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** DER of a file that may be PEM. */
function derOf({ bytes }: ImportedFile): Uint8Array {
  const text = Buffer.from(bytes.subarray(0, 4 * 1024 * 1024)).toString('latin1');
  const body =
    /^\s*(?:[^-][^\n]*\n)*-----BEGIN (?:CERTIFICATE|X509 CRL|CMS|PKCS7)-----([A-Za-z0-9+/=\s]+)-----END/.exec(
      text,
    )?.[1];
  return body === undefined ? bytes : new Uint8Array(Buffer.from(body, 'base64'));
}

function inputOf(file: ImportedFile, kind: TrustInput['kind'], root?: string): TrustInput {
  const bytes = derOf(file);
  return { kind, bytes, fingerprint: sha256(bytes), ...(root !== undefined && { root }) };
}

/** Each master list with the root that signed its signer, which is found by trying. */
function withRoots(files: readonly ImportedFile[], roots: readonly TrustInput[], at: number): readonly TrustInput[] {
  return files.map((file) => {
    const kind = kindOfFile(derOf(file));
    if (kind === undefined) {
      throw new ProtocolError('trust_file_unknown', `${file.name} is no master list, certificate or revocation list`);
    }
    if (kind !== 'master_list') return inputOf(file, kind === 'certificate' ? 'link' : 'crl');
    const tries = roots.map((root) => inputOf(file, kind, root.fingerprint));
    const good = tries.find((input) => verifyTrust([...roots, input], at).masterLists.length > 0);
    const found = good ?? tries[0];
    if (found !== undefined) return found;
    throw new ProtocolError('master_list_untrusted', `${file.name} is a master list: give its root with --root`);
  });
}

/** Refuses to go back: a withdrawn certificate would be trusted again, a revoked one no longer refused. */
function requireNewer(imported: readonly TrustInput[], after: Trust): void {
  for (const { kind, fingerprint } of imported) {
    const isFault = after.faults.some((fault) => fault.fingerprint === fingerprint);
    const isKept =
      kind === 'master_list'
        ? after.masterLists.some((list) => list.fingerprint === fingerprint)
        : kind !== 'crl' || after.revocations.some((list) => list.fingerprint === fingerprint);
    if (!isFault && !isKept) {
      throw new ProtocolError(
        'trust_outdated',
        'the store has a newer list of the same authority; nothing was imported',
      );
    }
  }
}

/**
 * Imports files: all of them, or none; one import at a time.
 *
 * @param roots - Trusted because the operator says so; for the master lists among the files, and by themselves.
 * @param at - Unix milliseconds, now.
 * @returns What is trusted afterwards.
 * @throws {@link ProtocolError} `trust_file_unknown`, `trust_outdated`, `trust_store_busy`, and what a file is
 * refused for: `master_list_untrusted`, `crl_untrusted`, `csca_unknown`, `document_malformed`, …
 */
export async function importTrust(
  folder: string,
  files: readonly ImportedFile[],
  roots: readonly ImportedFile[],
  at: number,
): Promise<Trust> {
  const large = [...files, ...roots].find(({ bytes }) => bytes.length > 2 * MAX_MASTER_LIST_BYTES);
  if (large !== undefined) throw new ProtocolError('trust_file_unknown', `${large.name} is too large`);
  return alone(folder, () => importInto(folder, files, roots, at));
}

/** Two imports at once would each write what the other does not know: a newer list could be lost again. */
async function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, 'importing');
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(path, '', { flag: 'wx' });
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'EEXIST') throw cause;
    throw new ProtocolError(
      'trust_store_busy',
      `another import into this store is running; if none is, one was cut short: delete ${path}`,
    );
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function importInto(
  folder: string,
  files: readonly ImportedFile[],
  roots: readonly ImportedFile[],
  at: number,
): Promise<Trust> {
  const present = await readInputs(folder).catch((error: unknown) => {
    if (error instanceof ProtocolError && error.code === 'trust_store_missing') return [];
    throw error;
  });
  const given = roots.map((file) => inputOf(file, 'root'));
  const known = unique([...present.filter(({ kind }) => kind === 'root'), ...given]);
  const imported = [...given, ...withRoots(files, known, at)];
  const inputs = unique([...present, ...imported]);
  if (inputs.length > MAX_INPUTS) throw new ProtocolError('trust_store_full', 'the store has too many files');
  const after = verifyTrust(inputs, at);
  const fault = after.faults.find(({ fingerprint }) => imported.some((input) => input.fingerprint === fingerprint));
  if (fault !== undefined) throw new ProtocolError(fault.code as Lowercase<string>, fault.message);
  requireNewer(imported, after);
  await keep(
    folder,
    inputs.filter((input) => isUsed(input, after)),
    imported,
  );
  return (await openTrustStore(folder, at)).trust;
}

/** Lists that newer ones replace are not kept; what fails otherwise is, to be told. */
function isUsed({ kind, fingerprint, root }: TrustInput, trust: Trust): boolean {
  const isFault = trust.faults.some((fault) => fault.fingerprint === fingerprint);
  if (kind === 'crl') return isFault || trust.revocations.some((list) => list.fingerprint === fingerprint);
  if (kind !== 'master_list') return true;
  const current = trust.masterLists.filter((list) => list.root === root);
  return current.length === 0 ? isFault : current.some((list) => list.fingerprint === fingerprint);
}

function unique(inputs: readonly TrustInput[]): readonly TrustInput[] {
  return [...new Map(inputs.map((input) => [`${input.kind} ${input.fingerprint}`, input])).values()];
}

async function keep(folder: string, inputs: readonly TrustInput[], imported: readonly TrustInput[]): Promise<void> {
  await mkdir(join(folder, 'inputs'), { recursive: true });
  for (const { fingerprint, bytes } of imported) await replaceFile(join(folder, 'inputs', fingerprint), bytes);
  const listed = inputs.map(({ kind, fingerprint, root }) => ({
    kind,
    fingerprint,
    ...(root !== undefined && { root }),
  }));
  // The manifest last: it names files that are there.
  await replaceFile(join(folder, 'store.json'), `${JSON.stringify({ version: 1, inputs: listed }, null, 1)}\n`);
  const used = new Set(inputs.map(({ fingerprint }) => fingerprint));
  for (const name of await readdir(join(folder, 'inputs'))) {
    if (!used.has(name)) await rm(join(folder, 'inputs', name), { force: true });
  }
}
