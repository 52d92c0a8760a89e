// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The ceremony's record: `transcript.json`, and beside it one attestation for each step, a text that
 * anyone can read and publish, signed with Ed25519 by the one who did the step. The text follows from
 * the transcript and contains the SHA-256 of the attestation before it, so that no field of the
 * transcript can change, and no step can be left out or moved, without a signature failing.
 *
 * @module
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../src/protocol/scope.ts';
import { CeremonyFault, must } from './fault.ts';

const hash256 = z.string().regex(/^[0-9a-f]{64}$/);
const hash512 = z.string().regex(/^[0-9a-f]{128}$/);
const isoTime = z.iso.datetime();
/** A name is recorded by snarkjs in 64 UTF-16 units; letters, digits and a few signs of any script. */
const name = z
  .string()
  .max(64)
  .regex(/^[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N} .,'@_+()/:-]*$/u);
const line = z
  .string()
  .max(200)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u);

const perCircuit = <Value extends z.ZodType>(value: Value) => z.strictObject({ show: value, issue: value });
const common = {
  number: z.number().int().positive(),
  name,
  time: isoTime,
  software: line,
  /** SHA-256 of the proving key before and after, and the contribution's BLAKE2b-512. */
  circuits: perCircuit(z.strictObject({ before: hash256, after: hash256, contribution: hash512 })),
  public_key: z.string().regex(/^[\w-]{43}$/),
};
const step = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('contribution'), ...common, entropy: z.enum(['system', 'system and keyboard']) }),
  z.strictObject({
    kind: z.literal('beacon'),
    ...common,
    value: z.string().regex(/^(?:[0-9a-f]{2}){32,64}$/),
    iterations_exp: z.number().int().min(10).max(30),
    source: line,
  }),
]);
const transcript = z.strictObject({
  version: z.literal(1),
  time: isoTime,
  /** BLAKE2b-512, the hash that is published for powers-of-tau files. */
  ptau: z.strictObject({ blake2b: hash512, bytes: z.number().int().positive() }),
  compiler: line,
  flags: z.array(line),
  circuits: perCircuit(z.strictObject({ r1cs: hash256, initial: hash256 })),
  steps: z.array(step),
});

/** One contribution, or the beacon. */
export type Step = z.infer<typeof step>;
/** The whole record. */
export type Transcript = z.infer<typeof transcript>;

/**
 * Parses a transcript.
 *
 * @throws {@link CeremonyFault} naming the first field that is not of the form.
 */
export function parseTranscript(text: string): Transcript {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CeremonyFault('transcript.json is not JSON', { cause });
  }
  return checked(transcript, value, 'transcript.json');
}

/** Checks a step that is about to be recorded, so that a name or source is refused before any work. */
export function parseStep(value: unknown): Step {
  return checked(step, value, 'the step');
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CeremonyFault(`${what}: ${issue?.path.join('.') ?? ''} does not have the expected form`);
}

/** SHA-256 in hex. */
export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * The text that the author of a step signs.
 *
 * @param transcript - Holds at least the steps up to this one.
 * @param index - The step's place in `steps`.
 * @param previous - The attestation file of the step before; undefined for the first.
 */
export function attestationText(
  { steps, ...opening }: Transcript,
  index: number,
  previous: Uint8Array | undefined,
): string {
  const step = steps[index];
  must(step !== undefined, `there is no step ${String(index + 1)}`);
  const of = ({ circuits: { show, issue } }: Step) =>
    Object.entries({ show, issue }).flatMap(([circuit, { before, after, contribution }]) => [
      `${circuit} key before (SHA-256): ${before}`,
      `${circuit} key after (SHA-256): ${after}`,
      `${circuit} ${step.kind} (BLAKE2b): ${contribution}`,
    ]);
  const particular =
    step.kind === 'contribution'
      ? [
          `entropy: ${step.entropy}`,
          'I made this contribution with randomness that I did not keep, copy or show to anyone.',
        ]
      : [
          `value: ${step.value}`,
          `iterations: 2^${String(step.iterations_exp)}`,
          `source: ${step.source}`,
          'I applied this value, which nobody could know before the last contribution was published.',
        ];
  return [
    'bauta ceremony attestation, version 1',
    `ceremony (SHA-256): ${sha256Hex(utf8ToBytes(canonicalize(opening) ?? ''))}`,
    `previous attestation (SHA-256): ${previous === undefined ? 'none' : sha256Hex(previous)}`,
    `number: ${String(step.number)}`,
    `kind: ${step.kind}`,
    `name: ${step.name}`,
    `time: ${step.time}`,
    `software: ${step.software}`,
    ...of(step),
    ...particular,
    `public key (Ed25519): ${step.public_key}`,
    '',
  ].join('\n');
}

const SIGNATURE = 'signature: ';

/** An attestation file: the text, and the signature on a last line. */
export function signAttestation(text: string, secretKey: Uint8Array): Uint8Array {
  return utf8ToBytes(`${text}${SIGNATURE}${toBase64Url(ed25519.sign(utf8ToBytes(text), secretKey))}\n`);
}

/**
 * Checks an attestation file against what the transcript says.
 *
 * @param file - What {@link signAttestation} gave.
 * @param text - {@link attestationText} of the step.
 * @param publicKey - The step's key, base64url.
 */
export function isAttestation(file: Uint8Array, text: string, publicKey: string): boolean {
  const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(file);
  const signature = /^signature: ([\w-]{86})\n$/.exec(whole.slice(text.length))?.[1];
  if (!whole.startsWith(text) || signature === undefined) return false;
  try {
    return ed25519.verify(fromBase64Url(signature), utf8ToBytes(text), fromBase64Url(publicKey), { zip215: false });
  } catch {
    return false; // no point, no signature
  }
}
