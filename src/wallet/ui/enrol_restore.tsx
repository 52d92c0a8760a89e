// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * In an enrolment that is to bring an identity back: opens the backup that the issuer keeps, with the PIN
 * or with the twelve words.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { FieldElement } from '../../protocol/field.ts';
import type { GuardKeyring } from '../guards.ts';
import { fetchBackups, type KeptBackups, type Opened, openWithPhrase, openWithPin, withSeed } from '../life.ts';
import { PIN_DIGITS } from '../pin.ts';
import { anonymousFetch, clock, random } from './browser.ts';
import { ENDED, type Flow } from './enrol_flow.ts';
import { momentName } from './facts.ts';
import { Field, Form, PinField } from './fields.tsx';
import { useStrings } from './language.tsx';
import { Button, Heading, Notice, Panel, Problem, Progress } from './parts.tsx';
import { codeOf, textOf } from './problems.ts';
import { useWallet } from './wallet_context.ts';

/** What the PIN that opened a backup is good for besides: it becomes this device's. */
export interface KnownPin {
  readonly pin: string;
  readonly keyring: GuardKeyring;
}

/**
 * The step.
 *
 * @param props - `onPin` takes the PIN, if that is what opened the backup.
 */
export function RestoreStep(props: { readonly flow: Flow; readonly onPin: (known: KnownPin) => void }): VNode {
  const { enrol, recover, retry, loading } = useStrings();
  const { flow } = props;
  const [backups, setBackups] = useState<KeptBackups>();
  const [problem, setProblem] = useState<string>();
  const [way, setWay] = useState<'pin' | 'phrase'>('pin');
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    fetchBackups(flow.deps, flow.pending.enrolment).then(
      (kept) => {
        setBackups(kept);
        setWay(kept.guards === undefined ? 'phrase' : 'pin');
      },
      (error: unknown) => {
        if (!flow.deps.signal.aborted) setProblem(codeOf(error));
      },
    );
  }, [attempt]);

  const found = (seed: FieldElement): Promise<void> =>
    flow.advance({ enrolment: withSeed(flow.pending.enrolment, seed, random), restored: true });

  if (problem === 'backup_missing') {
    return (
      <>
        <Heading>{recover.openBackup}</Heading>
        <Notice tone="warn">{recover.noBackup}</Notice>
        <div class="actions">
          <Button kind="primary" onClick={() => flow.advance({ purpose: 'reset' })}>
            {recover.toReset}
          </Button>
          <Button name="first" onClick={() => flow.advance({ purpose: 'first' })}>
            {recover.first}
          </Button>
          <Button name="other" onClick={flow.restart}>
            {enrol.otherDocument}
          </Button>
        </div>
      </>
    );
  }
  return (
    <>
      <Heading>{recover.openBackup}</Heading>
      {problem !== undefined && (
        <Problem code={problem}>
          <Button
            kind="primary"
            onClick={() => {
              if (ENDED.has(problem)) return flow.restart();
              setProblem(undefined);
              setAttempt(attempt + 1);
              return undefined;
            }}
          >
            {retry}
          </Button>
        </Problem>
      )}
      {backups === undefined && problem === undefined && <p class="soft">{loading}</p>}
      {backups?.guards !== undefined && backups.phrase !== undefined && (
        <div class="actions" role="group">
          <Button kind={way === 'pin' ? 'primary' : 'plain'} onClick={() => setWay('pin')}>
            {recover.withPin}
          </Button>
          <Button kind={way === 'phrase' ? 'primary' : 'plain'} onClick={() => setWay('phrase')}>
            {recover.withPhrase}
          </Button>
        </div>
      )}
      {backups !== undefined && way === 'pin' && backups.guards !== undefined && (
        <WithPin backups={backups} onPin={props.onPin} onSeed={found} />
      )}
      {backups !== undefined && way === 'phrase' && backups.phrase !== undefined && (
        <WithPhrase backups={backups} onSeed={found} />
      )}
      {backups !== undefined && (
        <div class="actions">
          <Button kind="danger" onClick={() => flow.advance({ purpose: 'reset' })}>
            {recover.reset}
          </Button>
        </div>
      )}
    </>
  );
}

