// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a page may have sent to a chip: the commands of Chip Authentication, and nothing else. A page that was
 * taken over could otherwise talk to every card that is ever laid on the reader.
 *
 *     opening   MSE:Set KAT | MSE:Set AT | GENERAL AUTHENTICATE, in the reader's own session
 *     command   READ BINARY, protected under keys that are not here
 *
 * docs/protocol.md section 8, "The companion".
 *
 * @module
 */
import { type Command, decodeCommand } from '../documents/chip/apdu.ts';
import type { ChipAuthenticationRequest } from '../documents/chip/chip_authentication.ts';
import { ProtocolError } from '../protocol/errors.ts';

/** Most commands before the protected one. */
export const MAX_OPENING = 4;
/** Longest command, bytes: a key on the widest curve with its headers has under 200. */
export const MAX_COMMAND_BYTES = 512;

const MANAGE_SECURITY_ENVIRONMENT = 0x22;
const GENERAL_AUTHENTICATE = 0x86;
const READ_BINARY = 0xb0;
const PROTECTED = 0x0c;

function opens({ cla, ins, p1, p2 }: Command): boolean {
  if (cla !== 0) return false;
  if (ins === MANAGE_SECURITY_ENVIRONMENT) return p1 === 0x41 && (p2 === 0xa4 || p2 === 0xa6);
  return ins === GENERAL_AUTHENTICATE && p1 === 0 && p2 === 0;
}

/**
 * Checks what shall be relayed.
 *
 * @throws {@link ProtocolError} `relay_refused`.
 */
export function requireChipAuthentication({ opening, command }: ChipAuthenticationRequest): void {
  const refuse = (): ProtocolError =>
    new ProtocolError('relay_refused', 'only the commands of chip authentication are relayed');
  if (opening.length > MAX_OPENING) throw refuse();
  try {
    const decoded = [...opening, command].map((bytes) => {
      if (bytes.length > MAX_COMMAND_BYTES) throw refuse();
      return decodeCommand(bytes);
    });
    const last = decoded.pop();
    if (decoded.every(opens) && last?.cla === PROTECTED && last.ins === READ_BINARY) return;
  } catch {
    // told below
  }
  throw refuse();
}
