// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The login button as a script for pages: `src/platform/client/button.ts` without its types. A verifier serves it, so
 * that a platform's page loads nothing from elsewhere.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './pages.ts';

/** The script; the module imports nothing, so it is whole. */
export async function buttonScript(): Promise<string> {
  const source = await readFile(join(ROOT, 'src', 'platform', 'client', 'button.ts'), 'utf8');
  // Loaded when it is needed: it is large.
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  return outputText;
}
