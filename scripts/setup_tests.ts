// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Runs before `npm test`: what the tests need beyond npm. On Debian as root it installs what is
 * missing and nothing else; elsewhere it names what is missing, and the tests that need it are
 * skipped by name. Under CI=true anything missing fails the run.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface Need {
  /** Debian package. */
  readonly package: string;
  /** Which tests go without it. */
  readonly for: string;
  readonly present: () => boolean;
}

const inPath = (...names: readonly string[]): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => names.some((name) => existsSync(join(folder, name))));

/** Debian keeps the server's programs outside the path, below a folder for each version. */
const postgresInstalled = (): boolean => {
  const versions = '/usr/lib/postgresql';
  return (
    inPath('initdb') ||
    (existsSync(versions) && readdirSync(versions).some((v) => existsSync(join(versions, v, 'bin', 'initdb'))))
  );
};

/** Debian's file, or any Chinese font that fontconfig knows; its program may be missing where the font is not. */
const fontsInstalled = (): boolean => {
  if (existsSync('/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc')) return true;
  const listed = spawnSync('fc-list', [':lang=zh'], { encoding: 'utf8' });
  return listed.error === undefined && listed.stdout.trim() !== '';
};

const NEEDS: readonly Need[] = [
  {
    package: 'chromium',
    for: 'the tests in a browser',
    present: () =>
      process.env['CHROMIUM_PATH'] !== undefined || inPath('chromium', 'chromium-browser', 'google-chrome'),
  },
  { package: 'fonts-noto-cjk', for: 'screenshots with Chinese text', present: fontsInstalled },
  {
    package: 'postgresql',
    for: 'the tests on PostgreSQL',
    present: () => (process.env['BAUTA_TEST_POSTGRES'] ?? '') !== '' || postgresInstalled(),
  },
  { package: 'openssl', for: "OpenSSL's verdict on simulated passports", present: () => inPath('openssl') },
];

const absent = (): readonly Need[] => NEEDS.filter((need) => !need.present());

function aptGet(...args: readonly string[]): boolean {
  console.error(`setup: apt-get ${args.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0;
}

const names = absent().map((need) => need.package);
if (names.length > 0 && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
  const install = ['install', '-y', '--no-install-recommends', ...names];
  if (!aptGet(...install) && aptGet('update')) aptGet(...install);
}
const left = absent();
for (const need of left) console.error(`setup: ${need.package} is missing: ${need.for} will be skipped`);
if (left.length > 0 && process.env['CI'] === 'true') {
  console.error('setup: nothing is skipped under CI=true');
  process.exitCode = 1;
}
