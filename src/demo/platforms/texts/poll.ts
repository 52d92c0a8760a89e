// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Texts of the poll.
 *
 * @module
 */

export const en = {
  title: 'One person, one vote',
  lead: 'Every vote counts once, and nobody can tell who cast it: not even whether the same person voted on both questions.',
  questions: {
    week: {
      title: 'What should the square get next?',
      rule: 'One vote a person, each week.',
      options: ['Shade trees', 'A fountain', 'Benches with backs', 'Nothing, leave it open'],
    },
    once: {
      title: 'Where should the town’s surplus go?',
      rule: 'One vote a person, once. It opened on the first of this month, so credentials of this month do not count: somebody who lost a wallet cannot vote a second time.',
      options: ['The library', 'The swimming pool', 'Night buses', 'Paying off debt'],
    },
  } as Readonly<Record<'week' | 'once', { title: string; rule: string; options: readonly string[] }>>,
  vote: 'Vote with Bauta',
  choose: 'Choose one answer',
  transaction: { title: 'Your vote', question: 'Question', answer: 'Answer' },
  proved: 'Proved votes',
  provedHint: 'one person each',
  open: 'Open votes',
  openHint: 'by password accounts, of which one person may have several; they are shown, and not counted',
  votes: (count: number) => (count === 1 ? '1 vote' : `${String(count)} votes`),
  live: 'Results as they come in',
  cast: (answer: string) => `Your vote for “${answer}” has been counted.`,
  openCast: (answer: string) => `Your open vote for “${answer}” is shown.`,
  openVote: 'Vote openly',
  otherWay: 'Without a wallet',
  otherText:
    'Sign in with a name and a password to vote openly, or bring your ballot to the town hall, where you show your ID and people count by hand.',
  knows: 'What this site keeps of a vote',
  knowsText:
    'The answer, and a pseudonym that is good for this one question. No account, no time, and nothing that leads from one question to the other.',
};

/** Texts of one language. */
export type PollTexts = typeof en;

export const zh: PollTexts = {
  title: '一人一票',
  lead: '每一票只计一次，谁也看不出是谁投的，甚至看不出两个问题是否由同一人投票。',
  questions: {
    week: {
      title: '广场下一步该添什么？',
      rule: '每人每周一票。',
      options: ['遮阴的树', '一座喷泉', '带靠背的长椅', '什么都不添，留着空地'],
    },
    once: {
      title: '镇上的结余该用在哪里？',
      rule: '每人一票，仅此一次。投票于本月一日开始，因此本月办理的凭证不计入：丢了钱包的人不能再投一次。',
      options: ['图书馆', '游泳池', '夜班公交', '偿还债务'],
    },
  },
  vote: '用 Bauta 投票',
  choose: '请选择一项',
  transaction: { title: '你的一票', question: '问题', answer: '选择' },
  proved: '经证明的票',
  provedHint: '每票对应一人',
  open: '公开票',
  openHint: '由密码账户投出，一人可能有多个账户；只展示，不计入',
  votes: (count) => `${String(count)} 票`,
  live: '实时结果',
  cast: (answer) => `你投给“${answer}”的一票已计入。`,
  openCast: (answer) => `你投给“${answer}”的公开票已展示。`,
  openVote: '公开投票',
  otherWay: '不用钱包',
  otherText: '用名称和密码登录后可公开投票；也可以把选票送到镇公所，当面出示证件，由人工计票。',
  knows: '本站为一票保留什么',
  knowsText: '所选的答案，以及只适用于这一个问题的化名。没有账户，没有时间，也没有任何能把两个问题联系起来的东西。',
};
