// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The wallet's texts in English, and with them the type of every language's table: a text that another
 * language lacks, or has too many, does not compile.
 *
 * @module
 */
import { enrol } from './en_enrol.ts';
import { problems } from './en_problems.ts';
import { wallet } from './en_wallet.ts';

/** English. */
export const en = {
  tag: 'en',
  name: 'English',
  language: 'Language',
  home: 'Bauta, start page',
  foot: 'No site and no server ever sees your secret.',
  demonstration: 'Demonstration: sample documents and development keys. Nothing here is proof of anything.',
  loading: 'One moment …',
  back: 'Back',
  retry: 'Try again',
  toStart: 'To the start page',
  cancel: 'Cancel',

  welcome: {
    title: 'Show that you are a real person. Not which one.',
    lead: 'Your ID document is checked once. After that you log in with a proof made on this device, and a site learns only what you agree to tell it.',
    start: 'Get a credential',
    recover: 'New device, or something lost? Get your identity back',
    points: [
      {
        title: 'Another pseudonym at every site',
        text: 'A site recognises you when you come back. Two sites comparing notes cannot tell that you are the same person.',
      },
      {
        title: 'Facts instead of documents',
        text: '“Over 18” without a date of birth. “Valid ID” without a name or a number.',
      },
      {
        title: 'Nobody looks over your shoulder',
        text: 'The issuer that checks your document never hears where you log in.',
      },
    ],
    origin:
      'In Venice the bauta was the mask that citizens wore in public business: everyone could see that a citizen stood there, nobody could see which.',
  },

  enrol,

  credential: {
    title: 'Your credential',
    cardLabel: 'Verified person',
    status: {
      active: 'Active',
      checking: 'Checking …',
      soon: (time: string) => `Usable from ${time}`,
      waiting: 'Waiting for the register',
      revoked: 'Revoked',
      unknown: 'Not checked today',
    },
    waitingText:
      'The issuer has signed it. The register publishes in batches, so that nobody can tell entries apart by their time. This page continues by itself.',
    onlyYou: 'Only you see this',
    onlyYouText: 'A site sees none of it unless it asks and you agree.',
    document: 'Document',
    documents: {
      resident_identity_card: 'Resident identity card',
      passport: 'Passport',
      travel_permit_hk_macau: 'Travel permit (Hong Kong, Macau)',
      travel_permit_taiwan: 'Travel permit (Taiwan)',
      foreign_permanent_resident_card: 'Foreign permanent resident card',
    },
    nationality: 'Nationality',
    birth: 'Date of birth',
    assurance: 'How it was checked',
    assurances: [
      '',
      'Signature and face',
      'Signature, face and the chip itself',
      'Signature, face, chip and the authority',
    ],
    phone: 'Phone',
    phoneYes: 'Confirmed',
    phoneNo: 'Not confirmed',
    issued: 'Issued',
    validUntil: 'Valid until',
    issuer: 'Issuer',
    sync: 'Public register',
    syncText:
      'The wallet downloads the part of the register that yours shares with thousands of others, so that nobody learns which one is yours. It does so at random times, and at a login only when it has been away for too long.',
    syncLast: 'Last update',
    syncBytes: 'Downloaded',
    syncNext: 'Next planned',
    use: 'Where to use it',
    useText: 'These sample sites accept it.',
    more: 'More',
    renew: 'Renew it',
    renewText: 'With a new document of the same kind. Your pseudonyms stay.',
    second: 'Add another document',
    secondText: 'For sites that ask for its kind. Your pseudonyms stay.',
    device: 'Use it on a second device',
    deviceText: 'Transferred between two screens, sealed.',
    remove: 'Delete everything on this device',
    removeTitle: 'Delete everything?',
    removeText:
      'This deletes the credential, its secret and your activity from this device. Without a backup you lose your pseudonym at every site, and the issuer gives you a new identity only after a reset.',
    removeYes: 'Delete everything',
    removeNo: 'Keep it',
  },

  announced: {
    title: 'Your credential is to be revoked',
    text: (reason: string, time: string) =>
      `The reason given: ${reason} It takes effect from ${time} on, and until then everything works as before. If it is not right, say why: those who decide can take it back until then.`,
    reasons: {
      holder_request: 'you asked for it.',
      document_lost: 'the document or the device was reported lost or stolen.',
      document_withdrawn: 'the authority withdrew the document.',
      issued_in_error: 'it should not have been issued.',
      fraud: 'it was obtained by deception.',
      death: 'the holder has died.',
      issuer_key_compromised: 'the key that signed it was in other hands.',
    },
    revoked: 'It can no longer be used. What you did with it stays yours.',
    why: 'Show the reason',
    searching: 'Reading the public log …',
    because: (reason: string, position: number) =>
      `The reason given: ${reason} (Entry ${String(position)} of the public log.)`,
    urgent: 'It took effect without a delay, since somebody else may have had the credential.',
    notLogged: 'The public log gives no reason. Ask the issuer, and tell an auditor: that must not be.',
    anew: 'If it is not right, or you have a new document, show yourself to the issuer again: sites will know you by the same pseudonyms.',
    toAnew: 'Get a new credential',
    label: 'Your appeal',
    hint: 'The issuer and those who decide read it. It is deleted once they have decided. The wallet proves that the credential is yours; you need not show your documents again.',
    send: 'Send the appeal',
    sending: 'Sending …',
    sent: (reference: string) =>
      `Your appeal has been sent. Its reference is ${reference}. If it is granted, this notice disappears and your credential stays.`,
  },

  consent: {
    asks: 'asks you to confirm',
    stepUp: 'asks whether it is still you',
    reading: 'Reading the request …',
    learn: 'They learn',
    learnNot: 'They do not learn',
    again: 'Next time',
    age: (years: number) => `that you are ${String(years)} or older`,
    groups: {
      resident: 'that your document is a resident card',
      travel: 'that your document is a passport or travel permit',
      chinese: 'that your nationality is Chinese',
      foreign: 'that your nationality is not Chinese',
    },
    validId: 'that you hold a valid, verified ID',
    assurance: (how: string) => `how it was checked at least: ${how}`,
    phone: 'that your phone number is confirmed',
    phoneIs: (yes: boolean): string => (yes ? 'that a phone number is confirmed' : 'that no phone number is confirmed'),
    reveals: {
      document: (value: string) => `which document: ${value}`,
      nationality: (value: string) => `your nationality: ${value}`,
      assurance: (value: string) => `how it was checked: ${value}`,
    },
    sentence: (facts: readonly string[]) => {
      const all = [...facts];
      const last = all.pop() ?? '';
      return `${all.length === 0 ? last : `${all.join(', ')} and ${last}`}.`.replace(/^./, (first) =>
        first.toUpperCase(),
      );
    },
    learnNotText: 'Your name, date of birth, document number or picture, or which other sites you use.',
    recognised: (sub: string) =>
      `They recognise you as ${sub}, a pseudonym that exists only at this site. No other site can match it to you.`,
    notRecognised: 'They cannot recognise you. Every visit looks new.',
    once: (name: string) => `This counts once per person: ${name}`,
    agree: 'Agree and continue',
    decline: 'Cancel',
    preparing: 'Preparing on this device',
    /** Follows `preparing` and its percentage. */
    untilYouAgree: '. Nothing is sent until you agree.',
    arming: 'Preparing the proof on this device',
    ready: 'Prepared on this device. Nothing has been sent.',
    downloading: 'Loading the proving key, this once',
    delivering: (host: string) => `Sending the proof to ${host}`,
    syncing: 'Fetching the register’s current state',
    delivered: (host: string) => `Back to ${host} …`,
    otherDevice: 'Done. Continue on the device where you began.',
    none: 'You need a credential first',
    noneText: (host: string) => `${host} asks for a proof. Get a credential; the request waits here meanwhile.`,
    unmetTitle: 'Your credential does not cover this',
    unmet: {
      age: 'You have not reached the age that is asked for.',
      document_group: 'Another kind of document is asked for.',
      nationality_group: 'Another nationality is asked for.',
      min_assurance: 'Your document would have to be checked more thoroughly.',
      phone_confirmed: 'A confirmed phone number is asked for.',
      document_expired: 'Your document has expired.',
      seed_too_new: 'Your credential was made after this opened.',
    },
    unmetNote: 'Nothing was sent. The site does not learn the reason.',
    cancelled: 'Cancelled',
    cancelledText: 'Nothing was sent.',
    returnTo: (host: string) => `Return to ${host}`,
    unlockFirst: 'Unlock to see what is asked and to answer. Nothing has been sent.',
    waiting: 'Your credential is on its way',
    pinFirst: 'Your credential needs a PIN before it can be used. The request waits here meanwhile.',
    toPin: 'Choose a PIN',
    typeCode: 'Type this code on the screen that showed the QR code:',
    typeCodeWarning:
      'Only on the screen in front of you. Whoever asks you for this code by telephone or in a chat wants to log in as you.',
    transactionNote: (host: string) => `Shown as ${host} wrote it. You confirm it with your proof.`,
    limited: (name: string, times: number) => `This counts as one of ${String(times)} times in this period: ${name}`,
    otherSender: 'Another site sent you here',
    otherSenderText: (sender: string, host: string) =>
      `The link came from ${sender}, and the answer goes to ${host}. Continue only if you expected that.`,
    crossDevice: 'This is for another screen',
    crossDeviceText: (host: string) =>
      `Continue only if a screen in front of you shows ${host} and you scanned its code yourself.`,
    fewActive: (count: number) =>
      `So far ${count === 1 ? 'one credential is' : `${String(count)} credentials are`} active. The fewer there are, the easier someone is recognised by the time of a visit.`,
  },

  move: {
    says: 'These two addresses say that they are one site, which has moved.',
    links: 'This links two of your pseudonyms',
    linksText: (from: string, to: string) =>
      `Both sites learn that ${from} and ${to} are one person. This cannot be taken back. Nobody else learns it, and neither learns more.`,
    onlyIf: (from: string, to: string) =>
      `Agree only if you had an account at ${from} and know that ${to} has taken its place. If you merely want to log in, cancel.`,
    agree: 'Link the two',
  },

  ...wallet,

  problemTitle: 'This did not work',
  problemCode: (code: string) => `Code: ${code}`,
  problems,
};

/** Every language has exactly these texts. */
export type Strings = typeof en;
