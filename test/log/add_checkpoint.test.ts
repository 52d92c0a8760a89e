// SPDX-License-Identifier: GPL-3.0-or-later
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAddCheckpoint, MAX_PROOF_HASHES, parseAddCheckpoint, parseSize } from '../../src/log/add_checkpoint.ts';

const HASH = 'PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=';
const NOTE = 'example.com/behind-the-sofa\n1\nx\n\n— a b\n';

describe('the body of add-checkpoint', () => {
  it('is written as the example of the specification', () => {
    const { oldSize, proof, note } = parseAddCheckpoint(`old 20852014\n${HASH}\n${HASH}\n\n${NOTE}`);
    expect({ oldSize, hashes: proof.length, note }).toEqual({ oldSize: 20_852_014, hashes: 2, note: NOTE });
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: MAX_PROOF_HASHES }),
        (oldSize, proof) => {
          const given = { oldSize, proof, note: NOTE };
          expect(parseAddCheckpoint(encodeAddCheckpoint(given))).toEqual(given);
        },
      ),
      { seed: 6, numRuns: 50 },
    );
  });

  it.each([
    ['nothing', ''],
    ['no old size', `\n\n${NOTE}`],
    ['another first line', `new 1\n\n${NOTE}`],
    ['a leading zero', `old 01\n\n${NOTE}`],
    ['a sign', `old -1\n\n${NOTE}`],
    ['two spaces', `old  1\n\n${NOTE}`],
    ['a size beyond 2^53', `old 9007199254740993\n\n${NOTE}`],
    ['a carriage return', `old 1\r\n\n${NOTE}`],
    ['a short hash', `old 1\nAAAA\n\n${NOTE}`],
    ['base64 that is not canonical', `old 1\n${HASH.replace('w=', 'x=')}\n\n${NOTE}`],
    ['64 hashes', `old 1\n${`${HASH}\n`.repeat(64)}\n${NOTE}`],
    ['no empty line', `old 1\n${HASH}\n`],
  ])('is refused with %s', (_, body) => {
    expect(() => parseAddCheckpoint(body)).toThrow(expect.objectContaining({ code: 'add_checkpoint_invalid' }));
  });
});

describe('the size that a witness answers', () => {
  it('has one form', () => {
    expect(parseSize('20852014\n')).toBe(20_852_014);
    expect(parseSize('0\n')).toBe(0);
    for (const text of ['', '\n', '1', '1\n\n', '01\n', '-1\n', ' 1\n', '1e3\n', '9007199254740993\n']) {
      expect(parseSize(text)).toBeUndefined();
    }
  });
});
