// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run docs:codes`: writes the table of error codes in docs/protocol.md section 9 from the
 * sources: each code with its HTTP status and with what its first thrower says.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { format, resolveConfig } from 'prettier';
import { STATUS_OF } from '../src/http/statuses.ts';
import { listFiles } from './checks/modules.ts';
import { ROOT } from './circuits/compile.ts';

const FILE = join(ROOT, 'docs', 'protocol.md');
const PLACE = /(<!-- codes:begin[^\n]*-->\n)[\s\S]*(<!-- codes:end -->)/;

/** The text that an expression writes, with `…` for what is put in while running. */
function textOf(node: ts.Node | undefined): string {
  if (node === undefined) return '';
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('');
  }
  if (ts.isBinaryExpression(node)) return textOf(node.left) + textOf(node.right);
  return '';
}

async function codesOf(): Promise<Map<string, string>> {
  const codes = new Map<string, string>();
  for (const path of await listFiles(ROOT, 'src', /\.tsx?$/)) {
    const file = ts.createSourceFile(path, await readFile(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
    const visit = (node: ts.Node): void => {
      if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'ProtocolError') {
        const [code, message] = node.arguments ?? [];
        if (code !== undefined && ts.isStringLiteral(code)) {
          codes.set(code.text, codes.get(code.text) || textOf(message));
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return codes;
}

/** The document with its table as the sources have it. */
export async function withCodes(document: string): Promise<string> {
  const codes = await codesOf();
  for (const code of Object.keys(STATUS_OF)) codes.set(code, codes.get(code) ?? '');
  const rows = [...codes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, text]) => `| \`${code}\` | ${String(STATUS_OF[code] ?? 400)} | ${text.replaceAll('|', '\\|')} |`);
  const table = ['', '| code | status | says |', '| --- | --- | --- |', ...rows, '', ''].join('\n');
  const written = document.replace(PLACE, (_, begin: string, end: string) => begin + table + end);
  return format(written, { ...(await resolveConfig(FILE)), parser: 'markdown' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(FILE, await withCodes(await readFile(FILE, 'utf8')));
}
