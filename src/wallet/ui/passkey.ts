// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A passkey as a source of a secret (WebAuthn level 3, section 10.1.4, extension `prf`): the
 * authenticator gives 32 bytes that hang on the passkey and on a fixed input, after it has verified the
 * person. Nobody checks the assertion: there is no server, the secret either opens a lock or does not.
 *
 * @module
 */
import { MESSAGE_TAG } from '../../protocol/domains.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { PRF_BYTES } from '../backup.ts';
import { random } from './browser.ts';

/** Milliseconds that a person has. */
const TIMEOUT = 120_000;
/** ES256, RS256: what authenticators commonly make. Nothing is ever signed for us. */
const ALGORITHMS = [-7, -257] as const;
/** The input of the function. */
const input = (): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(MESSAGE_TAG.passkey));

/** A passkey that was made. */
export interface Passkey {
  /** Which one, to ask for it again. */
  readonly id: Uint8Array;
  /** Its secret, 32 bytes, or undefined where browser or authenticator have none: use a PIN then. */
  readonly prf: Uint8Array | undefined;
}

function resultOf(credential: Credential | null): Passkey {
  if (!(credential instanceof PublicKeyCredential)) {
    throw new ProtocolError('passkey_unavailable', 'the browser gave no passkey; use the PIN');
  }
  const first = credential.getClientExtensionResults().prf?.results?.first;
  const bytes =
    first === undefined
      ? undefined
      : new Uint8Array(
          first instanceof ArrayBuffer ? first : new Uint8Array(first.buffer, first.byteOffset, first.byteLength),
        );
  return { id: new Uint8Array(credential.rawId), prf: bytes?.length === PRF_BYTES ? bytes : undefined };
}

/** Runs a ceremony; whatever the browser's reason, the person can use the PIN. */
async function ceremony(run: () => Promise<Credential | null>): Promise<Passkey> {
  try {
    return resultOf(await run());
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError('passkey_unavailable', 'the passkey was not used; try again or use the PIN', { cause });
  }
}

/** Whether the browser knows passkeys at all; whether one has a secret shows when it is made. */
export function passkeysAvailable(): boolean {
  return typeof PublicKeyCredential === 'function' && window.isSecureContext;
}

/**
 * Makes a passkey. Authenticators that give no secret while they make one are asked once more.
 *
 * @param name - What the person sees in the list of passkeys.
 * @throws {@link ProtocolError} `passkey_unavailable`, also when the person declines.
 */
export async function createPasskey(name: string): Promise<Passkey> {
  const made = await ceremony(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: 'Bauta' },
        // Random: the passkey says nothing of the person.
        user: { id: new Uint8Array(random(16)), name, displayName: name },
        challenge: new Uint8Array(random(32)),
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        attestation: 'none',
        extensions: { prf: { eval: { first: input() } } },
        timeout: TIMEOUT,
      },
    }),
  );
  return made.prf === undefined ? askPasskey(made.id) : made;
}

/**
 * Asks for the secret of a passkey.
 *
 * @param id - Which one; without it the person chooses, as on a new device.
 * @throws {@link ProtocolError} `passkey_unavailable`, also when the person declines.
 */
export function askPasskey(id?: Uint8Array): Promise<Passkey> {
  return ceremony(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: new Uint8Array(random(32)),
        allowCredentials: id === undefined ? [] : [{ type: 'public-key', id: new Uint8Array(id) }],
        userVerification: 'required',
        extensions: { prf: { eval: { first: input() } } },
        timeout: TIMEOUT,
      },
    }),
  );
}
