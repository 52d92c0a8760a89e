// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Texts of the bridge's few pages in both languages.
 *
 * @module
 */

const en = {
  tag: 'en',
  returning: 'Finishing your login …',
  noScript: 'Allow scripts for this page: the answer of your wallet is in its address.',
  errorTitle: 'You are not logged in',
  errors: {
    interaction_unknown:
      'This login was not begun in this browser, or it took too long. Go back to the site and start again.',
    response_code_invalid: 'The answer of the wallet does not belong to this login. Start again.',
    response_code_missing: 'The answer of the wallet was incomplete. Start again.',
    verification_expired: 'The wallet’s answer took too long. Start again.',
    verification_refused: 'The proof was not accepted. Start again.',
    verifier_unreachable: 'The verifier does not answer. Try again in a minute.',
    request_refused: 'The site asked for a login in a way that is not allowed. Tell its operator.',
  },
  again: 'Ask the wallet again',
  cancel: 'Cancel and go back to the site',
  logoutTitle: 'Log out here?',
  logoutText: 'You are logged in at this site. Your wallet is not affected.',
  logoutYes: 'Log out',
  logoutNo: 'Stay logged in',
  loggedOut: 'You are logged out.',
  move: {
    title: 'Bring your account along',
    lead: (from: string, to: string) =>
      `This site has moved from ${from} to ${to}. Your pseudonym follows from the address, so you have a new one here.`,
    offer:
      'If you had an account at the old address, your wallet can show both pseudonyms at once, and we give you that account back. Both addresses learn that the two pseudonyms are one person; nobody learns more.',
    go: 'Show both pseudonyms',
    skip: 'If you had no account there, you need not do anything.',
    done: 'Your account has come along. Log in as usual.',
    failed: 'The two proofs did not come together. Start again.',
    unreachable: 'One of the two addresses does not answer. Your account is still there: try again in a minute.',
  },
};

/** Texts of one language. */
export type BridgeTexts = typeof en;

const zh: BridgeTexts = {
  tag: 'zh-CN',
  returning: '正在完成登录……',
  noScript: '请允许本页运行脚本：钱包的答复在网址里。',
  errorTitle: '尚未登录',
  errors: {
    interaction_unknown: '这次登录不是在此浏览器发起的，或已超时。请回到原网站重新开始。',
    response_code_invalid: '钱包的答复与这次登录不符，请重新开始。',
    response_code_missing: '钱包的答复不完整，请重新开始。',
    verification_expired: '钱包的答复来得太迟，请重新开始。',
    verification_refused: '证明未被接受，请重新开始。',
    verifier_unreachable: '验证服务没有回应，请过一分钟再试。',
    request_refused: '网站发起登录的方式不被允许，请告知其运营者。',
  },
  again: '再次询问钱包',
  cancel: '取消并返回原网站',
  logoutTitle: '要在这里退出登录吗？',
  logoutText: '你已登录此网站。退出不影响你的钱包。',
  logoutYes: '退出登录',
  logoutNo: '保持登录',
  loggedOut: '你已退出登录。',
  move: {
    title: '把你的账户带过来',
    lead: (from, to) => `本网站已从 ${from} 迁至 ${to}。化名由网址决定，因此你在这里有了新的化名。`,
    offer:
      '如果你在旧网址有账户，钱包可以同时出示两个化名，我们就把那个账户交还给你。新旧两个网址会知道这两个化名属于同一人；除此之外，谁也不会知道更多。',
    go: '出示两个化名',
    skip: '如果你在旧网址没有账户，就不必做任何事。',
    done: '你的账户已经带过来了，照常登录即可。',
    failed: '两份证明没有凑齐，请重新开始。',
    unreachable: '新旧两个网址中有一个没有回应。你的账户还在，请过一分钟再试。',
  },
};

/** The languages. */
export const BRIDGE_TEXTS = { en, zh } as const;
/** A language of the bridge. */
export type BridgeLanguage = keyof typeof BRIDGE_TEXTS;

/**
 * The language of a request.
 *
 * @param asked - The client's `ui_locales`, may be empty.
 * @param accepted - Header `Accept-Language`, may be empty.
 */
export function languageFor(asked: string, accepted: string): BridgeLanguage {
  const tags = [...asked.split(' '), ...accepted.split(',')].map((tag) => tag.trim().slice(0, 2).toLowerCase());
  return tags.find((tag) => tag === 'zh' || tag === 'en') === 'zh' ? 'zh' : 'en';
}
