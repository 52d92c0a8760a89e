// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * BBS selective disclosure: a signature on attributes, of which a proof discloses some. It compares
 * nothing, derives no pseudonym and hides no issuer, so it is what one pays for less.
 *
 * @module
 */
import type { Lab } from './lab.ts';
import type { Bbs } from './peers_types.ts';
import type { Subject } from './runner.ts';

const ciphersuite = 'BLS12-381-SHA-256';
const ATTRIBUTES = 12;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A credential of some attributes, two of them disclosed. */
export async function bbsCredential(
  bbs: Bbs,
  attributes: number,
): Promise<{ prove: () => Promise<Uint8Array>; verify: (proof: Uint8Array) => Promise<boolean> }> {
  const { secretKey, publicKey } = await bbs.generateKeyPair({ ciphersuite });
  const header = text('bench');
  const messages = Array.from({ length: attributes }, (_, i) => text(`attribute ${String(i)}`));
  const signature = await bbs.sign({ secretKey, publicKey, header, messages, ciphersuite });
  const disclosedMessageIndexes = [0, 1];
  const common = {
    publicKey,
    header,
    presentationHeader: text('one request'),
    disclosedMessageIndexes,
    ciphersuite,
  } as const;
  return {
    prove: () => bbs.deriveProof({ ...common, signature, messages }),
    verify: (proof) => bbs.verifyProof({ ...common, proof, disclosedMessages: messages.slice(0, 2) }),
  };
}

/** Its subjects. */
export function bbsSubjects(lab: Lab): Subject[] {
  return [
    {
      name: 'bbs.prove',
      prepare: async () => {
        const { prove, verify } = await bbsCredential((await lab.peers()).bbs, ATTRIBUTES);
        let last = new Uint8Array();
        return {
          run: async () => {
            last = Uint8Array.from(await prove());
          },
          check: async () => {
            if (!(await verify(last))) throw new Error('refused');
          },
        };
      },
    },
    {
      name: 'bbs.verify',
      prepare: async () => {
        const { prove, verify } = await bbsCredential((await lab.peers()).bbs, ATTRIBUTES);
        const proof = await prove();
        return {
          run: async () => {
            if (!(await verify(proof))) throw new Error('refused');
          },
        };
      },
    },
  ];
}
