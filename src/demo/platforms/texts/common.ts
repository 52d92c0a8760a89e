// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Texts that all sample platforms share.
 *
 * @module
 */

export const en = {
  tag: 'en',
  language: 'Language',
  names: { photo: 'Halide', market: 'Quayside', poll: 'Show of Hands' },
  sample: 'A sample site of the Bauta demonstration. It keeps what it knows in memory: a restart forgets everybody.',
  login: 'Continue with Bauta',
  logout: 'Log out',
  guest: 'You are here as a guest.',
  signedIn: (name: string) => `You are signed in as ${name}, with a password.`,
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
  password: {
    other: 'Or with a name and a password',
    name: 'Name',
    nameHint: '3 to 30 letters, digits, hyphens; need not be your own',
    password: 'Password',
    passwordHint: '10 characters or more',
    create: 'Create an account',
    signIn: 'Sign in',
  },
  returning: 'Finishing your login …',
  noScript: 'Allow scripts for this page: the answer of your wallet is in its address.',
  errorTitle: 'This did not work',
  errors: {
    login_missing: 'This was not begun in this browser, or took too long. Start again.',
    expired: 'This took too long. Start again.',
    rejected: 'The proof was not accepted. Start again.',
    declined: 'You declined in your wallet. Nothing was sent.',
    verifier_unreachable: 'Our verifier does not answer. Try again in a minute.',
    form_invalid: 'The answer was incomplete. Start again.',
    voted: 'You have voted on this already: one person, one vote.',
    name_invalid: 'Choose a name of 3 to 30 letters, digits or hyphens and a password of 10 characters or more.',
    name_taken: 'This name is taken. Choose another one.',
    password_wrong: 'Name or password is wrong.',
    password_wait: 'Too many attempts with this name. Wait a minute.',
    login_needed: 'Log in first.',
  },
  again: 'To the front page',
};

/** Texts of one language. */
export type CommonTexts = typeof en;

export const zh: CommonTexts = {
  tag: 'zh-CN',
  language: '语言',
  names: { photo: '银盐', market: '码头集市', poll: '举手' },
  sample: 'Bauta 演示用的示例网站。所知内容只存于内存，重启后一概忘记。',
  login: '使用 Bauta 继续',
  logout: '退出登录',
  guest: '你现在是访客。',
  signedIn: (name) => `你以 ${name} 的名义用密码登录。`,
  welcome: (visits) => (visits === 1 ? '欢迎，这是你第一次来。' : `欢迎回来，这是第 ${String(visits)} 次。`),
  knows: (name) => `${name}对你的全部了解`,
  account: '你在这里的化名',
  accountFull: '完整形式',
  time: '登录时间',
  yes: '是',
  no: '否',
  claims: { age_over_18: '已满 18 周岁', valid_id: '持有有效证件' },
  knowsNot: '它不知道你的姓名、出生日期、证件和号码，也不知道你在别处的化名。',
  password: {
    other: '或使用名称和密码',
    name: '名称',
    nameHint: '3 至 30 个字母、数字或连字符，不必是真名',
    password: '密码',
    passwordHint: '至少 10 个字符',
    create: '创建账户',
    signIn: '登录',
  },
  returning: '正在完成登录……',
  noScript: '请允许本页运行脚本：钱包的答复在网址里。',
  errorTitle: '没有成功',
  errors: {
    login_missing: '这不是在此浏览器发起的，或已超时。请重新开始。',
    expired: '已超时，请重新开始。',
    rejected: '证明未被接受，请重新开始。',
    declined: '你在钱包里拒绝了，什么都没有发出。',
    verifier_unreachable: '验证服务没有回应，请过一分钟再试。',
    form_invalid: '答复不完整，请重新开始。',
    voted: '你已就此投过票：一人一票。',
    name_invalid: '名称须为 3 至 30 个字母、数字或连字符，密码至少 10 个字符。',
    name_taken: '这个名称已有人使用，请换一个。',
    password_wrong: '名称或密码不对。',
    password_wait: '这个名称尝试次数过多，请等一分钟。',
    login_needed: '请先登录。',
  },
  again: '回到首页',
};
