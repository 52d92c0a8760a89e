// SPDX-License-Identifier: GPL-3.0-or-later
import preact from '@preact/preset-vite';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, defineConfig, type Plugin } from 'vite';

const PAGES = fileURLToPath(new URL('src/wallet/ui', import.meta.url));

/**
 * Builds the service worker after everything else, as one file under a lasting name, since it must know all
 * other files: it caches them, and a change of any of them makes it another one.
 */
function serviceWorker(): Plugin {
  return {
    name: 'bauta-service-worker',
    apply: 'build',
    enforce: 'post',
    async generateBundle(_options, bundle) {
      const hash = createHash('sha256');
      const built = Object.values(bundle)
        .map((file) => ({ name: file.fileName, content: file.type === 'chunk' ? file.code : file.source }))
        .filter(({ name }) => !name.endsWith('.map'));
      const fixed = await Promise.all(
        (await readdir(join(PAGES, 'public'))).map(async (name) => ({
          name,
          content: await readFile(join(PAGES, 'public', name)),
        })),
      );
      const files = [...built, ...fixed].sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const { name, content } of files) hash.update(`${name}\0`).update(content);
      // The page itself is cached under the address that it has.
      const paths = files.map(({ name }) => `/${name}`).filter((path) => path !== '/index.html');
      const result = await build({
        configFile: false,
        root: PAGES,
        logLevel: 'error',
        define: {
          BAUTA_FILES: JSON.stringify(paths),
          BAUTA_VERSION: JSON.stringify(hash.digest('hex').slice(0, 16)),
        },
        build: {
          write: false,
          target: 'es2022',
          minify: true,
          copyPublicDir: false,
          lib: { entry: join(PAGES, 'service_worker.ts'), formats: ['es'], fileName: () => 'service_worker.js' },
          // A service worker cannot import anything later.
          rolldownOptions: { output: { codeSplitting: false } },
        },
      });
      const [output] = [result].flat();
      if (output === undefined || !('output' in output)) throw new Error('the service worker was not built');
      this.emitFile({ type: 'asset', fileName: 'service_worker.js', source: output.output[0].code });
    },
  };
}

/**
 * Builds the wallet's pages into build/wallet. Everything is a file of its own, so that the pages run
 * under `script-src 'self'; style-src 'self'`: no inline script, no inline style, nothing from elsewhere.
 */
export default defineConfig({
  root: PAGES,
  base: '/',
  plugins: [preact(), serviceWorker()],
  worker: { format: 'es' },
  build: {
    outDir: fileURLToPath(new URL('build/wallet', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          // Zod and what keeps it from `new Function` are one file, so that no schema is made between the two.
          groups: [{ name: 'zod', test: /node_modules\/zod\/|\/no_eval\.ts$/ }],
        },
      },
    },
    chunkSizeWarningLimit: 1500,
  },
});
