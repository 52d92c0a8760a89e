// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the register's public page says, in its languages.
 *
 * @module
 */
import type { LeafCounts } from '../../log/checkpoint.ts';
import type { RevocationReason } from '../../log/events.ts';

/** Languages of the page, each a file of its own: `/index.en.html`. */
export const PAGE_LANGUAGES = ['en', 'zh'] as const;

/** One of them. */
export type PageLanguage = (typeof PAGE_LANGUAGES)[number];

/** Counts of a checkpoint. */
type CountName = keyof LeafCounts;

/** The page's words in one language. */
export interface PageTexts {
  /** BCP 47, of the document. */
  readonly tag: string;
  readonly name: string;
  readonly title: string;
  readonly languages: string;
  readonly intro: string;
  readonly today: string;
  readonly root: string;
  readonly rootMeaning: string;
  readonly epoch: string;
  readonly activeFrom: string;
  readonly logSize: string;
  readonly logRoot: string;
  readonly active: string;
  readonly next: string;
  readonly none: string;
  readonly counts: string;
  readonly countNames: Readonly<Record<CountName, string>>;
  readonly countMeanings: Readonly<Record<CountName, string>>;
  readonly curves: string;
  readonly issuedCurve: string;
  readonly revokedCurve: string;
  readonly noCurve: string;
  readonly table: string;
  readonly day: string;
  readonly reasons: Readonly<Record<RevocationReason, string>>;
  readonly rules: string;
  readonly approvals: (needed: number, approvers: number) => string;
  readonly delay: (seconds: number) => string;
  readonly exceptions: string;
  readonly witnesses: string;
  readonly threshold: (needed: number, witnesses: number) => string;
  readonly witness: string;
  readonly lastEpoch: string;
  readonly lastTime: string;
  readonly never: string;
  readonly unwatched: string;
  readonly check: string;
  readonly checkText: string;
  readonly address: string;
  readonly raw: string;
  readonly rawNames: Readonly<Record<'checkpoint' | 'history' | 'entries' | 'announcements' | 'info', string>>;
  readonly times: (zone: string) => string;
}

function inEnglish(seconds: number): string {
  const [count, unit] = seconds % 86_400 === 0 ? [seconds / 86_400, 'day'] : [seconds, 'second'];
  return `${String(count)} ${unit}${count === 1 ? '' : 's'}`;
}

