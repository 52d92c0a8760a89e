// SPDX-License-Identifier: GPL-3.0-or-later
/** The samples of a deployment: no container engine runs them here, so what they name must at least exist. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseVerifierConfig } from '../../src/server/verifier_config.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const DEPLOY = join(ROOT, 'docs/deploy');
const read = (name: string): string => readFileSync(join(DEPLOY, name), 'utf8');

/** Instructions of a Containerfile. */
const instructions = read('Containerfile')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => /^([A-Z]+) (.*)$/.exec(line)?.slice(1) as [string, string]);
const all = (name: string): string[] => instructions.filter(([found]) => found === name).map(([, rest]) => rest);

interface Compose {
  readonly services: Record<
    string,
    {
      readonly build?: { readonly context: string; readonly dockerfile: string };
      readonly environment?: Record<string, string>;
      readonly volumes?: readonly string[];
      readonly ports?: readonly string[];
      readonly depends_on?: readonly string[] | Record<string, unknown>;
      readonly stop_grace_period?: string;
    }
  >;
  readonly volumes: Record<string, unknown>;
}
const compose = parse(read('compose.yaml'), { merge: true }) as Compose;

describe('the Containerfile', () => {
  it('copies what exists, and enough to run: all that the program reads', () => {
    const copied = all('COPY').flatMap((rest) => rest.split(' ').slice(0, -1));
    for (const source of copied) expect(existsSync(join(ROOT, source)), source).toBe(true);
    expect(copied).toEqual(expect.arrayContaining(['package.json', 'package-lock.json', 'src', 'circuits/artifacts']));
  });

  it('installs everything before production keeps tools out, and runs as nobody special', () => {
    const order = instructions.map(([name, rest]) => `${name} ${rest}`);
    expect(order.indexOf('RUN npm ci')).toBeLessThan(order.indexOf('ENV NODE_ENV=production'));
    expect(all('USER')).toEqual(['node']);
    const [major, minor] = (/node:(\d+)\.(\d+)/.exec(all('FROM')[0] ?? '') ?? []).slice(1).map(Number);
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe(`>=${String(major)}.${String(minor)}`);
  });

  it('starts a command that exists, which takes the sample configuration', async () => {
    const [command = '', ...args] = JSON.parse(all('CMD').at(-1) ?? '') as string[];
    expect(command).toBe('node');
    const file = args.indexOf('--config') + 1;
    args[file] = 'docs/deploy/verifier.json';
    const { stdout } = await run(process.execPath, [...args, '--check'], { cwd: ROOT });
    expect(stdout).toBe('the configuration is right\n');
    const help = await run(process.execPath, [...args.slice(0, file - 1), '--help'], { cwd: ROOT });
    expect(help.stdout).toContain('Usage: npm run --silent verifier');
  });
});

describe('the compose file', () => {
  it('names files, volumes and services that are there', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':');
        const known = source.startsWith('.') ? existsSync(join(DEPLOY, source)) : source in compose.volumes;
        expect(known, `${name}: ${volume}`).toBe(true);
      }
      const dependencies = service.depends_on ?? [];
      for (const other of Array.isArray(dependencies) ? (dependencies as string[]) : Object.keys(dependencies)) {
        expect(compose.services).toHaveProperty(other);
      }
    }
    const { build } = compose.services['verifier-1'] ?? {};
    expect(join(DEPLOY, build?.context ?? '')).toBe(ROOT);
    expect(existsSync(join(ROOT, build?.dockerfile ?? ''))).toBe(true);
  });

  it('gives a configuration that the verifier takes, and publishes the balancer alone', () => {
    const { environment = {}, stop_grace_period } = compose.services['verifier-1'] ?? {};
    const secrets = {
      BAUTA_VERIFIER_API_KEYS: 'k'.repeat(20),
      BAUTA_VERIFIER_WEBHOOK_SECRETS: `whsec_${'A'.repeat(43)}=`,
      NODE_ENV: 'production',
    };
    for (const name of Object.keys(secrets)) expect(environment).toHaveProperty(name);
    const env = { ...environment, ...secrets };
    const config = parseVerifierConfig(JSON.parse(read('verifier.json')), env);
    expect(config).toMatchObject({ api_keys: ['k'.repeat(20)], listen: { port: 4200 }, operations: { port: 4201 } });
    expect(config.database).toMatch(/^postgres:\/\/verifier:.*@database\/verifier$/);
    const { delay_seconds, grace_seconds } = config.shutdown;
    expect(Number.parseInt(stop_grace_period ?? '', 10)).toBeGreaterThan(delay_seconds + grace_seconds);
    const publishing = Object.entries(compose.services).filter(([, { ports }]) => ports !== undefined);
    expect(publishing.map(([name]) => name)).toEqual(['balancer']);
  });

  it('reads no variable of the verifier that it does not know', () => {
    const known = readFileSync(join(ROOT, 'src/server/verifier_config.ts'), 'utf8');
    for (const name of Object.keys(compose.services['verifier-1']?.environment ?? {})) {
      if (name.startsWith('BAUTA_VERIFIER_')) expect(known).toContain(`'${name.slice('BAUTA_VERIFIER_'.length)}'`);
    }
  });
});

it('the balancer asks the verifiers’ port for operations, and passes every path that the verifier has', () => {
  const caddy = read('Caddyfile');
  const verifiers = Object.keys(compose.services).filter((name) => name.startsWith('verifier-'));
  expect(verifiers).toHaveLength(2);
  expect(caddy).toContain(`reverse_proxy ${verifiers.map((name) => `${name}:4200`).join(' ')} {`);
  expect(caddy).toContain('health_port 4201');
  const paths = /@verifier path (.*)/.exec(caddy)?.[1]?.split(' ') ?? [];
  for (const path of ['/oid4vp/*', '/v1/*', '/openapi.json', '/bauta-login.js', '/oidc/*', '/move', '/move/*'])
    expect(paths).toContain(path);
  expect(caddy).not.toContain('/metrics');
});
