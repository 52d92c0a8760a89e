// SPDX-License-Identifier: GPL-3.0-or-later
import preact from '@preact/preset-vite';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/**
 * Builds the wallet's pages into build/wallet. Everything is a file of its own, so that the pages run
 * under `script-src 'self'; style-src 'self'`: no inline script, no inline style, nothing from elsewhere.
 */
export default defineConfig({
  root: fileURLToPath(new URL('src/wallet/ui', import.meta.url)),
  base: '/',
  plugins: [preact()],
  worker: { format: 'es' },
  build: {
    outDir: fileURLToPath(new URL('build/wallet', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
});
