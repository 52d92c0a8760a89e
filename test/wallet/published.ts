// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Credentials whose leaves are in the register of a world, without an enrolment.
 *
 * @module
 */
import { credentialLeaf, holderCommitment } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { packAttributes } from '../../src/protocol/attributes.ts';
import type { Credential } from '../../src/wallet/credential.ts';
import { createHolder } from '../../src/wallet/holder.ts';
import { ATTRIBUTES } from '../proving/sample.ts';
import { random, type World } from './world.ts';

/**
 * Publishes credentials in one epoch, which is not active yet.
 *
 * @param count - How many.
 */
export async function publishedCredentials(world: World, count: number): Promise<readonly Credential[]> {
  const made = Array.from({ length: count }, () => {
    const holder = createHolder(random);
    const commitment = holderCommitment(poseidon, holder.seed, holder.blinding);
    return { holder, leaf: credentialLeaf(poseidon, commitment, packAttributes(ATTRIBUTES)) };
  });
  const signatures: Uint8Array[] = [];
  for (const { leaf } of made) signatures.push(await world.submitLeaf(leaf));
  await world.turn();
  return Promise.all(
    made.map(async ({ holder, leaf }, i) => {
      const state = (await (await world.callRegister(`/v1/leaves/${String(leaf)}`)).json()) as Record<string, number>;
      return {
        ...holder,
        attributes: ATTRIBUTES,
        leaf,
        issuer: 'https://issuer.example',
        signature: signatures[i] ?? new Uint8Array(),
        index: state['index'] ?? -1,
        published: state['checkpoint'] ?? -1,
      };
    }),
  );
}