/** All languages. */
export const PAGE_TEXTS: Readonly<Record<PageLanguage, PageTexts>> = {
  en: {
    tag: 'en',
    name: 'English',
    title: 'The public register',
    languages: 'Language',
    intro:
      'Every credential in use has a leaf here; nothing here says whose. Everything on this page can be computed from the public log, by anyone.',
    today: 'Today’s root',
    root: 'Presentation root',
    rootMeaning: 'Every login in this epoch proves membership under this root, and it is the same for everyone.',
    epoch: 'Epoch',
    activeFrom: 'Active from',
    logSize: 'Entries of the log',
    logRoot: 'Root of the log',
    active: 'Active',
    next: 'Next',
    none: 'None yet.',
    counts: 'Counts',
    countNames: {
      active: 'in use',
      issued: 'issued',
      replaced: 'renewed',
      revoked: 'revoked',
      announced: 'announced revocations',
      resets: 'people with a new seed',
    },
    countMeanings: {
      active: 'leaves in the tree',
      issued: 'ever, renewals not included',
      replaced: 'a new leaf took the old one’s place',
      revoked: 'taken out, renewals not included',
      announced: 'open, may be appealed',
      resets: 'as issuers have told',
    },
    curves: 'Over time',
    issuedCurve: 'Leaves issued',
    revokedCurve: 'Leaves revoked, by reason',
    noCurve: 'There are curves once there are two checkpoints.',
    table: 'The numbers of both curves as a table',
    day: 'Day',
    reasons: {
      holder_request: 'asked for by the holder',
      document_lost: 'document or device lost',
      document_withdrawn: 'document withdrawn',
      issued_in_error: 'issued in error',
      fraud: 'fraud',
      death: 'death',
      issuer_key_compromised: 'issuer’s key compromised',
    },
    rules: 'Rules in force',
    approvals: (needed, approvers) =>
      `A revocation needs the signatures of ${String(needed)} of ${String(approvers)} approvers.`,
    delay: (seconds) => `It is announced for ${inEnglish(seconds)}, in which it can be appealed and reversed.`,
    exceptions:
      'Without delay: what the holder asks for, and emergencies (a stolen device, a compromised key), which the log marks as such.',
    witnesses: 'Witnesses',
    threshold: (needed, witnesses) =>
      `Wallets and platforms accept a checkpoint with the signatures of ${String(needed)} of ${String(witnesses)} witnesses.`,
    witness: 'Witness',
    lastEpoch: 'Last epoch',
    lastTime: 'Signed at',
    never: 'nothing signed yet',
    unwatched: 'Nobody watches this register.',
    check: 'Check it yourself',
    checkText:
      'This page is not signed; the checkpoints are. This command downloads the register, replays it, and says whether all holds:',
    address: 'ADDRESS',
    raw: 'Raw data',
    rawNames: {
      checkpoint: 'latest checkpoint, signed',
      history: 'all checkpoints, 256 in a file',
      entries: 'log, first entries',
      announcements: 'open announcements',
      info: 'keys and rules',
    },
    times: (zone) => `Times are of ${zone}.`,
  },
  zh: {
    tag: 'zh-CN',
    name: '中文',
    title: '公开登记册',
    languages: '语言',
    intro:
      '每个有效凭证在这里都有一片叶子，但这里没有任何内容说明它属于谁。本页所有内容，任何人都可以由公开日志自行算出。',
    today: '今日的根',
    root: '出示根',
    rootMeaning: '本周期内的每次登录都在此根下证明成员身份，且此根对所有人相同。',
    epoch: '周期',
    activeFrom: '生效时间',
    logSize: '日志条目数',
    logRoot: '日志的根',
    active: '当前',
    next: '下一个',
    none: '尚无。',
    counts: '计数',
    countNames: {
      active: '使用中',
      issued: '已签发',
      replaced: '已换发',
      revoked: '已撤销',
      announced: '已公告的撤销',
      resets: '更换种子的人数',
    },
    countMeanings: {
      active: '树中的叶子',
      issued: '累计，不含换发',
      replaced: '新叶子取代旧叶子的位置',
      revoked: '累计，不含换发',
      announced: '待执行，可申诉',
      resets: '由签发方报告',
    },
    curves: '随时间变化',
    issuedCurve: '已签发的叶子',
    revokedCurve: '已撤销的叶子（按原因）',
    noCurve: '有两个检查点之后才有曲线。',
    table: '两条曲线的数据表',
    day: '日期',
    reasons: {
      holder_request: '持有人要求',
      document_lost: '证件或设备丢失',
      document_withdrawn: '证件被收回',
      issued_in_error: '签发错误',
      fraud: '欺诈',
      death: '死亡',
      issuer_key_compromised: '签发方密钥泄露',
    },
    rules: '现行规则',
    approvals: (needed, approvers) => `撤销需要 ${String(approvers)} 位审批人中 ${String(needed)} 位的签名。`,
    delay: (seconds) =>
      `撤销先公告 ${seconds % 86_400 === 0 ? `${String(seconds / 86_400)} 天` : `${String(seconds)} 秒`}，其间可以申诉并撤回。`,
    exceptions: '以下情形无需等待：持有人自己的要求，以及紧急情况（设备被盗、密钥泄露），后者在日志中有明确标记。',
    witnesses: '见证人',
    threshold: (needed, witnesses) =>
      `钱包和平台只接受有 ${String(witnesses)} 位见证人中 ${String(needed)} 位签名的检查点。`,
    witness: '见证人',
    lastEpoch: '最近周期',
    lastTime: '签名时间',
    never: '尚未签名',
    unwatched: '此登记册没有见证人。',
    check: '自行核查',
    checkText: '本页没有签名，检查点才有。以下命令下载登记册，重放全部日志，并说明是否一切相符：',
    address: '网址',
    raw: '原始数据',
    rawNames: {
      checkpoint: '最新检查点（已签名）',
      history: '全部检查点，每个文件 256 个',
      entries: '日志的最初条目',
      announcements: '待执行的公告',
      info: '密钥与规则',
    },
    times: (zone) => `时间按 ${zone} 时区。`,
  },
};

/**
 * The language for a visitor.
 *
 * @param accepted - The header Accept-Language, if any: the first language that the page has, by preference.
 */
export function chooseLanguage(accepted: string | undefined): PageLanguage {
  const wanted = (accepted ?? '')
    .slice(0, 500)
    .split(',')
    .map((part, i) => {
      const [tag = '', quality = ''] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*q=/);
      const weight = quality === '' ? 1 : Number(quality);
      return { language: tag.split('-')[0] ?? '', weight: Number.isFinite(weight) ? weight : 0, i };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.i - b.i);
  const found = wanted.find(({ language }) => PAGE_LANGUAGES.some((known) => known === language));
  return found?.language === 'zh' ? 'zh' : 'en';
}
