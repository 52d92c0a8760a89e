// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Part of the passport simulator: a chip with all its secrets as JSON, so that a demonstration can hand one to
 * a simulated reader in another program. Chips that states issue never give these away.
 *
 * @module
 */
import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../protocol/scope.ts';
import type { StaticKey } from './chip_features.ts';
import type { SimulatedChipPlan } from './chip_simulator.ts';

/** A chip apart from its randomness. */
type KeptChip = Omit<SimulatedChipPlan, 'random'>;

const cipher = z.enum(['3des', 'aes-128', 'aes-192', 'aes-256']);
const files = z
  .record(z.string().regex(/^\d+$/), z.string().transform(fromBase64Url))
  .transform((kept) => new Map(Object.entries(kept).map(([id, file]) => [Number(id), file])));
const staticKey = z.object({ curve: z.string(), cipher, scalar: z.string().transform((text) => BigInt(text)) });
const signing = z.object({
  hash: z.enum(['sha1', 'sha224', 'sha256', 'sha384', 'sha512']),
  key: z.string().transform((text) => {
    return createPrivateKey({ key: Buffer.from(fromBase64Url(text)), format: 'der', type: 'pkcs8' });
  }),
});
const chip = z.object({
  mrz: z.string().length(88),
  masterFile: files,
  application: files,
  secrets: z.object({
    signing: signing.optional(),
    agreement: staticKey.optional(),
    mapping: z.array(staticKey),
  }),
  pace: z.array(z.object({ mapping: z.enum(['GM', 'CAM']), cipher, curve: z.string() })),
});

/** Writes a chip down. */
export function encodeChip({ mrz, masterFile, application, secrets, pace }: KeptChip): object {
  const written = (kept: ReadonlyMap<number, Uint8Array>): object =>
    Object.fromEntries([...kept].map(([id, file]) => [String(id), toBase64Url(file)]));
  const keyOf = ({ curve, cipher, scalar }: StaticKey): object => ({ curve, cipher, scalar: scalar.toString() });
  const { signing, agreement, mapping } = secrets;
  return {
    mrz,
    masterFile: written(masterFile),
    application: written(application),
    secrets: {
      ...(signing !== undefined && {
        signing: {
          hash: signing.hash,
          key: toBase64Url(new Uint8Array(signing.key.export({ format: 'der', type: 'pkcs8' }))),
        },
      }),
      ...(agreement !== undefined && { agreement: keyOf(agreement) }),
      mapping: mapping.map(keyOf),
    },
    pace,
  };
}

/**
 * Reads what {@link encodeChip} wrote.
 *
 * @throws ZodError if it is something else.
 */
export function decodeChip(value: unknown): KeptChip {
  const { secrets, ...kept } = chip.parse(value);
  const { signing, agreement, mapping } = secrets;
  return {
    ...kept,
    secrets: { mapping, ...(signing !== undefined && { signing }), ...(agreement !== undefined && { agreement }) },
  };
}
