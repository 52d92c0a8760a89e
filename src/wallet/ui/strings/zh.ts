// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's texts in Simplified Chinese.
 *
 * @module
 */
import type { Strings } from './en.ts';
import { enrol } from './zh_enrol.ts';
import { problems } from './zh_problems.ts';
import { wallet } from './zh_wallet.ts';

/** Simplified Chinese. */
export const zh: Strings = {
  tag: 'zh-CN',
  name: '中文',
  language: '语言',
  home: 'Bauta 首页',
  foot: '你的密钥从不离开这台设备。',
  demonstration: '演示环境：证件是样本，密钥仅供开发，不具任何证明效力。',
  loading: '请稍候……',
  back: '返回',
  retry: '重试',
  toStart: '回到首页',
  cancel: '取消',

  welcome: {
    title: '证明你是真实的人，不必说出你是谁。',
    lead: '证件只核验一次。此后登录网站，证明都在这台设备上生成，对方只能知道你同意告知的事。',
    start: '办理凭证',
    recover: '换了设备或遗失了？找回身份',
    points: [
      {
        title: '每个网站一个化名',
        text: '你再次光临，网站认得你；两个网站就算互相比对，也看不出是同一个人。',
      },
      {
        title: '只给结论，不交证件',
        text: '证明“已满 18 岁”，不必给出生日；证明“证件有效”，不必给姓名和号码。',
      },
      {
        title: '没有人在背后看着',
        text: '核验证件的签发机构，无从得知你登录了哪里。',
      },
    ],
    origin: '“包塔”（bauta）是昔日威尼斯市民办理公事时戴的面具：人人看得出来者是市民，却看不出是哪一位。',
  },

  enrol,

  credential: {
    title: '我的凭证',
    cardLabel: '已核验的真实个人',
    status: {
      active: '有效',
      checking: '正在查询……',
      soon: (time) => `${time} 起可用`,
      waiting: '等待登记',
      revoked: '已吊销',
      unknown: '今天尚未查询',
    },
    waitingText: '签发机构已签发。登记簿分批公布，这样就无法凭时间辨认是谁的记录。本页会自动继续。',
    onlyYou: '只有你能看到',
    onlyYouText: '网站只有提出请求、并经你同意，才能得知其中相应的一项。',
    document: '证件',
    documents: {
      resident_identity_card: '居民身份证',
      passport: '护照',
      travel_permit_hk_macau: '港澳居民来往内地通行证',
      travel_permit_taiwan: '台湾居民来往大陆通行证',
      foreign_permanent_resident_card: '外国人永久居留身份证',
    },
    nationality: '国籍',
    birth: '出生日期',
    assurance: '核验方式',
    assurances: ['', '签名与面容', '签名、面容与芯片本身', '签名、面容、芯片并经主管机关确认'],
    phone: '手机号',
    phoneYes: '已确认',
    phoneNo: '未确认',
    issued: '签发时间',
    validUntil: '有效期至',
    issuer: '签发机构',
    sync: '公开登记簿',
    syncText:
      '钱包下载登记簿中由你与成千上万人共用的一部分，因此没有人知道哪一条属于你。下载在随机时间进行；只有太久没有更新时，才会在登录时进行。',
    syncLast: '上次更新',
    syncBytes: '已下载',
    syncNext: '下次计划',
    use: '可以用在哪里',
    useText: '以下示例网站接受这张凭证。',
    more: '更多',
    renew: '更新凭证',
    renewText: '使用同类的新证件。各网站的化名不变。',
    second: '添加另一种证件',
    secondText: '供要求此类证件的网站使用。各网站的化名不变。',
    device: '在第二台设备上使用',
    deviceText: '在两块屏幕之间加密传送。',
    remove: '删除这台设备上的一切',
    removeTitle: '全部删除？',
    removeText:
      '此操作会从这台设备删除凭证、密钥和使用记录。如果没有备份，你将失去在各网站的化名，只能通过重置取得新的身份。',
    removeYes: '全部删除',
    removeNo: '保留',
  },

  announced: {
    title: '你的凭证将被吊销',
    text: (reason, time) =>
      `所给的理由：${reason}自 ${time} 起生效，在此之前一切照常。如果理由不实，请说明：在生效之前，裁决者可以撤回。`,
    reasons: {
      holder_request: '你本人提出了请求。',
      document_lost: '证件或设备已报失或被盗。',
      document_withdrawn: '主管机关收回了证件。',
      issued_in_error: '当初不应签发。',
      fraud: '凭证系通过欺骗取得。',
      death: '持有人已经去世。',
      issuer_key_compromised: '签发所用的密钥曾落入他人之手。',
    },
    label: '你的申诉',
    hint: '签发机构和裁决者会读到它，裁决之后即删除。钱包会证明这份凭证属于你，无需再次出示证件。',
    send: '提交申诉',
    sending: '正在提交……',
    sent: (reference) => `申诉已提交，编号 ${reference}。如果获准，本提示会消失，你的凭证保持有效。`,
  },

  consent: {
    asks: '请你确认',
    stepUp: '想确认仍是你本人',
    reading: '正在读取请求……',
    learn: '对方会知道',
    learnNot: '对方不会知道',
    again: '下次再来',
    age: (years) => `你已满 ${String(years)} 周岁`,
    groups: {
      resident: '你的证件是居民身份证或永久居留身份证',
      travel: '你的证件是护照或通行证',
      chinese: '你是中国国籍',
      foreign: '你是外国国籍',
    },
    validId: '你持有经核验的有效证件',
    assurance: (how) => `核验方式至少为：${how}`,
    phone: '你的手机号已确认',
    phoneIs: (yes) => (yes ? '你有已确认的手机号' : '你没有已确认的手机号'),
    reveals: {
      document: (value) => `证件种类：${value}`,
      nationality: (value) => `国籍：${value}`,
      assurance: (value) => `核验方式：${value}`,
    },
    sentence: (facts) => `${facts.join('；')}。`,
    learnNotText: '你的姓名、出生日期、证件号码和照片，也不知道你还用哪些网站。',
    recognised: (sub) => `对方会认出你是 ${sub}。这个化名只在这个网站有效，别的网站无法与你对应。`,
    notRecognised: '对方认不出你，每次都像初次来访。',
    once: (name) => `每人只能一次：${name}`,
    agree: '同意并继续',
    decline: '取消',
    preparing: '正在本机准备',
    untilYouAgree: '。在你同意之前，什么都不会发出。',
    arming: '正在本机准备证明',
    ready: '已在本机备好，尚未发出任何内容。',
    downloading: '首次使用，正在载入证明密钥',
    delivering: (host) => `正在把证明发给 ${host}`,
    syncing: '正在获取登记簿的最新状态',
    delivered: (host) => `正在返回 ${host}……`,
    otherDevice: '已完成。请回到刚才那台设备继续。',
    none: '需要先办理凭证',
    noneText: (host) => `${host} 请你出示证明。请先办理凭证，这个请求会在此等候。`,
    unmetTitle: '你的凭证不符合要求',
    unmet: {
      age: '你还没有达到所要求的年龄。',
      document_group: '对方要求的是另一类证件。',
      nationality_group: '对方要求的是其他国籍。',
      min_assurance: '对方要求更严格的证件核验。',
      phone_confirmed: '对方要求已确认的手机号。',
      document_expired: '你的证件已过期。',
      seed_too_new: '你的凭证办理于此事项开始之后。',
    },
    unmetNote: '什么都没有发出，网站也不会知道原因。',
    cancelled: '已取消',
    cancelledText: '什么都没有发出。',
    returnTo: (host) => `返回 ${host}`,
    unlockFirst: '请先解锁，再查看请求并作答。尚未发出任何内容。',
    waiting: '你的凭证正在办理',
    pinFirst: '凭证要先设置密码才能使用。这个请求会在此等候。',
    toPin: '设置密码',
    typeCode: '请在显示二维码的屏幕上输入这个代码：',
    typeCodeWarning: '只能输入在你面前的屏幕上。凡是通过电话或聊天索要这个代码的人，都是想冒充你登录。',
    transactionNote: (host) => `以上内容由 ${host} 提供。你的证明将确认这些内容。`,
    limited: (name, times) => `本期最多 ${String(times)} 次，此次计为其中一次：${name}`,
    otherSender: '你是从另一个网站来的',
    otherSenderText: (sender, host) => `链接来自 ${sender}，而答复会发给 ${host}。只有在你预料之中时才继续。`,
    crossDevice: '这是为另一块屏幕作答',
    crossDeviceText: (host) => `只有当你面前的屏幕显示 ${host}，并且二维码是你亲自扫描的，才继续。`,
    fewActive: (count) => `目前只有 ${String(count)} 份有效凭证。人数越少，越容易凭来访时间认出是谁。`,
  },

  move: {
    says: '这两个地址声称是同一个网站，现已搬迁。',
    links: '此举会把你的两个化名联系起来',
    linksText: (from, to) =>
      `两个网站都会知道 ${from} 与 ${to} 是同一个人。此事无法撤回。别人不会知道，它们也不会知道更多。`,
    onlyIf: (from, to) => `只有当你在 ${from} 有账号，并且知道 ${to} 已取代它时，才同意。如果只是想登录，请取消。`,
    agree: '联系起来',
  },

  ...wallet,

  problemTitle: '没有成功',
  problemCode: (code) => `代码：${code}`,
  problems,
};
