// SPDX-License-Identifier: GPL-3.0-or-later
/** Revocation lists made by OpenSSL under the keys of simulated authorities. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertifiedKey } from '../../src/demo/chip_certificates.ts';

/** An entry; times in Unix milliseconds. */
export interface RevokedEntry {
  /** Content bytes of the INTEGER. */
  readonly serial: Uint8Array;
  readonly at: number;
  /** OpenSSL's name of a reason. */
  readonly reason?: string;
}

/** What shall be listed. */
export interface CrlPlan {
  readonly entries: readonly RevokedEntry[];
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Lines of OpenSSL's section of extensions; empty for a list of version 1. */
  readonly extensions?: string;
  readonly pss?: boolean;
  readonly format?: 'DER' | 'PEM';
}

const utc = (at: number): string => `${new Date(at).toISOString().replace(/\D/g, '').slice(2, 14)}Z`;

/** Has OpenSSL sign a list. */
export function makeCrl(issuer: CertifiedKey, plan: CrlPlan): Uint8Array {
  const {
    entries,
    thisUpdate,
    nextUpdate,
    extensions = 'authorityKeyIdentifier=keyid:always',
    pss,
    format = 'DER',
  } = plan;
  const folder = mkdtempSync(join(tmpdir(), 'bauta-crl-'));
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  try {
    const index = entries.map(({ serial, at, reason }) => {
      const hex = Buffer.from(serial).toString('hex').toUpperCase();
      const since = reason === undefined ? utc(at) : `${utc(at)},${reason}`;
      return `R\t${utc(nextUpdate)}\t${since}\t${hex}\tunknown\t/CN=${hex}\n`;
    });
    const body = Buffer.from(issuer.certificate).toString('base64');
    const config = [
      '[ca]\ndefault_ca=own\n[own]',
      `database=${file('index.txt', index.join(''))}`,
      `crlnumber=${file('number', '01\n')}`,
      'default_md=sha256',
      ...(extensions === '' ? [] : ['crl_extensions=ext']),
      `[ext]\n${extensions}\n`,
    ].join('\n');
    const out = join(folder, 'out');
    const ca = [
      'ca',
      '-gencrl',
      ...['-config', file('config', config)],
      ...['-cert', file('ca.pem', `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`)],
      ...['-keyfile', file('key.pem', issuer.key.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string)],
      ...['-crl_lastupdate', utc(thisUpdate), '-crl_nextupdate', utc(nextUpdate)],
      ...(pss === true ? ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'] : []),
      ...['-out', out],
    ];
    for (const args of [ca, ['crl', '-in', out, '-outform', format, '-out', out]]) {
      const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`openssl ${args[0] ?? ''}: ${stderr}`);
    }
    return new Uint8Array(readFileSync(out));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Content bytes of a certificate's serial number. */
export function serialOf({ serial }: CertifiedKey): Uint8Array {
  return serial.subarray(2);
}
