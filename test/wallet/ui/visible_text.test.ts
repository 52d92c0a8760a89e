// SPDX-License-Identifier: GPL-3.0-or-later
/** Every text that people see comes from the tables of both languages. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { en } from '../../../src/wallet/ui/strings/en.ts';
import { zh } from '../../../src/wallet/ui/strings/zh.ts';

const FOLDER = join(import.meta.dirname, '../../../src/wallet/ui');
/** Attributes that are shown or read aloud. */
const SHOWN = /^(title|label|placeholder|alt|hint|aria-(label|description|roledescription|valuetext))$/;
/** The name is the same in every language. */
const NAMES = new Set(['Bauta']);
const WORD = /\p{L}{2,}/u;

/** Texts that stand in a page itself. */
function textsIn(name: string, source: string): string[] {
  const found: string[] = [];
  const keep = (text: string): void => {
    const trimmed = text.trim();
    if (WORD.test(trimmed) && !NAMES.has(trimmed)) found.push(`${name}: ${trimmed}`);
  };
  /** The values that an expression may come to, as far as they are written there. */
  const values = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) keep(node.text);
    else if (ts.isTemplateExpression(node))
      [node.head, ...node.templateSpans.map((s) => s.literal)].forEach((t) => keep(t.text));
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(values);
    else if (ts.isParenthesizedExpression(node)) values(node.expression);
    else if (ts.isBinaryExpression(node)) {
      const isChoice = [
        ts.SyntaxKind.AmpersandAmpersandToken,
        ts.SyntaxKind.QuestionQuestionToken,
        ts.SyntaxKind.BarBarToken,
        ts.SyntaxKind.PlusToken,
      ];
      if (isChoice.includes(node.operatorToken.kind)) [node.left, node.right].forEach(values);
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) keep(node.text);
    if (ts.isJsxExpression(node) && node.expression !== undefined && !ts.isJsxAttribute(node.parent))
      values(node.expression);
    if (ts.isJsxAttribute(node) && SHOWN.test(node.name.getText())) {
      if (node.initializer !== undefined) {
        values(
          ts.isJsxExpression(node.initializer) ? (node.initializer.expression ?? node.initializer) : node.initializer,
        );
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
  return found;
}

/** Every place of a table, with what is there. */
function places(value: unknown, path = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[path, value]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...places(inner, `${path}.${key}`)]));
}

/** Calls a text with what no text would hold by itself, and gives what of it is shown. */
function shownOf(text: (...given: unknown[]) => unknown): string[] {
  const numbers = Array.from({ length: text.length }, (_, at) => 9001 + at);
  const attempt = (given: unknown[]): string | undefined => {
    try {
      return String(text(...given));
    } catch {
      return undefined;
    }
  };
  const result = attempt(numbers) ?? attempt(numbers.map((number) => [String(number)])) ?? '';
  return numbers.map(String).filter((number) => result.includes(number));
}

describe('what people read', () => {
  it('stands in the tables, not in the pages', () => {
    const pages = readdirSync(FOLDER).filter((name) => name.endsWith('.tsx'));
    expect(pages.length).toBeGreaterThan(30);
    const found = pages.flatMap((name) => textsIn(name, readFileSync(join(FOLDER, name), 'utf8')));
    expect(found).toEqual([]);
  });

  it('would be found in a page', () => {
    const texts = textsIn(
      'a',
      `const a = <p class="x" title="Shown">Text {b ? 'One way' : t.other} {'in braces'} {c && \`with \${d} days\`}<i aria-label={"read aloud"}/></p>`,
    );
    const all = ['Shown', 'Text', 'One way', 'in braces', 'with', 'days', 'read aloud'];
    expect([...texts].sort()).toEqual(all.map((text) => `a: ${text}`).sort());
  });

  it('is there in both languages, and nowhere empty', () => {
    const [english, chinese] = [places(en), places(zh)];
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [path, text] of english) {
      const other = chinese.get(path);
      expect(typeof other, path).toBe(typeof text);
      // The lowest level of assurance has no name: nobody holds it.
      if (typeof text === 'string' && !path.endsWith('assurances.0')) {
        expect(
          [text, other].filter((each) => String(each).trim() === ''),
          path,
        ).toEqual([]);
      }
    }
  });

  it('shows the same names, numbers and times in both languages', () => {
    const chinese = places(zh);
    const functions = [...places(en)].filter(([, text]) => typeof text === 'function');
    expect(functions.length).toBeGreaterThan(20);
    for (const [path, text] of functions) {
      const shown = shownOf(text as () => unknown);
      expect(shownOf(chinese.get(path) as () => unknown), path).toEqual(shown);
    }
  });
});
