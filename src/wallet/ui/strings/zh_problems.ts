// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What went wrong, and what to do next, by error code; Simplified Chinese.
 *
 * @module
 */
import type { Strings } from './en.ts';

/** Simplified Chinese. */
export const problems: Strings['problems'] = {
  unexpected: '发生了意外情况。请重试；如果再次出现，请刷新页面。',
  network_failed: '服务器没有回应。请检查网络后重试。',
  service_unavailable: '有一项服务暂时无法回应，请过一分钟再试。',
  worker_failed: '生成证明的部分没有启动或已中止。请重试；如果仍然如此，请刷新页面。',
  config_invalid: '钱包服务器的配置有误，请稍后再试。',

  document_tampered: '护照数据与签名不符，请使用未经改动的文件。',
  csca_unknown: '签发机构不认识签署这本护照的国家机构，请换一本证件。',
  document_expired: '证件已过期，请使用有效证件。',
  document_expires_too_soon: '证件已过期或本月内到期，请使用有效期更长的证件。',
  person_number_missing: '这本证件没有个人号码，无法保证一人只办理一次。请换一种证件。',
  signature_invalid: '签名不正确，因此什么都没有接受。请使用未经改动的文件重新开始。',
  document_untrusted: '这本护照的签名无法取信，请换一本证件。',
  document_unsupported: '暂不支持这种证件，请换一种。',
  document_invalid: '这些文件不是护照数据，请重新选择。',
  face_mismatch: '现场照与护照上的人不一致。请在均匀的光线下重新拍摄。',
  face_missing: '照片中没有找到面容。请在均匀的光线下正对镜头。',
  face_multiple: '照片中不止一张脸，请单独拍摄。',
  image_invalid: '无法读取这张照片，请选择 JPEG 或 PNG 文件。',
  body_too_large: '文件太大。',
  person_already_enrolled: '此人已经有凭证了。一人只能办理一次，请选择其他人。',
  seed_already_enrolled: '这个密钥已属于另一张凭证，请重新开始。',
  attempts_exhausted: '尝试次数过多，请重新开始。',
  enrolment_unknown: '办理超时，已经关闭，请重新开始。',
  enrolments_full: '当前办理的人较多，请过几分钟再试。',
  attributes_refused: '签发机构给出的内容不符合要求，未作保存。请联系签发机构。',
  issuer_refused: '签发机构的签名不正确，未作保存。请联系签发机构。',

  announcement_unknown: '公告已不存在：可能已被撤回，或已执行。请稍后再看。',
  person_unknown: '该签发机构没有与此密钥对应的凭证，未提交任何内容。',
  camera_unavailable: '无法使用摄像头。请在浏览器中允许，或改为选择照片文件。',
  vault_unreadable: '这台设备无法打开已存的凭证。',
  stored_invalid: '已存的凭证无法读取，可能来自旧版本。',

  link_invalid: '链接不完整，请回到网站重新开始。',
  request_invalid: '网站的请求格式有误，钱包不予回应。',
  request_expired: '请求已过期，请回到网站重新开始。',
  ask_refused: '网站索取了任何网站都不得索取的内容，钱包不予回应。',
  policy_mismatch: '请求的说明与实际查验不一致，钱包不予回应。',
  policy_unmet: '你的凭证不符合网站的要求。什么都没有发出。',
  other_account: '网站等待的是另一个人的化名，请用你自己的账号登录。',
  nonce_used: '这个请求已经回应过了，请回到网站重新开始。',
  checkpoint_not_accepted: '网站还没有取得登记簿的最新状态，请过一分钟再试。',
  action_already_done: '这件事你已经做过一次，不能重复。',
  action_not_open: '此事项尚未开始，请稍后再来。',
  proof_invalid: '网站没有接受这个证明，请在网站上重新开始。',
  redirect_refused: '网站想把你引到别的地址，钱包没有跟随。',
  credential_revoked: '这张凭证已被吊销，不能再用。请联系签发机构。',
  credential_not_published: '登记簿还没有公布你的凭证，请过一分钟再试。',
  checkpoint_invalid: '登记簿的回应没有正确签名。什么都没有发出，请稍后再试。',
  checkpoint_not_witnessed: '确认登记簿内容的见证方太少，钱包不会采用。请稍后再试。',
  checkpoints_stale:
    '登记簿较新的状态已太久没有得到足够见证方的确认。在此之前钱包无法得知哪些凭证已被撤销，因此什么都不会发出。请稍后再试。',
  checkpoint_rolled_back: '登记簿显示的状态比之前更旧。什么都没有发出，请稍后再试。',
  checkpoint_second_root: '登记簿同时给出了两种状态。什么都没有发出，请告知签发机构。',
  artifact_hash_mismatch: '下载的证明文件已损坏或被替换，现已丢弃。请重试。',
  circuit_version_unsupported: '网站使用的证明版本不同，请刷新钱包以更新。',

  pin_form: '密码是八位数字。',
  pin_repeats: '这个密码有重复规律，很容易被先试到。请换一个。',
  pin_run: '这个密码是连续数字，很容易被先试到。请换一个。',
  pin_common: '很多人使用这个密码。请换一个。',
  pin_date: '这个密码是一个日期，日期很容易被先试到。请换一个。',
  pin_birth_date: '这个密码由您的出生日期组成。请换一个。',
  guard_unreachable: '有一个密码守护方没有应答。没有任何损失。请过几分钟再试。',
  guard_untrusted: '有一个密码守护方的应答不正确，钱包已停止。请稍后再试。',
  phrase_length: '助记词共十二个。',
  phrase_word_unknown: '有一个词不在词表中。请与您写下的内容核对。',
  phrase_checksum: '这些词不能组合在一起。请逐个核对词和顺序。',
  backup_wrong_key: '无法打开备份，或备份已被改动。请检查您的输入。',
  backup_malformed: '这不是本钱包的备份，或来自更新的版本。',
  unlock_refused: '无法在这台设备上解锁钱包。请再试一次。',
  passkey_unavailable: '没有使用通行密钥。请再试一次，或使用密码。',
};
