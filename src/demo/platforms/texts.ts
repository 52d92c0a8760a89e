// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Texts of the sample platforms in both languages; one table's type is the other's.
 *
 * @module
 */

/** Which sample platform. */
export type Kind = 'photo' | 'market';

const en = {
  tag: 'en',
  language: 'Language',
  names: { photo: 'Halide', market: 'Quayside' },
  sample: 'A sample site of the Bauta demonstration.',
  front: {
    photo: {
      title: 'A darkroom in your browser',
      lead: 'Light, colour and grain for everyone. Tools that change faces are for adults.',
      why: 'To open the portrait tools, show that you are 18 or older. We need neither your name nor your date of birth.',
      guest: 'Continue as a guest',
      guestHint: 'Guests have all tools except the portrait tools.',
    },
    market: {
      title: 'Second-hand, first-rate',
      lead: 'Buy from people who really exist. Nobody’s name is on show.',
      why: 'To buy and sell, show that you hold a valid ID. One person, one stall; we keep no copy of any document.',
      guest: 'Browse as a guest',
      guestHint: 'Guests can look at everything; buying and selling needs an account.',
    },
  },
  login: 'Continue with Bauta',
  logout: 'Log out',
  guest: 'You are here as a guest.',
  welcome: (visits: number) =>
    visits === 1 ? 'Welcome. This is your first visit.' : `Welcome back. Visit number ${String(visits)}.`,
  knows: (name: string) => `Everything ${name} knows about you`,
  account: 'Your pseudonym here',
  accountFull: 'In full',
  time: 'Logged in',
  yes: 'yes',
  no: 'no',
  claims: { age_over_18: '18 or older', valid_id: 'Holds a valid ID' },
  knowsNot: 'It does not know your name, date of birth, document or number, nor your pseudonym anywhere else.',
  tools: {
    title: 'Develop',
    plain: 'Original',
    warm: 'Warm',
    mono: 'Silver',
    fade: 'Faded',
    soften: 'Portrait: soften',
    sketch: 'Portrait: sketch',
  },
  adult: 'Opens for adults who log in',
  picture: 'Sample photograph: a harbour at dusk',
  goods: {
    title: 'On offer today',
    items: [
      ['Enamel teapot, one owner', '¥ 68'],
      ['Folding bicycle, serviced', '¥ 720'],
      ['Field camera, 1982', '¥ 1,150'],
      ['Box of detective novels', '¥ 45'],
    ],
    buy: 'Reserve',
    locked: 'Log in to buy',
    reserved: (item: string) => `Reserved for your pseudonym: ${item}`,
  },
  returning: 'Finishing your login …',
  noScript: 'Allow scripts for this page: the answer of your wallet is in its address.',
  errorTitle: 'You are not logged in',
  errors: {
    login_missing: 'This login was not begun in this browser, or took too long. Start again.',
    expired: 'This login took too long. Start again.',
    rejected: 'The proof was not accepted. Start again.',
    verifier_unreachable: 'Our verifier does not answer. Try again in a minute.',
    form_invalid: 'The answer was incomplete. Start again.',
  },
  again: 'To the front page',
};

/** Texts of one language. */
export type Texts = typeof en;

const zh: Texts = {
  tag: 'zh-CN',
  language: '语言',
  names: { photo: '银盐', market: '码头集市' },
  sample: 'Bauta 演示用的示例网站。',
  front: {
    photo: {
      title: '浏览器里的暗房',
      lead: '光线、色彩与颗粒，人人可用。会改变面容的工具只对成年人开放。',
      why: '使用人像工具前，请证明你已满 18 周岁。我们不需要你的姓名，也不需要出生日期。',
      guest: '以访客身份继续',
      guestHint: '访客可使用人像工具以外的全部工具。',
    },
    market: {
      title: '旧物新主，真人交易',
      lead: '买卖双方都是真实的人，却不必亮出姓名。',
      why: '买卖之前，请证明你持有有效证件。一人一个摊位，我们不留存任何证件副本。',
      guest: '以访客身份逛逛',
      guestHint: '访客可以随意浏览；买卖需要登录。',
    },
  },
  login: '使用 Bauta 继续',
  logout: '退出登录',
  guest: '你现在是访客。',
  welcome: (visits) => (visits === 1 ? '欢迎，这是你第一次来。' : `欢迎回来，这是第 ${String(visits)} 次。`),
  knows: (name) => `${name}对你的全部了解`,
  account: '你在这里的化名',
  accountFull: '完整形式',
  time: '登录时间',
  yes: '是',
  no: '否',
  claims: { age_over_18: '已满 18 周岁', valid_id: '持有有效证件' },
  knowsNot: '它不知道你的姓名、出生日期、证件和号码，也不知道你在别处的化名。',
  tools: {
    title: '冲洗',
    plain: '原片',
    warm: '暖调',
    mono: '银盐黑白',
    fade: '褪色',
    soften: '人像：柔肤',
    sketch: '人像：素描',
  },
  adult: '成年人登录后可用',
  picture: '示例照片：黄昏的港口',
  goods: {
    title: '今日在售',
    items: [
      ['搪瓷茶壶，一手自用', '¥ 68'],
      ['折叠自行车，已保养', '¥ 720'],
      ['1982 年大画幅相机', '¥ 1,150'],
      ['侦探小说一箱', '¥ 45'],
    ],
    buy: '预订',
    locked: '登录后可买',
    reserved: (item) => `已为你的化名预订：${item}`,
  },
  returning: '正在完成登录……',
  noScript: '请允许本页运行脚本：钱包的答复在网址里。',
  errorTitle: '尚未登录',
  errors: {
    login_missing: '这次登录不是在此浏览器发起的，或已超时。请重新开始。',
    expired: '登录超时，请重新开始。',
    rejected: '证明未被接受，请重新开始。',
    verifier_unreachable: '验证服务没有回应，请过一分钟再试。',
    form_invalid: '答复不完整，请重新开始。',
  },
  again: '回到首页',
};

/** The languages, in the order of the switch. */
export const LANGUAGES = { zh, en } as const;

/**
 * The language of a request.
 *
 * @param chosen - The visitor's own choice, if any.
 * @param accepted - Header `Accept-Language`.
 */
export function languageOf(chosen: string | undefined, accepted: string | undefined): Texts {
  const wanted = [chosen ?? '', ...(accepted ?? '').split(',')].map((tag) => tag.trim().slice(0, 2).toLowerCase());
  const found = wanted.find((tag) => tag === 'zh' || tag === 'en');
  return found === 'zh' ? zh : en;
}
