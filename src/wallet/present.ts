// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Answering a platform's request: read it, show it, arm while the person decides, prove, deliver.
 * Between the start of proving and the delivery the wallet sends nothing. docs/protocol.md section 6.
 *
 * @module
 */
import type { Poseidon } from '../commitment/poseidon.ts';
import type { Ask, Disclosed } from '../protocol/policy.ts';
import type { Presentation } from '../protocol/presentation.ts';
import type { RequestInputs, RequestObject } from '../protocol/request.ts';
import type { Credential } from './credential.ts';
import type { Clock, Fetch } from './environment.ts';
import type { ArmedHandle, OnProgress, Prover } from './prover.ts';
import type { Synced } from './sync.ts';

/** A request that has passed every check but the holder's consent. */
export interface PendingRequest {
  readonly request: RequestObject;
  readonly inputs: RequestInputs;
  readonly ask: Ask;
  /** Who asks: shown large. */
  readonly origin: string;
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
}

/** What {@link readRequest} needs. */
export interface RequestDeps {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Time zone of the register. */
  readonly timeZone: string;
  /** Version of the prover's artifacts: `(await prover.info()).version`. */
  readonly version: number;
  readonly signal?: AbortSignal;
}

/** Parts of a policy that a credential may not meet. */
export type Unmet =
  | 'age'
  | 'document_group'
  | 'nationality_group'
  | 'min_assurance'
  | 'phone_confirmed'
  | 'document_expired'
  | 'seed_too_new';

/** What the consent sheet shows; computed on the device, told to nobody. */
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

/** A presentation that waits for consent only. */
export interface ArmedPresentation {
  readonly handle: ArmedHandle;
  readonly pending: PendingRequest;
}

/** What arming needs. */
export interface ArmDeps {
  readonly prover: Prover;
  readonly poseidon: Poseidon;
  readonly clock: Clock;
}

/**
 * Fetches and checks the request that a link names.
 *
 * @param fragment - `location.hash`, with or without `#`.
 * @throws {@link ProtocolError} `link_invalid`, `request_invalid`, `request_expired`, `ask_refused`,
 * `policy_mismatch`, `scope_invalid`, `circuit_version_unsupported`.
 */
export declare function readRequest(fragment: string, deps: RequestDeps): Promise<PendingRequest>;
/** What a credential would show in answer to a request. */
export declare function consentOf(pending: PendingRequest, credential: Credential, poseidon: Poseidon): Consent;
/**
 * Arms while the holder reads; sends nothing.
 *
 * @throws {@link ProtocolError} `policy_unmet`, `other_account`, `sync_needed`, `request_expired`.
 */
export declare function armPresentation(
  pending: PendingRequest,
  credential: Credential,
  synced: Synced,
  deps: ArmDeps,
): Promise<ArmedPresentation>;
/** Proves after consent; sends nothing. The armed record is wiped. */
export declare function firePresentation(
  armed: ArmedPresentation,
  deps: ArmDeps,
  onProgress?: OnProgress,
): Promise<Presentation>;
/** Wipes an armed presentation that the holder declined. */
export declare function discard(armed: ArmedPresentation, deps: ArmDeps): Promise<void>;
/**
 * Sends the presentation to the platform.
 *
 * @returns Where the browser goes next, on the platform's own origin; undefined for another device.
 * @throws {@link ProtocolError} with the platform's code (`checkpoint_not_accepted`, `nonce_used`, …),
 * `redirect_refused`, `network_failed`.
 */
export declare function deliver(
  pending: PendingRequest,
  presentation: Presentation,
  deps: { readonly fetch: Fetch; readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<{ readonly redirectUri: string | undefined }>;
/** Arms, fires and delivers: for programs; pages ask for consent in between. */
export declare function present(
  pending: PendingRequest,
  credential: Credential,
  synced: Synced,
  deps: ArmDeps & { readonly fetch: Fetch; readonly onProgress?: OnProgress; readonly signal?: AbortSignal },
): Promise<{ readonly redirectUri: string | undefined }>;
