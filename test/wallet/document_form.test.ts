// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { writeDg1 } from '../../src/demo/chip_files.ts';
import { cardChallenge, documentForm } from '../../src/wallet/document_form.ts';
import { PERSON } from '../documents/samples.ts';

const bytes = Uint8Array.of(1, 2, 3);
const files = (personalNumber: string | undefined) => ({
  sod: bytes,
  dg1: writeDg1({ ...PERSON, personalNumber }),
  dg2: bytes,
  dg11: bytes,
  dg14: bytes,
});

it('sends DG11 only where the data page has no personal number', () => {
  for (const number of ['7', '00000000000007', 'A', '12345678901234']) {
    expect(documentForm(files(number))).toMatchObject({ kind: 'passport', dg11: undefined, dg14: 'AQID' });
  }
  for (const number of [undefined, '0', '00000000000000']) {
    expect(documentForm(files(number))).toMatchObject({ dg11: 'AQID', dg14: 'AQID' });
  }
  expect(documentForm({ ...files(undefined), dg11: undefined })).toMatchObject({ dg11: undefined });
});

it('sends a card as it was read, under the challenge of the enrolment', () => {
  const card = { kind: 'travel_permit_taiwan', card: bytes } as const;
  expect(documentForm(card)).toEqual({ kind: 'travel_permit_taiwan', card: 'AQID' });
  expect(cardChallenge({ id: 'AAAAAAAAAAAAAAAAAAAAAQ' })).toEqual(
    Uint8Array.from({ length: 16 }, (_, i) => +(i === 15)),
  );
});
