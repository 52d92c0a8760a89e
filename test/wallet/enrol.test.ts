// SPDX-License-Identifier: GPL-3.0-or-later
import { ed25519 } from '@noble/curves/ed25519.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { credentialLeaf, holderCommitment } from '../../src/commitment/credential.ts';
import { poseidon } from '../../src/commitment/poseidon.ts';
import { isSignedBy, keyIdOf, leafMessage } from '../../src/log/signatures.ts';
import { packAttributes } from '../../src/protocol/attributes.ts';
import { FIELD_ORDER, toField } from '../../src/protocol/field.ts';
import { decodeSigned, encodeSigned, type SignedCredential } from '../../src/wallet/credential.ts';
import {
  awaitPublication,
  enrol,
  type EnrolDeps,
  type EnrolmentStep,
  openEnrolment,
  requestCredential,
  sendDocument,
  sendFace,
} from '../../src/wallet/enrol.ts';
import { ATTRIBUTES } from '../proving/sample.ts';
import { fakeProver, type Misbehaviour, random, realProver, World } from './world.ts';

const EVIDENCE = {
  sod: Uint8Array.of(1),
  dg1: Uint8Array.of(2),
  dg2: Uint8Array.of(3),
  face: { type: 'image/jpeg', bytes: Uint8Array.of(4) },
} as const;

let world: World;
let deps: EnrolDeps;

beforeEach(async () => {
  world = await World.open();
  world.misbehaviour.trusting = true;
  deps = world.enrolDeps(fakeProver);
});

/** All steps but the wait. */
async function signed(misbehaviour: Misbehaviour = {}): Promise<SignedCredential> {
  Object.assign(world.misbehaviour, misbehaviour);
  const enrolment = await openEnrolment(deps);
  await sendDocument(deps, enrolment, EVIDENCE);
  await sendFace(deps, enrolment, EVIDENCE.face);
  return requestCredential(deps, enrolment);
}

describe('enrol', () => {
  it('gets a credential whose leaf, signature and position the wallet can verify', { timeout: 60_000 }, async () => {
    world.misbehaviour.trusting = false;
    deps = world.enrolDeps(realProver());
    const steps: EnrolmentStep[] = [];
    const saved: string[] = [];
    const credential = await enrol(deps, EVIDENCE, {
      onStep: (step) => steps.push(step),
      save: async (draft) => {
        saved.push(encodeSigned(draft));
        await world.turnEpoch();
      },
    });
    expect(steps).toEqual(['opened', 'document_accepted', 'face_accepted', 'signed', 'published']);
    const { seed, blinding, leaf, attributes, signature } = credential;
    expect(attributes).toEqual(ATTRIBUTES);
    expect(leaf).toBe(credentialLeaf(poseidon, holderCommitment(poseidon, seed, blinding), packAttributes(attributes)));
    expect(isSignedBy(leafMessage(leaf), signature, deps.issuer.key)).toBe(true);
    expect(credential.published).toBeGreaterThan(0);
    expect(saved.map((text) => decodeSigned(text).seed)).toEqual([seed]);
  });

  it('sends neither seed nor blinding, no cookies and no referrer', async () => {
    const { seed, blinding } = await signed();
    for (const { url, init } of world.sent) {
      expect(init).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' });
      for (const secret of [seed, blinding]) {
        const body = typeof init.body === 'string' ? init.body : '';
        expect(url + body).not.toContain(secret.toString());
        expect(url + body).not.toContain(secret.toString(16));
      }
    }
  });

  it('uses a fresh blinding, and so another leaf, for the same seed', async () => {
    const first = await openEnrolment(deps, { seed: toField(7n) });
    const second = await openEnrolment(deps, { seed: toField(7n) });
    expect([first.seed, second.seed]).toEqual([7n, 7n]);
    expect(first.blinding).not.toBe(second.blinding);
    const leaves = [await requestCredential(deps, first), await requestCredential(deps, second)].map(
      ({ leaf }) => leaf,
    );
    expect(leaves[0]).not.toBe(leaves[1]);
  });

  it('holds a renewal to the secretSince of the seed', async () => {
    const enrolment = await openEnrolment(deps, { seed: toField(7n) });
    const options = { age: { secretSince: 20260301, generation: 0 } };
    const refusal = { code: 'attributes_refused' };
    await expect(requestCredential(deps, enrolment, options)).rejects.toMatchObject(refusal);
    world.misbehaviour.attributes = { secretSince: 20260301 };
    await expect(requestCredential(deps, enrolment)).rejects.toMatchObject(refusal);
    await expect(requestCredential(deps, enrolment, options)).resolves.toBeDefined();
  });

  it("passes the issuer's refusal on by its code", async () => {
    await expect(signed({ refusal: 'document_tampered' })).rejects.toMatchObject({ code: 'document_tampered' });
  });
});

