// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run pack:platform`: makes the package that platforms embed, `build/bauta-platform-VERSION.tgz`:
 * the Apache-2.0 folders alone, compiled, with a package.json of their own that names just the
 * dependencies they import. With `--lint` the package is checked by publint and not packed.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { isBuiltin } from 'node:module';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { EMBEDDABLE } from './checks/licences.ts';
import { listFiles, packageOf, readModules } from './checks/modules.ts';
import { ROOT } from './circuits/compile.ts';

const run = promisify(execFile);
const OUT = join(ROOT, 'build', 'platform');

interface RootPackage {
  readonly version: string;
  readonly engines: object;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Packages that the embeddable folders import, with the versions that the project is tested with. */
async function dependenciesOf(root: RootPackage): Promise<Record<string, string>> {
  const modules = [...(await readModules(ROOT, 'src'))].filter(([path]) =>
    EMBEDDABLE.some((folder) => path.startsWith(folder)),
  );
  const names = modules
    .flatMap(([, imports]) => imports.filter(({ path, specifier }) => path === undefined && !isBuiltin(specifier)))
    .map(({ specifier }) => packageOf(specifier));
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => {
      const version = root.dependencies[name];
      if (version === undefined) throw new Error(`${name} is imported by an embeddable module and not a dependency`);
      // A consumer may bring a later minor version of the same package.
      return [name, `^${version.replace(/^[~^]/, '')}`];
    }),
  );
}

function exportsOf(root: RootPackage): object {
  const entries = Object.entries(root.exports).flatMap(([name, source]) => {
    const module = /^\.\/src\/(.*)\.ts$/.exec(source)?.[1];
    const embeddable = EMBEDDABLE.some((folder) => source.startsWith(`./${folder}`));
    return module === undefined || !embeddable
      ? []
      : [[name, { types: `./${module}.d.ts`, default: `./${module}.js` }] as const];
  });
  return { ...Object.fromEntries(entries), './package.json': './package.json' };
}

const README = `# bauta-platform

What a platform needs to accept Bauta logins: \`bauta-platform/platform/client\` (calls your verifier service, checks its
webhooks), \`bauta-platform/platform/button\` (the elements \`<bauta-login>\` and \`<bauta-return>\` for your pages),
\`bauta-platform/verifying\` (checks a presentation in your own process) and \`bauta-platform/protocol\` (requests,
policies, errors). Apache-2.0; none of it is under GPL. docs/protocol.md in the project is normative.
`;

const root = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as RootPackage;
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.platform.json'], {
  cwd: ROOT,
}).catch((error: unknown) => {
  throw new Error((error as { stdout?: string }).stdout ?? 'tsc failed', { cause: error });
});
// The compiler drops a module's first comment together with an import of types alone.
const HEADER = '// SPDX-License-Identifier: Apache-2.0\n';
for (const path of await listFiles(OUT, '.', /\.js$|\.d\.ts$/)) {
  const text = await readFile(join(OUT, path), 'utf8');
  if (!text.startsWith(HEADER)) await writeFile(join(OUT, path), HEADER + text);
}
await copyFile(join(ROOT, 'LICENSES', 'Apache-2.0.txt'), join(OUT, 'LICENSE'));
await writeFile(join(OUT, 'README.md'), README);
const description = 'Accept Bauta logins: a client for your verifier service, and the check of presentations';
await writeFile(
  join(OUT, 'package.json'),
  `${JSON.stringify(
    {
      name: 'bauta-platform',
      version: root.version,
      description,
      license: 'Apache-2.0',
      type: 'module',
      // The button defines its element when it is loaded.
      sideEffects: ['./platform/client/button.js'],
      engines: root.engines,
      files: ['protocol', 'verifying', 'platform'],
      exports: exportsOf(root),
      dependencies: await dependenciesOf(root),
    },
    null,
    2,
  )}\n`,
);

if (process.argv.includes('--lint')) {
  const { messages, pkg } = await publint({ pkgDir: OUT, strict: true });
  for (const message of messages) console.error(formatMessage(message, pkg));
  process.exitCode = messages.length === 0 ? 0 : 1;
} else {
  const { stdout } = await run('npm', ['pack', OUT, '--pack-destination', join(ROOT, 'build'), '--silent'], {
    cwd: ROOT,
  });
  console.log(join('build', stdout.trim()));
}
