// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What a credential would show in answer to a request, for the consent sheet: computed on the device,
 * told to nobody. The same comparisons as in `circuits/lib/show.circom`. docs/protocol.md section 6.
 *
 * @module
 */
import { deriveNullifier } from '../commitment/credential.ts';
import type { Poseidon } from '../commitment/poseidon.ts';
import { type Attributes, DOCUMENT_KINDS, type DocumentKind } from '../protocol/attributes.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { toField } from '../protocol/field.ts';
import { nationalityCode } from '../protocol/nationality.ts';
import { type Ask, type Disclosed, unpackPolicy } from '../protocol/policy.ts';
import { subOf } from '../protocol/scope.ts';
import type { Credential } from './credential.ts';
import type { PendingRequest } from './request.ts';

/** Parts of a policy that a credential may not meet. */
export type Unmet =
  | 'age'
  | 'document_group'
  | 'nationality_group'
  | 'min_assurance'
  | 'phone_confirmed'
  | 'document_expired'
  | 'seed_too_new';

/** See the module's description. */
export interface Consent {
  readonly origin: string;
  readonly ask: Ask;
  /** Values that the platform will see. */
  readonly disclosed: Disclosed;
  /** The pseudonym that the platform will see, 43 characters; undefined if it asked for none. */
  readonly sub: string | undefined;
  /** Reasons for which this credential can not answer; empty if it can. */
  readonly unmet: readonly Unmet[];
}

/** What a credential must know of a request to answer it. */
export type Asked = Pick<PendingRequest, 'ask' | 'inputs' | 'origin'> & Partial<Pick<PendingRequest, 'index'>>;

/** What a credential would show in answer to a request. */
export function consentOf(pending: Asked, credential: Credential, poseidon: Poseidon): Consent {
  const { ask, inputs, origin, index = 0 } = pending;
  const { scope, context } = inputs;
  return {
    origin,
    ask,
    disclosed: disclosedOf(ask, credential.attributes),
    sub: ask.pseudonym
      ? subOf(deriveNullifier(poseidon, credential.seed, scope, context, toField(BigInt(index))))
      : undefined,
    unmet: unmetBy(credential.attributes, pending),
  };
}

function disclosedOf(ask: Ask, attributes: Attributes): Disclosed {
  const shows = (name: Ask['reveal'][number]): boolean => ask.reveal.includes(name);
  return {
    ...(shows('document') ? { document: documentKind(attributes.document) } : {}),
    ...(shows('nationality') ? { nationality: nationalityCode(attributes.nationality) } : {}),
    ...(shows('assurance') ? { assurance: attributes.assurance } : {}),
    ...(shows('phone') ? { phone: attributes.phone === 1 } : {}),
  };
}

function documentKind(number: number): DocumentKind {
  const kinds = Object.keys(DOCUMENT_KINDS) as DocumentKind[];
  const kind = kinds.find((name) => DOCUMENT_KINDS[name] === number);
  if (kind === undefined) {
    throw new ProtocolError('attributes_refused', 'the credential is of an unknown kind of document');
  }
  return kind;
}

function unmetBy(attributes: Attributes, { inputs }: Asked): Unmet[] {
  const policy = unpackPolicy(inputs.policy);
  const isIn = (mask: bigint, number: number): boolean => ((mask >> BigInt(number)) & 1n) === 1n;
  const met: Readonly<Record<Unmet, boolean>> = {
    age: policy.birthMin <= attributes.birth && attributes.birth <= policy.birthMax,
    document_group: isIn(BigInt(policy.documentMask), attributes.document),
    nationality_group: isIn(inputs.nationalityMask, attributes.nationality),
    min_assurance: attributes.assurance >= policy.minAssurance,
    phone_confirmed: attributes.phone >= policy.phoneRequired,
    document_expired: attributes.expiry >= policy.today,
    seed_too_new: attributes.secretSince <= policy.secretSinceMax,
  };
  return (Object.keys(met) as Unmet[]).filter((part) => !met[part]);
}
