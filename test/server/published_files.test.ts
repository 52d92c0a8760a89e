// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesSchema } from '../../src/log/events.ts';
import { parseManifest } from '../../src/protocol/artifacts.ts';
import { ARTIFACTS } from '../../src/server/pages.ts';
import { publishedFiles } from '../../src/server/published_files.ts';

it('publishes the hashes of the artifacts and of the pages, as the log takes them', async () => {
  const manifest = parseManifest(JSON.parse(readFileSync(join(ARTIFACTS, 'manifest.json'), 'utf8')));
  const folder = mkdtempSync(join(tmpdir(), 'bauta-pages-'));
  try {
    mkdirSync(join(folder, 'assets'));
    for (const name of ['index.html', 'assets/index-A_b9.js', 'assets/index-A_b9.js.br']) {
      writeFileSync(join(folder, name), name);
    }
    const files = await publishedFiles(manifest, folder);
    expect(filesSchema.parse(files)).toEqual(files);
    expect(files['show.wasm']).toBe(manifest.circuits.show.wasm.sha256);
    const hash = createHash('sha256').update('assets/index-A_b9.js').digest('hex');
    expect(files['wallet/assets/index-A_b9.js']).toBe(hash);
    expect(Object.keys(files).filter((name) => name.startsWith('wallet/'))).toHaveLength(2);
    expect(Object.keys(await publishedFiles(manifest, join(folder, 'none')))).toHaveLength(8);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
