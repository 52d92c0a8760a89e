// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { textOf } from '../../../src/wallet/ui/problems.ts';
import { en } from '../../../src/wallet/ui/strings/en.ts';
import { zh } from '../../../src/wallet/ui/strings/zh.ts';

/** Every text of a table, functions called with plain arguments. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'function') {
    const call = value as (...args: unknown[]) => unknown;
    try {
      return [String(call('1', 2))];
    } catch {
      return [String(call(['1', '2']))];
    }
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}

/** Names, and a command, that are the same in both languages. */
const NAMES =
  /Bauta|bauta|Cookie|npm run companion|JPEG|PNG|EF\.SOD|DG1|DG2|DG11|DG14|DG15|Face Research Lab London Set \(DeBruine and Jones\), CC BY/g;

describe('the texts', () => {
  it('hold no English in Chinese', () => {
    const { tag, problems, ...rest } = zh;
    expect(tag).toBe('zh-CN');
    for (const text of [...texts(rest), ...texts(problems)]) {
      expect(text.replace(NAMES, '')).not.toMatch(/[A-Za-z]{2,}/);
    }
  });

  it('hold no Chinese in English', () => {
    for (const text of texts(en)) expect(text).not.toMatch(/\p{Script=Han}/u);
  });

  it('use Chinese punctuation in Chinese', () => {
    for (const text of texts(zh)) expect(text).not.toMatch(/\p{Script=Han}[,;:?!]/u);
  });

  it('say for every problem what to do, and fall back for unknown codes', () => {
    expect(textOf('request_unknown', en)).toBe(en.problems.request_expired);
    expect(textOf('no_such_code', zh)).toBe(zh.problems.unexpected);
    expect(textOf('constructor', zh)).toBe(zh.problems.unexpected);
  });
});
