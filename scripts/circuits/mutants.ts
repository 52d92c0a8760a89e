// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Every way to lose one constraint statement of our own templates, as changes of their text:
 *
 * - `a === b;` is dropped;
 * - `x <== e` becomes `x <-- e`, and `x <== T()(e)` becomes `x <-- 0`, since circom knows no `<--` there;
 * - an input of an anonymous component takes a signal that no constraint defines, named {@link FREED}.
 *
 * What a `<--` proposes does not matter: only constraints are compared.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles } from '../checks/modules.ts';
import { ROOT } from './compile.ts';

/** Name of the signals that a deletion adds, free to hold anything. */
export const FREED = 'freed';

/** One deletion. */
export interface Deletion {
  /** File below `circuits`. */
  readonly file: string;
  readonly template: string;
  readonly line: number;
  /** What is lost: the statement, or one input of a component in it. */
  readonly lost: string;
  /** The file's text without it. */
  readonly text: string;
}

/** Inputs of a template with their dimensions in terms of its parameters. */
interface Template {
  readonly parameters: readonly string[];
  readonly inputs: readonly { readonly name: string; readonly dimensions: string }[];
}

const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');
const withoutComments = (text: string): string => text.replaceAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, blank);

/** Place after the bracket that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if ('([{'.includes(text[at] ?? '')) depth++;
    else if (')]}'.includes(text[at] ?? '') && --depth === 0) return at + 1;
  }
  throw new Error(`no closing bracket for the one at ${String(open)}`);
}

/** Splits `a, b[c, d]` at the commas outside brackets, keeping places. */
function* listed(text: string, from: number, to: number): Iterable<{ from: number; to: number }> {
  let start = from;
  for (let at = from; at <= to; at++) {
    if (at < to && '([{'.includes(text[at] ?? '')) at = closing(text, at) - 1;
    else if (at === to || text[at] === ',') {
      if (text.slice(start, at).trim() !== '') yield { from: start, to: at };
      start = at + 1;
    }
  }
}

function* templatesIn(text: string): Iterable<{ name: string; parameters: string[]; from: number; to: number }> {
  for (const match of text.matchAll(/\btemplate\s+(\w+)\s*\(([^)]*)\)\s*\{/g)) {
    const [header, name = '', list = ''] = match;
    const from = match.index + header.length;
    const parameters = list.split(',').flatMap((parameter) => parameter.trim() || []);
    yield { name, parameters, from, to: closing(text, from - 1) - 1 };
  }
}

function templates(sources: Iterable<string>): Map<string, Template> {
  const found = new Map<string, Template>();
  for (const source of sources) {
    const text = withoutComments(source);
    for (const { name, parameters, from, to } of templatesIn(text)) {
      const declared = text.slice(from, to).matchAll(/signal\s+input\s+(\w+)\s*((?:\[[^\]]*\])*)/g);
      const inputs = Array.from(declared, ([, input = '', dimensions = '']) => ({ name: input, dimensions }));
      found.set(name, { parameters, inputs });
    }
  }
  return found;
}

/** Loops around a place in a template: variable and number of rounds. */
function loopsAround(text: string, from: number, place: number): { variable: string; rounds: string }[] {
  const loops = [];
  for (const match of text.slice(from, place).matchAll(/for \(var (\w+) = 0; \w+ < ([^;]+); \w+\+\+\) \{/g)) {
    const [header, variable = '', rounds = ''] = match;
    if (closing(text, from + match.index + header.length - 1) > place) loops.push({ variable, rounds });
  }
  return loops;
}

/** Proposes a value for each element of a signal, without a constraint. */
function proposed(name: string, dimensions: string): string {
  const bounds = Array.from(dimensions.matchAll(/\[([^\]]*)\]/g), ([, bound = '']) => bound);
  const loops = bounds.map(
    (bound, i) => `for (var at${String(i)} = 0; at${String(i)} < ${bound}; at${String(i)}++) { `,
  );
  const element = bounds.map((_, i) => `[at${String(i)}]`).join('');
  return `${loops.join('')}${name}${element} <-- 0;${' }'.repeat(bounds.length)}`;
}

