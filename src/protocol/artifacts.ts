// SPDX-License-Identifier: Apache-2.0
/**
 * The manifest of circuit artifacts: which files a prover and a verifier use, by SHA-256, and whether
 * their keys are development keys. Written by `npm run circuits:setup`; docs/protocol.md section 5.
 *
 * @module
 */
import { z } from 'zod';
import { ProtocolError } from './errors.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const file = z.object({
  file: z.string().regex(/^[a-z0-9_.-]+$/),
  bytes: z.number().int().positive(),
  sha256,
});
const circuit = z.object({
  r1cs: z.object({ sha256 }),
  constraints: z.number().int().positive(),
  domain: z.number().int().positive(),
  wasm: file,
  key: file,
  zkey: file,
  vkey: file,
});

const manifest = z.object({
  version: z.number().int().positive(),
  keys: z.enum(['development', 'ceremony']),
  compiler: z.string(),
  flags: z.array(z.string()),
  ptau: file,
  circuits: z.object({ show: circuit, issue: circuit }),
});

/** The two statements that Bauta proves. */
export type CircuitName = 'show' | 'issue';

/** One artifact: its name in `circuits/artifacts`, its length in bytes, its SHA-256 in hex. */
export type ArtifactFile = z.infer<typeof file>;

/** The parsed manifest. */
export type Manifest = z.infer<typeof manifest>;

/**
 * Reads a manifest.
 *
 * @param value - Parsed JSON.
 * @throws {@link ProtocolError} `manifest_invalid`.
 */
export function parseManifest(value: unknown): Manifest {
  const parsed = manifest.safeParse(value);
  if (!parsed.success) {
    throw new ProtocolError('manifest_invalid', 'the circuit manifest does not have the expected form', {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/**
 * Refuses development keys where real people rely on proofs: whoever made them could forge.
 *
 * @param manifest - The manifest in use.
 * @param production - True under `NODE_ENV=production`.
 * @throws {@link ProtocolError} `development_keys_refused`.
 */
export function requireProductionKeys(manifest: Manifest, production: boolean): void {
  if (production && manifest.keys === 'development') {
    throw new ProtocolError(
      'development_keys_refused',
      'the proving keys are development keys, which their maker could use to forge proofs; ' +
        'run a ceremony, or unset NODE_ENV=production to try Bauta out',
    );
  }
}
