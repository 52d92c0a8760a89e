// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Third step of an enrolment, which can be left out: confirming a phone number by a code.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { confirmPhone, isPhoneCode, requestPhoneCode } from '../enrol_phone.ts';
import { clock } from './browser.ts';
import { ENDED, type Flow } from './enrol_flow.ts';
import { Field, Form } from './fields.tsx';
import { useStrings } from './language.tsx';
import { Button, Heading, Panel, Problem } from './parts.tsx';
import { codeOf, textOf } from './problems.ts';
import { useWallet } from './wallet_context.ts';

/** The step. */
export function PhoneStep({ flow }: { readonly flow: Flow }): VNode {
  const strings = useStrings();
  const { enrol, retry } = strings;
  const { phone } = enrol;
  const { config } = useWallet();
  const { deps, pending } = flow;
  const [number, setNumber] = useState('');
  const [code, setCode] = useState('');
  const [resendAt, setResendAt] = useState<number>();
  const [told, setTold] = useState<string>();
  const [ended, setEnded] = useState<string>();
  const [busy, setBusy] = useState(false);

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setTold(undefined);
    try {
      await work();
    } catch (error) {
      const problem = codeOf(error);
      if (deps.signal.aborted) return;
      // What was shown stays good when only the codes are used up: a phone can be left out.
      if (problem === 'attempts_exhausted') setTold(phone.exhausted);
      else if (ENDED.has(problem)) setEnded(problem);
      else setTold(textOf(problem, strings));
    }
    setBusy(false);
  };
  const send = (): Promise<void> =>
    attempt(async () => {
      const asked = await requestPhoneCode(deps, pending.enrolment, number);
      if (asked.outcome === 'sent') setResendAt(asked.resendAt);
      else setTold(phone.againIn(secondsUntil(asked.until)));
    });
  const confirm = (): Promise<void> =>
    attempt(async () => {
      const confirmed = await confirmPhone(deps, pending.enrolment, code);
      if (confirmed.outcome === 'confirmed') await flow.advance({ stage: 'request' });
      else setTold(phone.wrong(confirmed.attemptsLeft));
      setCode('');
    });

  if (ended !== undefined) {
    return (
      <>
        <Heading>{phone.title}</Heading>
        <Problem code={ended}>
          <Button kind="primary" onClick={flow.restart}>
            {retry}
          </Button>
        </Problem>
      </>
    );
  }
  return (
    <>
      <Heading>{phone.title}</Heading>
      <p>{phone.why}</p>
      <Panel>
        {resendAt === undefined ? (
          <Form onSubmit={send}>
            <Field
              label={phone.number}
              hint={phone.numberHint}
              value={number}
              onValue={setNumber}
              mode="tel"
              autocomplete="tel"
              maxLength={32}
            />
            <Told text={told} />
            <div class="actions">
              <Button kind="primary" disabled={busy || number.trim() === ''}>
                {phone.send}
              </Button>
            </div>
          </Form>
        ) : (
          <Form onSubmit={confirm}>
            <p>{phone.sent}</p>
            {config.demo && <p class="soft small">{phone.inbox}</p>}
            <Field
              label={phone.code}
              value={code}
              onValue={setCode}
              mode="numeric"
              autocomplete="one-time-code"
              maxLength={8}
              first
            />
            <Told text={told} />
            <div class="actions">
              <Button kind="primary" disabled={busy || !isPhoneCode(code)}>
                {phone.confirm}
              </Button>
              <Again until={resendAt} onClick={send} />
              <Button onClick={() => setResendAt(undefined)}>{phone.other}</Button>
            </div>
          </Form>
        )}
        <p class="soft small">{phone.kept}</p>
      </Panel>
      <Panel tone="sunken">
        <p class="soft small">{phone.skipMeans}</p>
        <div class="actions">
          <Button name="skip" onClick={() => flow.advance({ stage: 'request' })}>
            {phone.skip}
          </Button>
        </div>
      </Panel>
    </>
  );
}

function Told({ text }: { readonly text: string | undefined }): VNode {
  return (
    <p role="alert" class="fault">
      {text ?? ''}
    </p>
  );
}

const secondsUntil = (moment: number): number => Math.max(0, Math.ceil((moment - clock()) / 1000));

/** Another code, once the issuer sends one. */
function Again(props: { readonly until: number; readonly onClick: () => unknown }): VNode {
  const { phone } = useStrings().enrol;
  const [left, setLeft] = useState(() => secondsUntil(props.until));
  useEffect(() => {
    setLeft(secondsUntil(props.until));
    const timer = setInterval(() => setLeft(secondsUntil(props.until)), 1000);
    return () => clearInterval(timer);
  }, [props.until]);
  return (
    <Button disabled={left > 0} onClick={props.onClick}>
      {left > 0 ? phone.againIn(left) : phone.again}
    </Button>
  );
}
