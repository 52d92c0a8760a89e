// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, it } from 'vitest';
import { createInbox, type InboxMessage, MAX_MESSAGES } from '../../src/demo/inbox.ts';

const NOW = Date.UTC(2026, 10, 22, 4);
const open = () => createInbox({ production: false, clock: () => NOW });
const pageOf = async (inbox: ReturnType<typeof open>, path = '/', headers: Record<string, string> = {}) => {
  const response = await inbox.app.request(path, { headers });
  return { response, text: await response.text() };
};

describe('the page of messages', () => {
  it('shows what was sent, the newest first, and looks again by itself', async () => {
    const inbox = open();
    expect((await pageOf(inbox)).text).toContain('No messages yet.');
    await inbox.sender.send('+8613800138000', 'code 111111');
    await inbox.sender.send('+85291234567', 'code 222222');
    const { response, text } = await pageOf(inbox);
    expect(text.indexOf('222222')).toBeLessThan(text.indexOf('111111'));
    expect(text).toContain('+8613800138000');
    expect(response.headers.get('refresh')).toMatch(/^[1-9]\d?$/);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('runs no script and loads nothing from elsewhere', async () => {
    const inbox = open();
    await inbox.sender.send('+8613800138000', '<script>alert(1)</script><img src=x onerror=y>');
    const { response, text } = await pageOf(inbox);
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(text).not.toMatch(/<script|<img|style=|https?:/i);
    expect(text).toContain('&lt;script&gt;');
    const style = await pageOf(inbox, '/inbox.css');
    expect(style.response.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(style.text).not.toMatch(/url\(|@import/);
  });

  it('speaks the language of the browser, or the one that was chosen', async () => {
    const inbox = open();
    const languages = await Promise.all([
      pageOf(inbox),
      pageOf(inbox, '/', { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' }),
      pageOf(inbox, '/?lang=en', { 'accept-language': 'zh-CN' }),
      pageOf(inbox, '/?lang=zh'),
      pageOf(inbox, '/?lang=xx', { 'accept-language': 'fr, zh' }),
    ]);
    expect(languages.map(({ text }) => /<html lang="([^"]+)"/.exec(text)?.[1])).toEqual([
      'en',
      'zh-CN',
      'en',
      'zh-CN',
      'en',
    ]);
    expect(languages[1].text).toContain('还没有短信');
  });

  it('keeps the latest fifty, in memory', async () => {
    const inbox = open();
    const messages = async () => {
      const { text } = await pageOf(inbox, '/messages.json');
      return (JSON.parse(text) as { messages: readonly InboxMessage[] }).messages;
    };
    for (let i = 0; i < MAX_MESSAGES; i++) await inbox.sender.send('+8613800138000', String(i));
    expect(await messages()).toHaveLength(MAX_MESSAGES);
    await inbox.sender.send('+8613800138000', 'the last');
    const kept = await messages();
    expect(kept).toHaveLength(MAX_MESSAGES);
    expect(kept[0]).toEqual({ to: '+8613800138000', text: 'the last', time: NOW });
    expect(kept.at(-1)?.text).toBe('1');
  });

  it('is refused in production', () => {
    expect(() => createInbox({ production: true, clock: () => NOW })).toThrow(
      expect.objectContaining({ code: 'inbox_refused' }) as Error,
    );
  });
});
