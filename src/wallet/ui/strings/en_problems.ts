// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What went wrong, and what to do next, by error code; English.
 *
 * @module
 */

/** English. */
export const problems = {
  unexpected: 'Something unexpected happened. Try again; if it happens again, reload the page.',
  network_failed: 'A server did not answer. Check that you are connected, then try again.',
  service_unavailable: 'One of the services cannot answer at this moment. Try again in a minute.',
  worker_failed: 'The part that makes proofs did not start, or ended. Try again; if it happens again, reload the page.',
  config_invalid: 'The wallet’s server is not set up correctly. Try again later.',

  document_tampered: 'The passport’s data does not match its signature. Use the unaltered files.',
  csca_unknown: 'The issuer does not know the country authority that signed this passport. Use another document.',
  document_expired: 'This document has expired. Use a valid one.',
  document_expires_too_soon: 'This document expires this month or has expired. Use one that is valid for longer.',
  person_number_missing: 'This document has no personal number, so one person could enrol twice. Use another document.',
  signature_invalid: 'A signature is not right, so nothing was accepted. Begin again with the unaltered files.',
  document_untrusted: 'This passport’s signature cannot be trusted. Use another document.',
  document_unsupported: 'This kind of document is not supported yet. Use another one.',
  document_invalid: 'The files are not those of a passport. Choose them again.',
  face_mismatch: 'The live picture does not show the person in the passport. Take another one, in even light.',
  face_missing: 'No face was found in the picture. Look straight at the camera, in even light.',
  face_multiple: 'There is more than one face in the picture. Take it alone.',
  image_invalid: 'This picture cannot be read. Choose a JPEG or PNG.',
  body_too_large: 'This file is too large.',
  person_already_enrolled:
    'This person already has a credential. Restore it with PIN or phrase, or give it up and begin anew.',
  revocation_announced:
    'A revocation of this person’s credential is announced. Appeal against it, or wait until it is decided.',
  reset_too_soon: 'This person was given a new identity lately. Between two there are at least 30 days.',
  resets_exhausted: 'This person was given a new identity too often. Go to the issuer in person.',
  blinding_reused: 'The wallet asked with a secret that was used before. Begin again.',
  backup_missing: 'The issuer keeps no such backup for this person. Choose another way.',
  seed_already_enrolled: 'This secret already belongs to a credential. Begin again.',
  attempts_exhausted: 'There were too many attempts. Begin again.',
  enrolment_unknown: 'The enrolment took too long and was closed. Begin again.',
  enrolments_full: 'Many people are enrolling at this moment. Try again in a few minutes.',
  attributes_refused:
    'The issuer showed values that the wallet does not accept. Nothing was stored. Contact the issuer.',
  issuer_refused: 'The issuer’s signature is not right. Nothing was stored. Contact the issuer.',

  announcement_unknown: 'The announcement is not there any more: it was taken back or carried out. Look again later.',
  person_unknown: 'This issuer has no credential for this secret. Nothing was sent.',
  camera_unavailable: 'The camera cannot be used. Allow it in the browser, or choose a picture file.',
  vault_unreadable: 'The stored credential cannot be opened on this device.',
  stored_invalid: 'The stored credential cannot be read. It may come from an older version.',

  link_invalid: 'This link is incomplete. Go back to the site and start again.',
  request_invalid: 'The site’s request is malformed, so the wallet does not answer it.',
  request_expired: 'This request has expired. Go back to the site and start again.',
  ask_refused: 'The site asks for something that no site may ask. The wallet does not answer.',
  policy_mismatch: 'The request says one thing and checks another. The wallet does not answer.',
  policy_unmet: 'Your credential does not meet what the site asks. Nothing was sent.',
  other_account: 'The site expects another person’s pseudonym. Log in there with the account that is yours.',
  nonce_used: 'This request has been answered already. Go back to the site and start again.',
  checkpoint_not_accepted: 'The site does not have the register’s latest state yet. Try again in a minute.',
  action_already_done: 'You have already done this once. It cannot be repeated.',
  action_not_open: 'This has not opened yet. Come back later.',
  limit_reached: 'You have done this as often as the site allows for now. Come back later.',
  limit_index_used: 'This turn was used before, perhaps with your old wallet. Go back to the site and start again.',
  transaction_data_invalid: 'The site asks you to confirm something that cannot be shown as it is. Nothing was sent.',
  move_invalid: 'The two addresses do not say the same about this move. Nothing was sent. Go back and start again.',
  transaction_data_unsupported: 'The site asks you to confirm something that this page cannot show. Nothing was sent.',
  too_many_requests: 'Too many attempts from this network. Wait a minute and try again.',
  database_unreachable: 'The site is out of order at the moment. Try again in a minute.',
  proof_invalid: 'The site refused the proof. Start again there.',
  redirect_refused: 'The site wanted to send you to another address. The wallet does not follow.',
  credential_revoked: 'This credential has been revoked and can no longer be used. Contact the issuer.',
  credential_replaced:
    'This credential has been renewed, and a newer one is in its place. Use the wallet in which you renewed it. If that was not you, contact the issuer.',
  credential_not_published: 'The register has not published your credential yet. Try again in a minute.',
  checkpoint_invalid: 'The register’s answer is not properly signed. Nothing was sent. Try again later.',
  checkpoint_not_witnessed:
    'Too few witnesses have confirmed what the register shows, so your wallet does not use it. Try again later.',
  checkpoints_stale:
    'Too few witnesses have confirmed the register’s newer states for too long. Until they do, your wallet cannot know what was revoked, and sends nothing. Try again later.',
  checkpoint_rolled_back: 'The register shows an older state than before. Nothing was sent. Try again later.',
  checkpoint_second_root: 'The register shows two states at once. Nothing was sent. Report this to the issuer.',
  artifact_hash_mismatch: 'A downloaded proving file was damaged or exchanged, and was thrown away. Try again.',
  circuit_version_unsupported: 'The site uses another version of the proof. Reload the wallet to update it.',

  companion_code_wrong: 'This is not the code that the companion shows. Look again, and type its six digits.',
  companion_locked: 'There were too many wrong codes. Start the companion again, and type the new code.',
  companion_unpaired: 'The companion does not know this page any more. Type its code again.',
  companion_busy: 'Another page uses the reader. Finish there, or wait a minute, then try again.',
  companion_chip_missing: 'The document is no longer open. Read it again.',
  companion_reader_missing: 'No card reader was found. Connect one to this computer, then try again.',
  companion_document_missing:
    'No document was laid on the reader. Lay it there, open at the page with the picture, and try again.',
  companion_lost: 'The companion stopped. Start it again, and read the document again.',
  chip_access_denied: 'The chip did not open. Compare the document number and both dates with what is printed.',
  chip_password_invalid: 'A field does not have the form that documents print. Dates have six digits, year first.',
  chip_transport_failed:
    'The connection to the chip was lost. Leave the document still on the reader, and read it again.',
  chip_unreadable: 'The chip did not answer as a passport’s chip should. Read it again, or use another document.',
  chip_authentication_failed:
    'The chip could not show that it is the original. Read the document again; a copy cannot be used.',
  chip_unsupported: 'This document’s chip cannot be challenged. That is no fault; the credential only says so.',

  pin_form: 'A PIN has eight digits.',
  pin_repeats: 'This PIN repeats itself, so it is tried early. Choose another.',
  pin_run: 'This PIN is a run of digits, so it is tried early. Choose another.',
  pin_common: 'Many people choose this PIN. Choose another.',
  pin_date: 'This PIN is a date, and dates are tried early. Choose another.',
  pin_birth_date: 'This PIN is made of your date of birth. Choose another.',
  guard_unreachable: 'One of the PIN guards does not answer. Nothing was lost. Try again in a few minutes.',
  guard_untrusted: 'A PIN guard does not answer as it should, so the wallet stopped. Try again later.',
  phrase_length: 'The phrase has twelve words.',
  phrase_word_unknown: 'One of the words is not in the list. Compare it with what you wrote down.',
  phrase_checksum: 'These words do not belong together. Compare each, and their order, with what you wrote down.',
  backup_wrong_key: 'This does not open the backup, or the backup was changed. Check what you entered.',
  backup_malformed: 'This is not a backup of this wallet, or it comes from a newer version.',
  unlock_refused: 'This does not unlock the wallet on this device. Try again.',
  passkey_unavailable: 'The passkey was not used. Try again, or use the PIN.',
};
