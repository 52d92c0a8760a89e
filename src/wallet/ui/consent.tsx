// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The consent sheet: who asks, what they learn and do not learn, whether they recognise the holder.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { isAllowedUrl } from '../../protocol/scope.ts';
import { type ConsentFlow, useConsent } from './consent_flow.ts';
import type { PendingRequest } from '../present.ts';
import { type AnswerProps, PreparingProgress, Sheet } from './consent_sheet.tsx';
import { isMoveLink } from '../move.ts';
import { MovePage } from './consent_move.tsx';
import { BeforeAnswer, Unmet } from './consent_parts.tsx';
import { useStrings } from './language.tsx';
import { Button, Heading, Notice, PageLink, Problem, Progress } from './parts.tsx';

/**
 * The page that a platform's link opens.
 *
 * @param props - `fragment` as the platform gave it.
 */
export function ConsentPage({ fragment }: { readonly fragment: string }): VNode {
  return isMoveLink(fragment) ? <MovePage fragment={fragment} /> : <RequestPage fragment={fragment} />;
}

function RequestPage({ fragment }: { readonly fragment: string }): VNode {
  const flow = useConsent(fragment);
  const { phase, pending, consent } = flow;
  useEffect(() => {
    // What had the focus may be gone with the phase before.
    if (document.activeElement === document.body) {
      document.querySelector('h1')?.focus({ preventScroll: true });
    }
  }, [phase.name]);
  return (
    <div class="stack narrow" data-phase={phase.name}>
      {pending === undefined ? (
        <Unread flow={flow} fragment={fragment} />
      ) : (
        <article class="sheet">
          <Asker pending={pending} />
          {consent === undefined ? (
            <NotYet flow={flow} pending={pending} fragment={fragment} />
          ) : (
            <Answer flow={flow} pending={pending} consent={consent} />
          )}
        </article>
      )}
    </div>
  );
}

function hostOf(pending: PendingRequest): string {
  return new URL(pending.origin).host;
}

/** Problems that the same link will always have. */
const LASTING: ReadonlySet<string> = new Set([
  'ask_refused',
  'circuit_version_unsupported',
  'link_invalid',
  'nonce_used',
  'policy_mismatch',
  'request_expired',
  'request_invalid',
  'request_unknown',
]);

/** Where a link claims to come from; its request may not have been read. */
function claimedOrigin(fragment: string): URL | undefined {
  const uri = new URLSearchParams(fragment.slice(1)).get('request_uri') ?? '';
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  return url !== undefined && isAllowedUrl(url) ? url : undefined;
}

function Unread({ flow, fragment }: { readonly flow: ConsentFlow; readonly fragment: string }): VNode {
  const { consent } = useStrings();
  const site = claimedOrigin(fragment);
  return flow.phase.name === 'problem' ? (
    <NextSteps
      code={flow.phase.code}
      flow={flow}
      alone
      site={site === undefined ? undefined : { origin: site.origin, host: site.host }}
    />
  ) : (
    <p class="soft" role="status">
      {consent.reading}
    </p>
  );
}

/** A problem with what can be done about it: try again where that can help, or go back. */
function NextSteps(props: {
  readonly code: string;
  readonly flow: ConsentFlow;
  readonly alone?: boolean;
  readonly site: { readonly origin: string; readonly host: string } | undefined;
}): VNode {
  const { consent, retry, toStart } = useStrings();
  const { code, flow, alone = false, site } = props;
  return (
    <Problem code={code} alone={alone}>
      {!LASTING.has(code) && (
        <Button kind="primary" onClick={flow.restart}>
          {retry}
        </Button>
      )}
      {site === undefined ? (
        <PageLink to="welcome" class="button plain">
          {toStart}
        </PageLink>
      ) : (
        <a class="button plain" href={site.origin}>
          {consent.returnTo(site.host)}
        </a>
      )}
    </Problem>
  );
}

function Asker({ pending }: { readonly pending: PendingRequest }): VNode {
  const { consent } = useStrings();
  const { protocol } = new URL(pending.origin);
  return (
    <header class="asker">
      <Heading>
        {protocol !== 'https:' && <span class="scheme">{protocol}//</span>}
        {hostOf(pending)}
      </Heading>
      <p>{pending.request.purpose === 'step_up' ? consent.stepUp : consent.asks}</p>
    </header>
  );
}

/** Above the lock, or before there is a credential. */
function NotYet(props: {
  readonly flow: ConsentFlow;
  readonly pending: PendingRequest;
  readonly fragment: string;
}): VNode {
  const { flow, pending, fragment } = props;
  if (flow.phase.name === 'problem') {
    return <NextSteps code={flow.phase.code} flow={flow} site={{ origin: pending.origin, host: hostOf(pending) }} />;
  }
  return <BeforeAnswer origin={pending.origin} fragment={fragment} />;
}

function Answer({ flow, pending, consent: shown }: AnswerProps): VNode {
  const { consent } = useStrings();
  const { phase } = flow;
  const host = hostOf(pending);
  const wayBack = (
    <a class="button plain" href={pending.origin}>
      {consent.returnTo(host)}
    </a>
  );
  if (shown.unmet.length > 0) {
    return <Unmet reasons={shown.unmet} wayBack={wayBack} />;
  }
  switch (phase.name) {
    case 'reading':
    case 'sheet':
      return <Sheet flow={flow} pending={pending} consent={shown} />;
    case 'waiting':
      return (
        <div class="stack" aria-live="polite">
          <PreparingProgress preparation={flow.preparation} />
          <div class="actions">
            <Button onClick={flow.cancel}>{consent.decline}</Button>
          </div>
        </div>
      );
    case 'delivering':
      return <Progress label={consent.delivering(host)} />;
    case 'delivered':
      return <p role="status">{consent.delivered(host)}</p>;
    case 'other_device':
      return <OtherDevice code={flow.code} />;
    case 'cancelled':
      return (
        <div class="stack">
          <Notice tone="info" title={consent.cancelled}>
            {consent.cancelledText}
          </Notice>
          <div class="actions">{wayBack}</div>
        </div>
      );
    case 'problem':
      return <NextSteps code={phase.code} flow={flow} site={{ origin: pending.origin, host }} />;
  }
}

/** The answer went to a screen elsewhere: what to type there. */
function OtherDevice({ code }: { readonly code: string | undefined }): VNode {
  const { consent } = useStrings();
  return code === undefined ? (
    <Notice tone="good">{consent.otherDevice}</Notice>
  ) : (
    <div class="stack tight" role="status">
      <p>{consent.typeCode}</p>
      <p class="code" data-code={code} aria-label={Array.from(code).join(' ')}>
        {code}
      </p>
      <Notice tone="warn">{consent.typeCodeWarning}</Notice>
    </div>
  );
}
