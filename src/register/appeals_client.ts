// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * How approvers read the appeals that wait at an issuer. docs/protocol.md section 8.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { z } from 'zod';
import { appealsMessage, keyIdOf, sign } from '../log/signatures.ts';
import { toBase64Url } from '../protocol/scope.ts';
import { callRegister, type RegisterAddress } from './operator.ts';

const appealsSchema = z.object({
  appeals: z.array(
    z.object({
      reference: z.string(),
      leaf: z.string(),
      announcement: z.number(),
      reason: z.string(),
      effective: z.number(),
      text: z.string(),
    }),
  ),
});

/** Appeals as the issuer shows them. */
export type ListedAppeals = z.infer<typeof appealsSchema>['appeals'];

/**
 * Lists the appeals that wait.
 *
 * @param issuer - Where.
 * @param key - An approver's Ed25519 secret key, 32 bytes.
 * @param now - Unix time, milliseconds.
 * @throws ProtocolError with the issuer's code, or `register_unreachable`.
 */
export async function listAppeals(issuer: RegisterAddress, key: Uint8Array, now: number): Promise<ListedAppeals> {
  const { key_id: id } = await callRegister(issuer, '/v1/info', z.object({ key_id: z.string() }));
  const time = Math.floor(now / 1000);
  const headers = {
    'Approver-Key': keyIdOf(ed25519.getPublicKey(key)),
    'Approver-Time': String(time),
    'Approver-Signature': toBase64Url(sign(appealsMessage(id, time), key)),
  };
  return (await callRegister(issuer, '/v1/appeals', appealsSchema, undefined, headers)).appeals;
}