/** Deletions in one file. */
function* deletionsIn(file: string, source: string, known: ReadonlyMap<string, Template>): Iterable<Deletion> {
  const text = withoutComments(source);
  for (const template of templatesIn(text)) {
    const { from, to } = template;
    const lose = (place: number, lost: string, changed: string): Deletion => ({
      file,
      template: template.name,
      line: text.slice(0, place).split('\n').length,
      lost: lost.replaceAll(/\s+/g, ' ').trim(),
      text: changed,
    });
    const replaced = (start: number, end: number, by: string): string => text.slice(0, start) + by + text.slice(end);

    for (const match of text.slice(from, to).matchAll(/[^;{}]+;/g)) {
      const start = from + match.index + (/^\s*/.exec(match[0])?.[0].length ?? 0);
      const end = from + match.index + match[0].length;
      const statement = text.slice(start, end);
      const call = /(?:^|<==\s*)([A-Z]\w*)\(/.exec(statement);
      const callee = call === null ? undefined : known.get(call[1] ?? '');
      const afterParameters = call === null ? end : closing(text, start + call.index + call[0].length - 1);
      const isComponent = callee !== undefined && text[afterParameters] === '(';

      if (statement.includes('===')) {
        yield lose(start, statement, replaced(start, end, blank(statement)));
      } else if (/^_ <==/.test(statement)) {
        yield lose(start, statement, replaced(start, end, blank(statement)));
      } else if (statement.includes('<==')) {
        const arrow = start + statement.indexOf('<==');
        const left = text.slice(start, arrow).trim();
        const [, name = '', dimensions = ''] = /^signal (?:output )?(\w+)(.*)$/.exec(left) ?? [];
        const open = name === '' ? proposed(left, '') : `${left}; ${proposed(name, dimensions)}`;
        const changed = isComponent
          ? `${open} _ ${text.slice(arrow, end)}`
          : `${left} <--${text.slice(arrow + 3, end)}`;
        yield lose(start, statement, replaced(start, end, changed));
      }
      if (!isComponent || call === null) continue;

      const given = [...listed(text, start + call.index + call[0].length, afterParameters - 1)];
      const passed = [...listed(text, afterParameters + 1, closing(text, afterParameters) - 1)];
      const loops = loopsAround(text, from, start);
      for (const [i, { from: a, to: b }] of passed.entries()) {
        const input = callee.inputs[i];
        if (input === undefined) throw new Error(`${file}: ${statement} passes more than ${call[1] ?? ''} takes`);
        const dimensions = input.dimensions.replaceAll(/\w+/g, (word) => {
          const parameter = given[callee.parameters.indexOf(word)];
          return parameter === undefined ? word : `(${text.slice(parameter.from, parameter.to)})`;
        });
        const rounds = loops.map((loop) => `[${loop.rounds}]`).join('');
        const round = loops.map((loop) => `[${loop.variable}]`).join('');
        const declared = `\n    signal ${FREED}${rounds}${dimensions}; ${proposed(FREED, rounds + dimensions)}`;
        const changed = text.slice(0, from) + declared + text.slice(from, a) + `${FREED}${round}` + text.slice(b);
        yield lose(start, `${statement} [input ${input.name}]`, changed);
      }
    }
  }
}

/** Sources of our own templates, by file below `circuits`. */
export async function ownTemplates(): Promise<ReadonlyMap<string, string>> {
  const files = await listFiles(ROOT, 'circuits/lib', /\.circom$/);
  return new Map(
    await Promise.all(files.map(async (path) => [path, await readFile(join(ROOT, path), 'utf8')] as const)),
  );
}

/** Every deletion, in the order of files and lines. */
export async function allDeletions(): Promise<Deletion[]> {
  const own = await ownTemplates();
  const library = await Promise.all(
    ['bitify', 'comparators', 'poseidon'].map((name) =>
      readFile(join(ROOT, 'node_modules/circomlib/circuits', `${name}.circom`), 'utf8'),
    ),
  );
  const known = templates([...library, ...own.values()]);
  return [...own].flatMap(([file, source]) => [...deletionsIn(file, source, known)]);
}
