// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Texts of the enrolment; English.
 *
 * @module
 */

/** English. */
export const enrol = {
  title: 'Get a credential',
  stages: { document: 'Document', face: 'Face', phone: 'Phone', pin: 'PIN', backup: 'Backup' },
  stageOf: (number: number, total: number) => `Step ${String(number)} of ${String(total)}`,
  elsewhere: 'Another window of this wallet is in the middle of an enrolment. Continue there, or close it.',
  kindTitle: 'Which document do you have?',
  kindNotes: {
    resident_identity_card: 'Second generation, read by the authority’s decoding service',
    passport: 'With a chip: its cover shows a circle between two bars',
    travel_permit_hk_macau: 'Mainland travel permit for Hong Kong and Macau residents',
    travel_permit_taiwan: 'Mainland travel permit for Taiwan residents',
    foreign_permanent_resident_card: 'New form with 18 digits, or the old one',
  },
  otherDocument: 'Use another document',
  checkingDocument: 'The issuer is checking the document',
  checkingChip: 'The issuer is asking the chip itself',
  withoutChip: 'Go on without the chip’s answer',
  choose: 'Whose document?',
  chooseHint: 'The people and documents are samples, made by this demonstration.',
  people: 'Sample people',
  own: 'Use your own face',
  ownHint:
    'The picture goes to this demonstration’s server, which makes a sample passport with it. It is not a real document.',
  camera: 'Use the camera',
  file: 'Choose a picture',
  take: 'Take the picture',
  cameraView: 'Camera picture',
  making: 'Making a sample passport …',
  opening: 'Opening the document …',
  altered: 'The live picture is an altered copy of the portrait, not a second photograph.',
  live: 'Live picture',
  sources: {
    london: 'Face Research Lab London Set (DeBruine and Jones), CC BY 4.0',
    package: 'From the sample photographs of the face-recognition software',
    own: 'Your picture',
  },
  fileTitle: 'Files of the chip',
  fileHint: 'Choose the files that were read from the chip.',
  files: {
    sod: 'Security object (EF.SOD)',
    dg1: 'Data group 1 (DG1)',
    dg2: 'Data group 2 (DG2)',
    dg11: 'Data group 11 (DG11), if there is one',
    dg14: 'Data group 14 (DG14), if there is one',
    dg15: 'Data group 15 (DG15), if there is one',
  },
  next: 'Continue',
  toIssuer: (issuer: string) => `What ${issuer} receives`,
  toIssuerText:
    'The document’s signed data and pictures of your face. It deletes name, numbers and pictures as soon as it has decided, and keeps a keyed mark so that one person enrols only once.',
  staysHere: 'What stays on this device',
  staysHereText: 'A secret, made now. All your pseudonyms come from it, and nobody else ever sees it.',

  faceTitle: 'Show your face',
  faceHint: 'Look straight at the camera, alone, in even light.',
  sampleFace: 'In place of your camera, this demonstration uses a picture of the sample person.',
  sendFace: 'Use this picture',
  checkingFace: 'The issuer is comparing the faces',
  liveness: {
    hint: 'The issuer asks for a few movements, so that a photograph held to the camera is not enough. Have even light on your face, and nobody else in the picture.',
    begin: 'Start',
    sample: 'Use the sample person',
    sampleHint: 'On a demonstration the movements can be computed from the sample person’s picture.',
    actions: {
      look_ahead: 'Look straight ahead',
      turn_left: 'Turn your head to your left',
      turn_right: 'Turn your head to your right',
      blink: 'Close your eyes, and open them again',
    },
    stepOf: (number: number, total: number) => `${String(number)} of ${String(total)}`,
    sending: 'Sending the pictures',
    queue: (ahead: number) => `Waiting: ${String(ahead)} ${ahead === 1 ? 'person is' : 'people are'} before you`,
    queueTime: (seconds: number) =>
      seconds < 60
        ? `About ${String(Math.max(1, Math.round(seconds)))} seconds`
        : `About ${String(Math.round(seconds / 60))} min`,
    preview: 'Your camera, mirrored',
  },

  phone: {
    title: 'Confirm a phone number',
    why: 'Some sites ask whether a phone number has been confirmed. They see a yes or a no, never the number.',
    skipMeans: 'Without it you cannot answer such sites. You can add it later by renewing the credential.',
    skip: 'Go on without a number',
    number: 'Mobile number',
    numberHint: 'Outside the mainland with its country code: +852, +853 or +886',
    send: 'Send me a code',
    sent: 'A code of six digits is on its way to you.',
    code: 'Code from the message',
    confirm: 'Confirm',
    wrong: (left: number) =>
      left === 0
        ? 'That is not the code. Ask for another one.'
        : `That is not the code. Attempts left: ${String(left)}.`,
    again: 'Send another code',
    againIn: (seconds: number) => `Another code can be sent in ${String(seconds)} s`,
    other: 'Use another number',
    kept: 'The number is not kept: only that one was confirmed, and for thirty days a mark that limits how many people use the same number.',
    inbox: 'Demonstration: messages arrive in its inbox',
    exhausted: 'This enrolment sends no more codes. You can go on without a number, and confirm one at a renewal.',
  },

  requestTitle: 'Making your credential',
  requestText: 'Your secret is made on this device. The proof shows that you hold it, and does not show it.',
  proving: 'Preparing the proof on this device',
  waiting: 'The register publishes in batches, so that nobody can tell entries apart by their time.',
  state: { done: 'done', now: 'in progress', later: 'to come' },
  doneTitle: 'Your credential is ready',
  doneText: 'It is stored on this device, encrypted. You can log in with it wherever you see “Continue with Bauta”.',
  toCredential: 'See the credential',
  toRequest: 'Continue to the site',
  already: 'There is already a credential on this device.',
};
