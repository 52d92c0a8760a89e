// SPDX-License-Identifier: GPL-3.0-or-later
import { encodeQR } from 'qr';
import { decodeQR } from 'qr/decode.js';
import { describe, expect, it } from 'vitest';
import {
  collectPart,
  type CollectedParts,
  compareCode,
  createTransferKeys,
  isComplete,
  keyText,
  MAX_PARTS,
  NO_PARTS,
  openTransfer,
  PART_LENGTH,
  readKeyText,
  sealTransfer,
} from '../../src/wallet/transfer.ts';
import { random } from './world.ts';

const TEXT = JSON.stringify({ seed: '1'.repeat(75), note: '凭证', rest: 'x'.repeat(900) });

/** What a camera sees of a screen that shows a text. */
function photographed(text: string): string {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 4 });
  const scale = 4;
  const side = rows.length * scale;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const shade = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true ? 30 : 225;
      data.fill(shade, (y * side + x) * 4, (y * side + x) * 4 + 3);
    }
  }
  return decodeQR({ width: side, height: side, data });
}

function collect(texts: readonly string[]): CollectedParts {
  return texts.reduce<CollectedParts>((all, text) => collectPart(all, text) ?? all, NO_PARTS);
}

describe('a transfer to a second device', () => {
  it('carries a text over two screens, in any order of parts, and both show the same digits', async () => {
    const [taker, giver] = await Promise.all([createTransferKeys('taker'), createTransferKeys('giver')]);
    const takerKey = readKeyText(photographed(keyText(taker)), 'taker');
    const giverKey = readKeyText(photographed(keyText(giver)), 'giver');
    const [atGiver, atTaker] = await Promise.all([compareCode(giver, takerKey), compareCode(taker, giverKey)]);
    expect(atGiver).toMatch(/^\d{8}$/);
    expect(atTaker).toBe(atGiver);

    const parts = await sealTransfer(giver, takerKey, TEXT, random);
    expect(parts.length).toBeGreaterThan(2);
    const seen = parts.map(photographed).reverse();
    expect(isComplete(collect(seen.slice(1)))).toBe(false);
    expect(await openTransfer(taker, giverKey, collect([...seen, ...seen]))).toBe(TEXT);
    for (const part of parts) expect(part).not.toContain('1'.repeat(20));
  });

  it('shows other digits on each device when someone puts keys of their own between them', async () => {
    const [taker, giver, middle, middle2] = await Promise.all([
      createTransferKeys('taker'),
      createTransferKeys('giver'),
      createTransferKeys('taker'),
      createTransferKeys('giver'),
    ]);
    expect(await compareCode(giver, middle.own)).not.toBe(await compareCode(taker, middle2.own));
    // And what is sealed for the one between does not open at the taker.
    const collected = collect(await sealTransfer(giver, middle.own, TEXT, random));
    await expect(openTransfer(taker, giver.own, collected)).rejects.toMatchObject({ code: 'transfer_invalid' });
  });

  it('refuses parts that were changed, are missing, or belong to another transfer', async () => {
    const [taker, giver] = await Promise.all([createTransferKeys('taker'), createTransferKeys('giver')]);
    const parts = await sealTransfer(giver, taker.own, TEXT, random);
    const changed = parts.map((part, i) => (i === 1 ? part.slice(0, -1) + (part.endsWith('A') ? 'B' : 'A') : part));
    await expect(openTransfer(taker, giver.own, collect(changed))).rejects.toMatchObject({ code: 'transfer_invalid' });
    await expect(openTransfer(taker, giver.own, collect(parts.slice(1)))).rejects.toMatchObject({
      code: 'transfer_invalid',
    });
    const one = collect(parts.slice(0, 1));
    const total = parts.length;
    for (const text of [
      'https://example.org',
      `BAUTA-P1:1/${String(total + 1)}:AAAA`,
      `BAUTA-P1:0/${String(total)}:AAAA`,
      `BAUTA-P1:${String(total + 1)}/${String(total)}:AAAA`,
      `BAUTA-P1:1/${String(total)}:`,
      `BAUTA-P1:1/${String(total)}:${'A'.repeat(PART_LENGTH + 1)}`,
    ]) {
      expect(collectPart(one, text)).toBeUndefined();
    }
    expect(collectPart(NO_PARTS, `BAUTA-P1:1/${String(MAX_PARTS)}:AAAA`)).toBeDefined();
    expect(collectPart(NO_PARTS, `BAUTA-P1:1/${String(MAX_PARTS + 1)}:AAAA`)).toBeUndefined();
  });

  it('refuses keys of the wrong side or form, and points off the curve', async () => {
    const giver = await createTransferKeys('giver');
    for (const text of [keyText(giver), 'BAUTA-A1:', 'BAUTA-A1:!!', `BAUTA-A1:${'A'.repeat(86)}`, 'nothing']) {
      expect(() => readKeyText(text, 'taker')).toThrow(expect.objectContaining({ code: 'transfer_invalid' }));
    }
    const off = Uint8Array.from(giver.own, (byte, i) => (i === 64 ? byte ^ 1 : byte));
    await expect(sealTransfer(giver, off, TEXT, random)).rejects.toMatchObject({ code: 'transfer_invalid' });
  });

  it('carries so much and not more', async () => {
    const [taker, giver] = await Promise.all([createTransferKeys('taker'), createTransferKeys('giver')]);
    // IV and tag take 28 bytes, base64url four characters for three.
    const most = Math.floor((MAX_PARTS * PART_LENGTH * 3) / 4) - 28;
    expect(await sealTransfer(giver, taker.own, 'x'.repeat(most), random)).toHaveLength(MAX_PARTS);
    await expect(sealTransfer(giver, taker.own, 'x'.repeat(most + 1), random)).rejects.toMatchObject({
      code: 'transfer_too_large',
    });
  });
});
