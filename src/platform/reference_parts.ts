// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Words and looks of the reference page.
 *
 * @module
 */

const en = {
  tag: 'en',
  lead: 'The interface of this verifier, at',
  contents: 'Contents',
  schemas: 'Forms',
  parameters: 'Parameters',
  body: 'Body',
  answers: 'Answers',
  required: 'required',
  optional: 'optional',
  listOf: 'list of',
  byDefault: 'Default:',
  bearer: 'For the platform’s backend: needs one of the verifier’s keys as a bearer token.',
  open: 'For wallets, from any origin, without a key.',
};

/** Words in one language. */
export type ReferenceTexts = typeof en;

const zh: ReferenceTexts = {
  tag: 'zh-CN',
  lead: '本验证服务的接口，地址：',
  contents: '目录',
  schemas: '数据格式',
  parameters: '参数',
  body: '请求体',
  answers: '响应',
  required: '必填',
  optional: '可选',
  listOf: '列表，元素为',
  byDefault: '默认值：',
  bearer: '供平台后端调用：须以 Bearer 方式携带验证服务的一个密钥。',
  open: '供钱包调用：任何来源均可，无需密钥。',
};

/** By language. */
export const REFERENCE_TEXTS = { en, zh } as const;

/** The style sheet. */
export const REFERENCE_STYLE = `:root { color-scheme: light dark; }
body {
  max-width: 60rem;
  margin: 0 auto;
  padding: 1.5rem 1rem 4rem;
  font: 1rem/1.6 system-ui, 'Noto Sans CJK SC', sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid color-mix(in srgb, currentcolor 25%, transparent); }
h3 { margin-bottom: 0.25rem; }
code { font-size: 0.9em; }
.method { font-weight: 700; }
.who, small { opacity: 0.8; }
.type { margin: 0.25rem 0; }
dl { margin: 0.25rem 0; }
dt { margin-top: 0.5rem; }
dd { margin-left: 1rem; padding-left: 0.75rem; border-left: 2px solid color-mix(in srgb, currentcolor 20%, transparent); }
nav ul { padding-left: 1.25rem; }
`;
