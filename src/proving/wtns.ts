// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A witness as the `wtns` file that snarkjs reads: magic, version 2, two sections; the first holds the
 * field's order and the number of wires, the second the wires. Source: snarkjs 0.7.6,
 * src/wtns_utils.js.
 *
 * @module
 */
import { FIELD_ORDER } from '../protocol/field.ts';
import { WIRE_BYTES } from './witness.ts';

const MAGIC = 0x736e7477; // "wtns"
const HEADER_BYTES = 12 + 12 + 4 + WIRE_BYTES + 4 + 12;

/**
 * Writes a witness file.
 *
 * @param witness - Wires of 32 bytes, little-endian.
 */
export function encodeWtns(witness: Uint8Array): Uint8Array {
  const file = new Uint8Array(HEADER_BYTES + witness.length);
  const view = new DataView(file.buffer);
  let offset = 0;
  const number = (value: number): void => view.setUint32((offset += 4) - 4, value, true);
  const section = (type: number, length: number): void => {
    number(type);
    view.setBigUint64((offset += 8) - 8, BigInt(length), true);
  };
  number(MAGIC);
  number(2); // version
  number(2); // sections
  section(1, 4 + WIRE_BYTES + 4);
  number(WIRE_BYTES);
  for (let i = 0; i < WIRE_BYTES; i++) {
    view.setUint8(offset++, Number((FIELD_ORDER >> BigInt(8 * i)) & 0xffn));
  }
  number(witness.length / WIRE_BYTES);
  section(2, witness.length);
  file.set(witness, offset);
  return file;
}
