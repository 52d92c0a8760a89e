// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `passport replay`: runs the chip reader over recorded transcripts; a file is a JSON array of
 *
 * ```
 * { name, mrz: { documentNumber, birthDate, expiryDate } | can, cardAccess?, cardSecurity?, dg14?,
 *   terminalPrivateKeys?: hex[], terminalRandoms?: hex[], exchanges: { command, response }[],
 *   expected?: { cipher?, kEnc?, kMac?, sendSequenceCounter? } }      all bytes in hex
 * ```
 *
 * @module
 */
import { z } from 'zod';
import { replay, type Transcript } from '../src/documents/chip/replay.ts';

const hex = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/i)
  .transform((text) => new Uint8Array(Buffer.from(text, 'hex')));
const mrz = z.object({ documentNumber: z.string(), birthDate: z.string(), expiryDate: z.string() });
const transcripts = z.array(
  z
    .object({
      name: z.string(),
      mrz: mrz.optional(),
      can: z.string().optional(),
      cardAccess: hex.optional(),
      cardSecurity: hex.optional(),
      dg14: hex.optional(),
      terminalPrivateKeys: z.array(hex).default([]),
      terminalRandoms: z.array(hex).default([]),
      exchanges: z.array(z.object({ command: hex, response: hex })),
      expected: z
        .object({
          cipher: z.string().optional(),
          kEnc: hex.optional(),
          kMac: hex.optional(),
          sendSequenceCounter: hex.optional(),
        })
        .default({}),
    })
    .transform(({ mrz: zone, can, ...rest }, context) => {
      const password = zone ?? (can === undefined ? undefined : { can });
      if (password !== undefined) return { ...rest, password };
      context.addIssue({ code: 'custom', message: 'mrz or can is missing' });
      return z.NEVER;
    }),
);

/** What the command prints for one transcript. */
export interface ReplayLine {
  readonly name: string;
  readonly ok: boolean;
  /** `BAC` or the name of PACE's object identifier; null where the transcript is refused. */
  readonly protocol: string | null;
  /** Session keys in hex. */
  readonly kEnc: string | null;
  readonly kMac: string | null;
  readonly reason?: string;
  readonly message?: string;
}

/**
 * Reads transcripts.
 *
 * @param text - The file.
 * @returns Undefined where it does not have the form above.
 */
export function readTranscripts(text: string): readonly Transcript[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data } = transcripts.safeParse(parsed);
  // What is absent stays absent for exactOptionalPropertyTypes.
  return data?.map((entry) => dropUndefined({ ...entry, expected: dropUndefined(entry.expected) }) as Transcript);
}

function dropUndefined(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

/** Replays transcripts one after the other. */
export async function replayAll(recorded: readonly Transcript[]): Promise<readonly ReplayLine[]> {
  const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const lines: ReplayLine[] = [];
  for (const transcript of recorded) {
    const { name } = transcript;
    const result = await replay(transcript);
    if (result.ok) {
      const { protocol, keys } = result.access;
      lines.push({ name, ok: true, protocol, kEnc: toHex(keys.kEnc), kMac: toHex(keys.kMac) });
    } else {
      const { reason, message } = result;
      lines.push({ name, ok: false, protocol: null, kEnc: null, kMac: null, reason, message });
    }
  }
  return lines;
}
