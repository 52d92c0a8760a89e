// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Documents of sample people in the hand: files of passports, cards read under a challenge, and chips that
 * answer what an issuer asks. Each document is made once, when it is first asked for, and kept.
 *
 * @module
 */
import type { ChipAuthenticationRequest } from '../documents/chip/chip_authentication.ts';
import { readChip } from '../documents/chip/reader.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { CardFile, DocumentFiles } from '../wallet/document_form.ts';
import type { CardAuthority, SimulatedCard } from './card_simulator.ts';
import type { IssuedChip, PassportAuthority } from './chip.ts';
import { SimulatedChip } from './chip_simulator.ts';
import type { SamplePerson } from './people.ts';
import type { SampleDocument } from './people_documents.ts';

/** What an issuer asks of a chip. */
export interface SampleChallenge {
  readonly challenge?: Uint8Array | undefined;
  readonly relay?: ChipAuthenticationRequest | undefined;
}

/** What the chip answers. */
export interface SampleAnswer {
  readonly signature?: Uint8Array;
  readonly relayed?: Uint8Array;
}

/** The documents of sample people. */
export interface SampleDocuments {
  /** All that is on a passport's chip. Throws `chip_unsupported` for a card. */
  chip(person: SamplePerson, document: SampleDocument): IssuedChip['plan'];
  /**
   * What a reader gives of a document.
   *
   * @param challenge - What a card is to be read under; passports are challenged afterwards.
   */
  material(person: SamplePerson, document: SampleDocument, challenge?: Uint8Array): DocumentFiles | CardFile;
  /**
   * Has a passport's chip answer an issuer's challenge.
   *
   * @throws {@link ProtocolError} `chip_unsupported` for a card, and the codes of the reader.
   */
  answer(person: SamplePerson, document: SampleDocument, asked: SampleChallenge): Promise<SampleAnswer>;
}

/** The document of a person by its name. Throws `not_found`. */
export function documentOf({ documents }: SamplePerson, id: string): SampleDocument {
  const found = documents.find((document) => document.id === id);
  if (found === undefined) throw new ProtocolError('not_found', 'this sample person has no such document');
  return found;
}

/** Keeps what `make` makes for each key. */
function kept<Made>(make: (person: SamplePerson, document: SampleDocument) => Made): typeof make {
  const all = new WeakMap<SampleDocument, Made>();
  return (person, document) => {
    const made = all.get(document) ?? make(person, document);
    all.set(document, made);
    return made;
  };
}

/**
 * Makes the documents.
 *
 * @param deps - The simulated authorities that issue them, and a secure source.
 */
export function createSampleDocuments(deps: {
  readonly authority: PassportAuthority;
  readonly cards: CardAuthority;
  readonly random: (length: number) => Uint8Array;
}): SampleDocuments {
  const { authority, cards, random } = deps;
  const passportOf = kept((person, document): IssuedChip => {
    if (document.kind !== 'passport') throw new ProtocolError('chip_unsupported', 'this document is no passport');
    return authority.issueChip(document.passport, person.portrait, document.features);
  });
  const cardOf = kept((person, document): SimulatedCard => {
    if (document.kind === 'passport') throw new ProtocolError('chip_unsupported', 'this document is a passport');
    return cards.issue(document.card, person.portrait);
  });
  return {
    chip: (person, document) => passportOf(person, document).plan,
    material(person, document, challenge) {
      if (document.kind !== 'passport') {
        return { kind: document.kind, card: cardOf(person, document).read(challenge) };
      }
      const { sod, dg1, dg2, dg11, dg14, dg15 } = passportOf(person, document).files;
      return { sod, dg1, dg2, dg11, dg14, dg15 };
    },
    async answer(person, document, { challenge, relay }) {
      const { plan } = passportOf(person, document);
      const line = plan.mrz.slice(44);
      const password = {
        documentNumber: line.slice(0, 9).replaceAll('<', ''),
        birthDate: line.slice(13, 19),
        expiryDate: line.slice(21, 27),
      };
      const chip = await readChip(new SimulatedChip({ ...plan, random }), password, { random });
      return {
        ...(challenge !== undefined && { signature: await chip.sign(challenge) }),
        ...(relay !== undefined && { relayed: await chip.relay(relay) }),
      };
    },
  };
}
