// SPDX-License-Identifier: GPL-3.0-or-later
/** The package for platforms, used as they would: installed into an empty folder, with nothing else. */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/circuits/compile.ts';
import { packed } from './packed.ts';
import { listFiles } from '../../scripts/checks/modules.ts';

const run = promisify(execFile);
const FIXTURES = join(ROOT, 'test', 'fixtures', 'v1');
/** A platform's program: checks a stored presentation with nothing but the package. */
const CONSUMER = `import { createPlatformClient } from 'bauta-platform/platform/client';
import { parseField, type RequestObject, requestObjectSchema, presentationSchema } from 'bauta-platform/protocol';
import { checkPresentation, loadVerificationKey } from 'bauta-platform/verifying';
import fixture from './fixture.json' with { type: 'json' };
import verificationKey from './vkey.json' with { type: 'json' };

const request: RequestObject = requestObjectSchema.parse(fixture.request);
const check = {
  request,
  presentation: presentationSchema.parse(fixture.presentation),
  root: parseField(fixture.root),
  key: await loadVerificationKey(verificationKey),
  now: fixture.now,
  timeZone: fixture.timeZone,
};
const good = await checkPresentation(check);
const other = await checkPresentation({ ...check, request: { ...request, nonce: \`\${request.nonce}x\` } });
console.log(
  JSON.stringify({
    ok: good.ok,
    disclosed: good.ok ? good.disclosed : undefined,
    sub: good.ok ? good.pseudonym?.sub.length : undefined,
    otherNonce: other.ok ? 'accepted' : other.code,
    client: typeof createPlatformClient,
  }),
);
`;
const TSCONFIG = {
  compilerOptions: {
    module: 'NodeNext',
    target: 'ES2023',
    strict: true,
    skipLibCheck: true,
    resolveJsonModule: true,
    types: [],
    lib: ['ES2023', 'DOM'],
  },
  files: ['consumer.ts'],
};

describe('the package for platforms', () => {
  let home: string;

  beforeAll(async () => {
    const tarball = await packed();
    home = await mkdtemp(join(tmpdir(), 'bauta-platform-'));
    await writeFile(join(home, 'package.json'), '{ "private": true, "type": "module" }');
    await run('npm', ['install', '--prefer-offline', '--no-save', '--no-package-lock', tarball], {
      cwd: home,
    });
    await writeFile(join(home, 'consumer.ts'), CONSUMER);
    await copyFile(join(FIXTURES, 'nationality.json'), join(home, 'fixture.json'));
    await copyFile(join(FIXTURES, 'show.vkey.json'), join(home, 'vkey.json'));
    await writeFile(join(home, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  }, 300_000);

  afterAll(() => rm(home, { recursive: true, force: true }));

  it('holds Apache-2.0 files only, its licence, and just the dependencies that they import', async () => {
    const installed = join(home, 'node_modules', 'bauta-platform');
    const sources = await listFiles(installed, '.', /\.js$/);
    expect(sources.length).toBeGreaterThan(15);
    for (const path of sources) {
      expect(await readFile(join(installed, path), 'utf8'), path).toMatch(/^\/\/ SPDX-License-Identifier: Apache-2\.0/);
    }
    expect(await readFile(join(installed, 'LICENSE'), 'utf8')).toContain('Apache License');
    const packages = (await readdir(join(home, 'node_modules'))).filter((name) => !name.startsWith('.'));
    expect(packages.filter((name) => /snarkjs|ffjavascript|circom|poseidon/.test(name))).toEqual([]);
  });

  it('type-checks and verifies a committed proof, and refuses it for another nonce', async () => {
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', home], { cwd: home });
    const { stdout } = await run(process.execPath, ['consumer.js'], { cwd: home });
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      disclosed: { nationality: 'CHN' },
      sub: 43,
      otherNonce: 'proof_invalid',
      client: 'function',
    });
  }, 180_000);
});
