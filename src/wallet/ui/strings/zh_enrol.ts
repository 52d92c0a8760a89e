// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Texts of the enrolment; Simplified Chinese.
 *
 * @module
 */
import type { Strings } from './en.ts';

/** Simplified Chinese. */
export const enrol: Strings['enrol'] = {
  title: '办理凭证',
  stages: { document: '证件', face: '面容', phone: '手机', pin: '密码', backup: '备份' },
  stageOf: (number, total) => `第 ${String(number)} 步，共 ${String(total)} 步`,
  elsewhere: '本钱包的另一个窗口正在办理。请在那里继续，或关闭它。',
  kindTitle: '你有哪种证件？',
  kindNotes: {
    resident_identity_card: '第二代身份证，由主管机关的解码服务读取',
    passport: '带芯片：封面上有圆环夹在两横之间的标志',
    travel_permit_hk_macau: '港澳居民回内地所用的通行证',
    travel_permit_taiwan: '台湾居民来大陆所用的通行证',
    foreign_permanent_resident_card: '新版十八位号码或旧版均可',
  },
  otherDocument: '换一种证件',
  checkingDocument: '签发机构正在核验证件',
  checkingChip: '签发机构正在查问芯片本身',
  withoutChip: '不等芯片回答，继续',
  choose: '用谁的证件？',
  chooseHint: '这里的人物和证件都是演示用的样本。',
  people: '样本人物',
  own: '用自己的照片',
  ownHint: '照片会发给本演示的服务器，用来制作一本样本护照。它不是真证件。',
  camera: '打开摄像头',
  file: '选择照片',
  take: '拍照',
  cameraView: '摄像头画面',
  making: '正在制作样本护照……',
  opening: '正在读取证件……',
  altered: '这张现场照是由证件相片改动而来，并非另外拍摄。',
  live: '现场照',
  sources: {
    london: 'Face Research Lab London Set (DeBruine and Jones), CC BY 4.0',
    package: '取自人脸识别软件附带的示例照片',
    own: '你的照片',
  },
  fileTitle: '芯片文件',
  fileHint: '请选择从芯片读出的文件。',
  files: {
    sod: '安全对象（EF.SOD）',
    dg1: '数据组 1（DG1）',
    dg2: '数据组 2（DG2）',
    dg11: '数据组 11（DG11），如有',
    dg14: '数据组 14（DG14），如有',
    dg15: '数据组 15（DG15），如有',
  },
  next: '继续',
  toIssuer: (issuer) => `${issuer} 会收到什么`,
  toIssuerText:
    '证件中经签名的数据和你的面部照片。作出决定后，姓名、号码和照片随即删除，只留下一个加密标记，用来保证一人只办理一次。',
  staysHere: '什么留在这台设备上',
  staysHereText: '一个此刻生成的密钥。你的所有化名都由它产生，除你以外谁也看不到。',

  faceTitle: '核对面容',
  faceHint: '请独自一人，在均匀的光线下正对镜头。',
  sampleFace: '本演示用样本人物的照片代替你的摄像头。',
  sendFace: '使用这张照片',
  checkingFace: '签发机构正在比对面容',
  liveness: {
    hint: '签发机构会请你做几个动作，这样只把照片举到镜头前是不够的。请让光线均匀地照在脸上，画面中不要有其他人。',
    begin: '开始',
    sample: '使用样本人物',
    sampleHint: '在演示环境中，可以由样本人物的照片计算出这些动作。',
    actions: {
      look_ahead: '正视前方',
      turn_left: '向你的左边转头',
      turn_right: '向你的右边转头',
      blink: '闭上眼睛，再睁开',
    },
    stepOf: (number, total) => `第 ${String(number)} 个，共 ${String(total)} 个`,
    sending: '正在发送照片',
    queue: (ahead) => `请稍候：前面还有 ${String(ahead)} 人`,
    queueTime: (seconds) =>
      seconds < 60
        ? `大约 ${String(Math.max(1, Math.round(seconds)))} 秒`
        : `大约 ${String(Math.round(seconds / 60))} 分钟`,
    preview: '你的摄像头画面（镜像）',
  },

  phone: {
    title: '确认手机号',
    why: '有些网站会问手机号是否已确认。它们只会知道“是”或“否”，绝不会看到号码。',
    skipMeans: '不确认就无法回应这类网站。以后更新凭证时可以补上。',
    skip: '不用手机号，继续',
    number: '手机号',
    numberHint: '港澳台号码请带上地区代码：+852、+853 或 +886',
    send: '发送验证码',
    sent: '六位验证码已发送给你。',
    code: '短信中的验证码',
    confirm: '确认',
    wrong: (left) => (left === 0 ? '验证码不对，请重新发送。' : `验证码不对，还可以试 ${String(left)} 次。`),
    again: '重新发送',
    againIn: (seconds) => `${String(seconds)} 秒后可以重新发送`,
    other: '换一个号码',
    kept: '号码不会保存，只记下已确认这一事实；另有一个加密标记保留三十天，用来限制多人共用同一号码。',
    inbox: '演示环境：短信会出现在收件箱中',
    exhausted: '本次登记不再发送验证码。可以不用手机号继续，以后更新凭证时再确认。',
  },

  requestTitle: '正在制作凭证',
  requestText: '你的密钥在这台设备上生成。证明只说明你持有它，并不会透露它。',
  proving: '正在本机准备证明',
  waiting: '登记簿分批公布，这样就无法凭时间辨认是谁的记录。',
  state: { done: '已完成', now: '进行中', later: '未开始' },
  doneTitle: '凭证已办好',
  doneText: '凭证已加密存放在这台设备上。看到“使用 Bauta 继续”，就可以用它登录。',
  toCredential: '查看凭证',
  toRequest: '继续前往网站',
  already: '这台设备上已经有一张凭证。',
};
