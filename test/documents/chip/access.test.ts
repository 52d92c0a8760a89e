// SPDX-License-Identifier: GPL-3.0-or-later
/** Access control against a chip that does not know the password, or answers with what was said before. */
import { expect, it } from 'vitest';
import { freshSecrets } from '../../../src/documents/chip/access.ts';
import { type Card, demand, plainCard, readChipTlvs, tlv } from '../../../src/documents/chip/apdu.ts';
import { runBac } from '../../../src/documents/chip/bac.ts';
import { runPace } from '../../../src/documents/chip/pace.ts';
import { readCardAccess } from '../../../src/documents/chip/security_infos.ts';
import { APPLICATION, issue, PASSWORD, place, seeded, through } from './chips.ts';

const EXTERNAL_AUTHENTICATE = 2;

async function bacThrough(change: (answer: Uint8Array) => Uint8Array, seed = 'reader'): Promise<unknown> {
  const transport = through(place(await issue({})), (answer, count) =>
    count === EXTERNAL_AUTHENTICATE ? change(answer) : answer,
  );
  await demand(plainCard(transport), APPLICATION, 'the application');
  return runBac(plainCard(transport), PASSWORD, freshSecrets(seeded(seed)));
}

it('BAC refuses an answer with any byte changed, cut or lengthened, before it uses a key of it', async () => {
  for (const where of [0, 20, 31, 32, 39]) {
    const changed = bacThrough((answer) => answer.map((byte, index) => (index === where ? byte ^ 1 : byte)));
    await expect(changed).rejects.toThrow(/is not the chip’s/);
  }
  await expect(bacThrough((answer) => answer.subarray(1))).rejects.toThrow(/is not the chip’s/);
});

it('BAC refuses the authentic answer to another exchange', async () => {
  let earlier: Uint8Array = new Uint8Array();
  await bacThrough((answer) => (earlier = answer));
  await expect(bacThrough(() => earlier, 'another reader')).rejects.toThrow(/another exchange/);
});

it('PACE refuses a chip that sends everything back, and so would need no password', async () => {
  const { files } = await issue({ pace: [{ mapping: 'GM', cipher: 'aes-128', curve: 'prime256v1' }] });
  const [offer] = readCardAccess(files.cardAccess ?? new Uint8Array()).pace;
  if (offer === undefined) throw new Error('no offer');
  const mirror: Card = {
    send({ ins, data = new Uint8Array() }) {
      if (ins === 0x22) return Promise.resolve({ data: new Uint8Array(), status: 0x9000 });
      const [object] = readChipTlvs(readChipTlvs(data, 'a step')[0]?.value ?? data, 'a step');
      const back = object === undefined ? tlv(0x80, new Uint8Array(16)) : tlv(object.tag + 1, object.value);
      return Promise.resolve({ data: tlv(0x7c, back), status: 0x9000 });
    },
  };
  await expect(runPace(mirror, offer, PASSWORD, freshSecrets(seeded('reader')))).rejects.toThrow(/own key back/);
});
