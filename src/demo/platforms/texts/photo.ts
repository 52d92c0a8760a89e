// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Texts of the photo editor.
 *
 * @module
 */

export const en = {
  title: 'A darkroom in your browser',
  lead: 'Light, colour and grain for everyone. Tools that change faces are for adults. Your picture never leaves this page.',
  why: 'To open the portrait tools, show that you are 18 or older. We need neither your name nor your date of birth.',
  guest: 'Continue as a guest',
  guestHint: 'Guests, and accounts with a password, have all tools except the portrait tools.',
  pictures: 'Picture',
  harbour: 'Harbour at dusk',
  portrait: 'Portrait in a mask',
  own: 'Open your own',
  view: 'The picture being edited',
  looks: 'Look',
  look: { plain: 'Original', warm: 'Warm', mono: 'Silver', fade: 'Faded' },
  light: 'Light',
  sliders: { brightness: 'Brightness', contrast: 'Contrast', saturation: 'Colour', grain: 'Grain' },
  faces: 'Portrait tools',
  face: { soften: 'Soften skin', slim: 'Slim the face', sketch: 'Pencil sketch' },
  adult: 'Opens for adults who log in with Bauta',
  compare: 'Hold to compare',
  reset: 'Start over',
  turn: 'Turn',
  save: 'Save the picture',
  noScript: 'Editing needs scripts; this page loads only its own.',
};

/** Texts of one language. */
export type PhotoTexts = typeof en;

export const zh: PhotoTexts = {
  title: '浏览器里的暗房',
  lead: '光线、色彩与颗粒，人人可用。会改变面容的工具只对成年人开放。照片不会离开本页。',
  why: '使用人像工具前，请证明你已满 18 周岁。我们不需要你的姓名，也不需要出生日期。',
  guest: '以访客身份继续',
  guestHint: '访客和密码账户可使用人像工具以外的全部工具。',
  pictures: '照片',
  harbour: '黄昏的港口',
  portrait: '戴面具的人像',
  own: '打开自己的照片',
  view: '正在编辑的照片',
  looks: '风格',
  look: { plain: '原片', warm: '暖调', mono: '银盐黑白', fade: '褪色' },
  light: '光线',
  sliders: { brightness: '亮度', contrast: '对比', saturation: '色彩', grain: '颗粒' },
  faces: '人像工具',
  face: { soften: '柔肤', slim: '瘦脸', sketch: '铅笔素描' },
  adult: '成年人用 Bauta 登录后可用',
  compare: '按住对比',
  reset: '重新开始',
  turn: '旋转',
  save: '保存照片',
  noScript: '编辑需要脚本；本页只加载自己的脚本。',
};
