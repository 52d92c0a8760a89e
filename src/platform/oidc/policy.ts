// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * When the bridge asks the holder, and for what: OpenID Connect's `prompt`, `max_age`, `acr_values`,
 * `id_token_hint` and `claims` (RFC 9470 for step-up) in terms of one verification.
 *
 * | the client wants | the holder is asked |
 * | --- | --- |
 * | no session yet, `prompt=login`, or older than `max_age` | for a login |
 * | `acr` `urn:bauta:possession`, account known | for a step-up of that account, unless it was made just now |
 * | `acr` `urn:bauta:possession`, account not known yet | for a login, and then for the step-up |
 * | `age_over_18`, not proved in this session's time | also for that |
 *
 * docs/protocol.md section 6.
 *
 * @module
 */
import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { z } from 'zod';
import { ACR } from '../client/messages.ts';

/** The claim, and the scope that asks for it. */
export const AGE_CLAIM = 'age_over_18';
/** Seconds for which one step-up counts for whoever asks for another. */
export const STEP_UP_SECONDS = 300;
/** Values of `acr`, weakest first. */
export const ACR_VALUES: readonly string[] = [ACR.login, ACR.step_up];

const { Check, base } = interactionPolicy;

const acrRequest = z
  .object({ value: z.string().optional(), values: z.array(z.string()).optional(), essential: z.boolean().optional() })
  .nullable();
const claimsSchema = z.object({
  id_token: z
    .object({ acr: acrRequest.optional(), sub: z.object({ value: z.string().optional() }).nullable().optional() })
    .loose()
    .optional(),
  userinfo: z.looseObject({}).optional(),
});

/** What a client wants of an authorization. */
export interface Wanted {
  /** Values of `acr` that would do, best first; empty if it did not say. */
  readonly acrs: readonly string[];
  /** Whether nothing else will do. */
  readonly acrEssential: boolean;
  readonly age: boolean;
  /** The account that it expects, from the `claims` parameter. */
  readonly sub: string | undefined;
}

/** Reads the parameters of an authorization request, which the provider has checked. */
export function wantedBy(params: Readonly<Record<string, unknown>>): Wanted {
  const { acr_values: acrValues, scope, claims } = params;
  const list = (value: unknown): string[] => (typeof value === 'string' ? value.split(' ').filter(Boolean) : []);
  const parsed = claimsSchema.safeParse(typeof claims === 'string' ? JSON.parse(claims) : (claims ?? {}));
  const asked = parsed.success ? parsed.data : {};
  const acr = asked.id_token?.acr ?? undefined;
  return {
    acrs: [...list(acrValues), ...(acr?.values ?? []), ...(acr?.value === undefined ? [] : [acr.value])],
    acrEssential: acr?.essential === true,
    age:
      list(scope).includes(AGE_CLAIM) ||
      Object.hasOwn(asked.id_token ?? {}, AGE_CLAIM) ||
      Object.hasOwn(asked.userinfo ?? {}, AGE_CLAIM),
    sub: asked.id_token?.sub?.value,
  };
}

/** Whether the account must prove possession again: a wanted `acr` is there, and the plain login is none. */
export function wantsPossession({ acrs }: Wanted): boolean {
  return acrs.includes(ACR.step_up) && !acrs.includes(ACR.login);
}

/**
 * The provider's policy.
 *
 * @param proved - Facts that a pseudonym has proved and that still count.
 * @param clock - Unix time in milliseconds.
 */
export function bridgePolicy(
  proved: (sub: string) => Promise<readonly string[]>,
  clock: () => number,
): interactionPolicy.DefaultPolicy {
  const policy = base();
  // What is disclosed is agreed to in the wallet, each time anew: a second consent here would only be a habit.
  policy.remove('consent');
  const login = policy.get('login');
  login?.checks.add(
    new Check('max_age_zero', 'the holder must be asked now', 'login_required', ({ oidc }) =>
      // The provider counts whole seconds, by which a login of just now would do.
      Promise.resolve(Number(oidc.params?.['max_age']) === 0 && oidc.result?.login === undefined),
    ),
  );
  login?.checks.add(
    new Check(
      'possession',
      'the account must prove possession again',
      'unmet_authentication_requirements',
      ({ oidc }) => wantsPossession(wantedOf(oidc)) && !hasSteppedUp(oidc, clock() / 1000),
    ),
  );
  login?.checks.add(
    new Check('age_not_proved', 'the account has not proved its age', 'interaction_required', async ({ oidc }) => {
      const sub = oidc.session?.accountId;
      return wantedOf(oidc).age && (sub === undefined || !(await proved(sub)).includes(AGE_CLAIM));
    }),
  );
  return policy;
}

/** Whether the wallet proved possession in this very request, or shortly before: a session is no proof of it. */
function hasSteppedUp({ session, result }: KoaContextWithOIDC['oidc'], now: number): boolean {
  if (session?.acr !== ACR.step_up) return false;
  return result?.login !== undefined || now - (session.loginTs ?? 0) < STEP_UP_SECONDS;
}

function wantedOf(oidc: KoaContextWithOIDC['oidc']): Wanted {
  return wantedBy(oidc.params ?? {});
}