describe('what the issuer shows is refused if', () => {
  it.each([
    ['expiry is a day of its own', { expiry: 20300102 }],
    ['expiry has passed', { expiry: 20261001 }],
    ['issued is a day of its own', { issued: 20261122 }],
    ['issued is another month', { issued: 20261001 }],
    ['secretSince is not rounded up', { secretSince: 20261101 }],
    ['secretSince is a day of its own', { secretSince: 20261122 }],
    ['birth is no date', { birth: 20000230 }],
    ['birth is in the future', { birth: 20261201 }],
    ['the version is unknown', { version: 2 }],
    ['the kind of document is unknown', { document: 9 }],
    ['the nationality is none', { nationality: 253 }],
  ])('%s', async (_, attributes) => {
    await expect(signed({ attributes })).rejects.toMatchObject({ code: 'attributes_refused' });
  });

  it.each([
    ['the leaf is another', { leaf: () => toField(5n) }, 'leaf_mismatch'],
    ['the leaf has an extension', { extension: toField(1n) }, 'leaf_mismatch'],
    ['the signature is of another key', { signingKey: random(32) }, 'signature_invalid'],
    ['it names another key', { keyId: keyIdOf(ed25519.getPublicKey(random(32))) }, 'signature_invalid'],
    ['the session is not that of the enrolment', { session: toField(3n) }, 'session_mismatch'],
    ['the session is no field element', { session: FIELD_ORDER as never }, 'field_not_canonical'],
  ] satisfies [string, Misbehaviour, string][])('%s', async (_, misbehaviour, code) => {
    await expect(signed(misbehaviour)).rejects.toMatchObject({ code });
  });
});

describe('awaitPublication', () => {
  it('waits until the register has published the leaf', async () => {
    const draft = await signed();
    setTimeout(() => void world.turn(), 300);
    const credential = await awaitPublication(deps, draft);
    expect(credential).toMatchObject({ leaf: draft.leaf, seed: draft.seed });
    expect('enrolment' in credential).toBe(false);
  });

  it('finds the leaf in the public log when the issuer has forgotten the session, naming no leaf', async () => {
    await world.submitLeaf(toField(11n));
    const draft = decodeSigned(encodeSigned(await signed({ forgets: true })));
    await world.submitLeaf(toField(12n));
    world.sent.length = 0;
    setTimeout(() => void world.turn(), 300);
    const found = await awaitPublication(deps, draft);
    const state = (await (await world.callRegister(`/v1/leaves/${String(draft.leaf)}`)).json()) as object;
    expect(state).toMatchObject({ status: 'published', index: found.index });
    expect(world.sent.filter(({ url }) => url.includes(String(draft.leaf)))).toEqual([]);
  });

  it('stops when asked', async () => {
    const draft = await signed();
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stop')), 50);
    await expect(awaitPublication({ ...deps, signal: stop.signal }, draft)).rejects.toThrow('stop');
  });
});
