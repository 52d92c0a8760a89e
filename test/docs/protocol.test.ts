// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles } from '../../scripts/checks/modules.ts';
import { ROOT } from '../../scripts/circuits/compile.ts';
import { withCodes } from '../../scripts/docs_codes.ts';

const protocol = await readFile(join(ROOT, 'docs', 'protocol.md'), 'utf8');

describe('docs/protocol.md', () => {
  it('lists the error codes of the sources; otherwise: npm run docs:codes', async () => {
    expect(await withCodes(protocol)).toBe(protocol);
  });

  it('has every section that a source refers to', async () => {
    const sections = new Set(Array.from(protocol.matchAll(/^## (\d+)\. /gm), ([, number]) => number));
    const files = (
      await Promise.all(['src', 'scripts', 'circuits'].map((f) => listFiles(ROOT, f, /\.(tsx?|circom)$/)))
    ).flat();
    let references = 0;
    for (const path of files) {
      const text = await readFile(join(ROOT, path), 'utf8');
      for (const [, number] of text.matchAll(/docs\/protocol\.md[\s*]+section (\d+)/g)) {
        references++;
        expect(sections.has(number), `${path}: section ${number ?? ''}`).toBe(true);
      }
    }
    expect(references).toBeGreaterThan(30);
  });
});