function WithPin(props: {
  readonly backups: KeptBackups;
  readonly onPin: (known: KnownPin) => void;
  readonly onSeed: (seed: FieldElement) => Promise<void>;
}): VNode {
  const strings = useStrings();
  const { recover, unlock } = strings;
  const { config } = useWallet();
  const [pin, setPin] = useState('');
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<Exclude<Opened, { readonly outcome: 'opened' }>>();
  const [problem, setProblem] = useState<string>();
  const open = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    setTold(undefined);
    try {
      const deps = { fetch: anonymousFetch, clock, random };
      const opened = await openWithPin(deps, config.guards, props.backups, pin);
      if (opened.outcome === 'opened') {
        props.onPin({ pin, keyring: opened.keyring });
        await props.onSeed(opened.seed);
        return;
      }
      setTold(opened);
      setPin('');
    } catch (error) {
      setProblem(codeOf(error));
    }
    setBusy(false);
  };
  const text = (): string => {
    switch (told?.outcome) {
      case 'wrong_pin':
        return `${recover.wrongPin(told.attemptsLeft)} ${
          told.until > clock() ? recover.wait(momentName(told.until, strings)) : ''
        }`;
      case 'wait':
        return recover.wait(momentName(told.until, strings));
      case 'record_deleted':
        return recover.deleted;
      case 'unreachable':
        return textOf('guard_unreachable', strings);
      case undefined:
        return problem === undefined ? '' : textOf(problem, strings);
    }
  };
  return (
    <Panel>
      <Form onSubmit={open}>
        <PinField label={unlock.pin} value={pin} onValue={setPin} wrong={told?.outcome === 'wrong_pin'} first />
        <p role="alert" class="fault" data-outcome={told?.outcome ?? problem}>
          {text()}
        </p>
        {busy && <Progress label={recover.opening} />}
        <div class="actions">
          <Button kind="primary" disabled={busy || pin.length !== PIN_DIGITS}>
            {recover.open}
          </Button>
        </div>
      </Form>
    </Panel>
  );
}

function WithPhrase(props: {
  readonly backups: KeptBackups;
  readonly onSeed: (seed: FieldElement) => Promise<void>;
}): VNode {
  const strings = useStrings();
  const { recover } = strings;
  const [phrase, setPhrase] = useState('');
  const [problem, setProblem] = useState<string>();
  const open = async (): Promise<void> => {
    setProblem(undefined);
    try {
      await props.onSeed(await openWithPhrase(props.backups, phrase));
    } catch (error) {
      setProblem(codeOf(error));
    }
  };
  return (
    <Panel>
      <Form onSubmit={open}>
        <Field label={recover.phraseLabel} value={phrase} onValue={setPhrase} wrong={problem !== undefined} first />
        <p role="alert" class="fault" data-outcome={problem}>
          {problem === undefined ? '' : textOf(problem, strings)}
        </p>
        <div class="actions">
          <Button kind="primary" disabled={phrase.trim() === ''}>
            {recover.open}
          </Button>
        </div>
      </Form>
    </Panel>
  );
}

/** Before everything of before is given up. */
export function ResetConsent({ flow }: { readonly flow: Flow }): VNode {
  const { recover } = useStrings();
  return (
    <>
      <Heading>{recover.resetTitle}</Heading>
      <Notice tone="warn">
        <ul class="plain-list">
          {recover.resetPoints.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </Notice>
      <div class="actions">
        <Button kind="danger" name="agree" onClick={() => flow.advance({ agreed: true })}>
          {recover.resetAgree}
        </Button>
        <Button onClick={() => flow.advance({ purpose: 'restore' })}>{recover.restore}</Button>
      </div>
    </>
  );
}
