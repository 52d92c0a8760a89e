// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The sheet itself, as long as the holder has not decided, and what is prepared meanwhile.
 *
 * @module
 */
import { Fragment, type VNode } from 'preact';
import type { Consent, PendingRequest } from '../present.ts';
import type { ConsentFlow } from './consent_flow.ts';
import type { Preparation } from './consent_prepare.ts';
import { learned } from './facts.ts';
import { useStrings } from './language.tsx';
import { Button, Notice, PageLink, percent, Problem, Progress } from './parts.tsx';
import { shortSub } from './short_sub.ts';
import type { Strings } from './strings/en.ts';

/** What no other attempt changes. */
const FINAL: ReadonlySet<string> = new Set(['credential_replaced', 'credential_revoked']);

/** A request that has been read, with what a credential would answer. */
export interface AnswerProps {
  readonly flow: ConsentFlow;
  readonly pending: PendingRequest;
  readonly consent: Consent;
}

/** What is asked, and the two buttons. */
export function Sheet({ flow, pending, consent: shown }: AnswerProps): VNode {
  const strings = useStrings();
  const { consent, credential, retry } = strings;
  const { preparation } = flow;
  const { context } = pending.request;
  return (
    <div class="stack">
      <dl class="explain">
        <dt class="learn">
          <span>{consent.learn}</span>
        </dt>
        <dd data-part="learn">{consent.sentence(learned(shown.ask, shown.disclosed, strings))}</dd>
        <dt class="not">
          <span>{consent.learnNot}</span>
        </dt>
        <dd data-part="not">{consent.learnNotText}</dd>
        <dt class="again">
          <span>{consent.again}</span>
        </dt>
        <dd data-part="again">
          {shown.sub === undefined ? consent.notRecognised : consent.recognised(shortSub(shown.sub))}
        </dd>
      </dl>
      {pending.transactions.map((transaction, i) => (
        <section key={i} class="panel sunken" data-transaction={i}>
          <h2>{transaction.title}</h2>
          <dl class="facts">
            {transaction.lines.map(({ label, value }, line) => (
              <Fragment key={line}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </Fragment>
            ))}
          </dl>
          <p class="soft small">{consent.transactionNote(new URL(pending.origin).host)}</p>
        </section>
      ))}
      <Warnings flow={flow} pending={pending} />
      {context.kind === 'action' && <Notice tone="warn">{consent.once(context.name)}</Notice>}
      {context.kind === 'epoch' && <Notice tone="info">{consent.limited(context.name, context.limit)}</Notice>}
      {preparation.state === 'failed' ? (
        <Problem code={preparation.code}>
          {!FINAL.has(preparation.code) && (
            <Button kind="primary" onClick={flow.restart}>
              {retry}
            </Button>
          )}
          {preparation.code === 'credential_revoked' && (
            <PageLink to="credential" class="button primary">
              {credential.title}
            </PageLink>
          )}
          <Button onClick={flow.cancel}>{consent.decline}</Button>
        </Problem>
      ) : (
        <>
          <div class="actions wide">
            <Button kind="primary" onClick={flow.agree}>
              {consent.agree}
            </Button>
            <Button onClick={flow.cancel}>{consent.decline}</Button>
          </div>
          <Preparing preparation={preparation} />
        </>
      )}
    </div>
  );
}

/** What is unusual about this request. */
function Warnings({ flow, pending }: Pick<AnswerProps, 'flow' | 'pending'>): VNode {
  const { consent } = useStrings();
  const sender = senderOf(pending.origin);
  return (
    <>
      {sender !== undefined && (
        <Notice tone="warn" title={consent.otherSender}>
          {consent.otherSenderText(sender, new URL(pending.origin).host)}
        </Notice>
      )}
      {pending.request.channel === 'cross_device' && (
        <Notice tone="warn" title={consent.crossDevice}>
          {consent.crossDeviceText(new URL(pending.origin).host)}
        </Notice>
      )}
      {flow.fewActive !== undefined && (
        <p class="soft small" data-few={flow.fewActive}>
          {consent.fewActive(flow.fewActive)}
        </p>
      )}
    </>
  );
}

/** The host of the page that led here, if it told, and is neither the platform's nor the wallet's own. */
function senderOf(origin: string): string | undefined {
  if (!URL.canParse(document.referrer)) return undefined;
  const sender = new URL(document.referrer);
  return sender.origin === origin || sender.origin === location.origin ? undefined : sender.host;
}

function preparationText(preparation: Preparation, { consent }: Strings): string {
  switch (preparation.state) {
    case 'syncing':
      return consent.syncing;
    case 'downloading':
      return consent.downloading;
    case 'ready':
      return consent.ready;
    case 'preparing':
    case 'failed':
      return consent.preparing;
  }
}

function Preparing({ preparation }: { readonly preparation: Preparation }): VNode {
  const strings = useStrings();
  const fraction = fractionOf(preparation);
  return (
    <p class="soft small preparing" role="status" data-preparation={preparation.state}>
      {preparationText(preparation, strings)}
      {fraction !== undefined && <span aria-hidden="true"> {percent(fraction)}</span>}
      {preparation.state === 'preparing' && strings.consent.untilYouAgree}
    </p>
  );
}

function fractionOf(preparation: Preparation): number | undefined {
  return 'fraction' in preparation ? preparation.fraction : undefined;
}

/** The preparation as a bar, once the holder has agreed. */
export function PreparingProgress({ preparation }: { readonly preparation: Preparation }): VNode {
  const strings = useStrings();
  const { state } = preparation;
  const label =
    state === 'downloading' || state === 'syncing' ? preparationText(preparation, strings) : strings.consent.arming;
  return <Progress label={label} fraction={fractionOf(preparation)} />;
}
