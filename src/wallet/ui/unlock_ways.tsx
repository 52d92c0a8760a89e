// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Changing how the wallet unlocks: another PIN, a passkey more or less.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { changeBackupPin } from '../life.ts';
import { PIN_DIGITS } from '../pin.ts';
import type { Unlocking } from '../safe.ts';
import { ConfirmDialog } from './dialog.tsx';
import { enrolDeps } from './enrol_flow.ts';
import { Form, PinField } from './fields.tsx';
import { useStrings } from './language.tsx';
import { NewPin } from './new_pin.tsx';
import { Button, Notice, Panel, Problem, Progress } from './parts.tsx';
import { createPasskey, passkeysAvailable } from './passkey.ts';
import { textOf } from './problems.ts';
import { passkeySecret, useUnlocking } from './unlock_page.tsx';
import { holdProver, useWallet, type WalletContext } from './wallet_context.ts';

/** Asks for a way that unlocks now, since the vault's key is sealed anew. */
export function Confirm(props: {
  readonly hint: string;
  readonly onSecret: (secret: Unlocking) => Promise<void>;
  readonly onCancel: () => void;
  /** Whether a passkey does not do. */
  readonly pinOnly?: boolean;
}): VNode {
  const strings = useStrings();
  const { unlock, cancel } = strings;
  const { held, store } = useWallet();
  const [pin, setPin] = useState('');
  const { busy, problem, attempt } = useUnlocking(async (secret) => {
    // Refuses a wrong one before anything else is done with it.
    await store.safe.unlock(secret);
    await props.onSecret(secret);
  });
  const { passkey } = held;
  return (
    <div class="stack tight">
      <p class="soft">{props.hint}</p>
      {passkey !== undefined && props.pinOnly !== true && (
        <Button disabled={busy} onClick={() => attempt(() => passkeySecret(passkey))}>
          {unlock.passkey}
        </Button>
      )}
      <Form onSubmit={() => attempt(() => Promise.resolve({ kind: 'pin', pin }))}>
        <PinField label={unlock.current} value={pin} onValue={setPin} wrong={problem === 'unlock_refused'} first />
        <p role="alert" class="fault">
          {problem === undefined ? '' : textOf(problem, strings)}
        </p>
        <div class="actions">
          <Button kind="primary" disabled={busy || pin.length !== PIN_DIGITS}>
            {unlock.confirm}
          </Button>
          <Button onClick={props.onCancel}>{cancel}</Button>
        </div>
      </Form>
    </div>
  );
}

/**
 * Seals the seed under a new PIN at the guards, has the issuer keep it, and only then locks the wallet under
 * it: cut short before the lock, the old PIN unlocks here and the new one restores; both belong to the holder.
 */
async function changePin(wallet: WalletContext, current: Unlocking, pin: string): Promise<void> {
  const { store, config, held } = wallet;
  const owner = held.credentials[0] ?? held.signed;
  const letGo = holdProver();
  try {
    const { guards: old, toErase = [] } = held.backups;
    if (owner !== undefined && config.guards.length > 0) {
      const deps = enrolDeps(wallet, AbortSignal.timeout(180_000));
      const birth = owner.attributes.birth;
      const outdated = [...toErase, ...(old === undefined ? [] : [old])];
      const change = { seed: owner.seed, old: outdated };
      const left = await changeBackupPin(
        deps,
        config.guards,
        change,
        { pin, birth },
        {
          keep: (fresh) => store.changeBackups((notes) => ({ ...notes, guards: fresh, toErase: outdated })),
          stored: async () => {
            await store.safe.addWay(current, { kind: 'pin', pin });
            await store.changeBackups((notes) => ({ ...notes, stored: true }));
          },
        },
      );
      await store.changeBackups((notes) => ({ ...notes, toErase: left }));
    } else {
      await store.safe.addWay(current, { kind: 'pin', pin });
    }
  } finally {
    letGo();
  }
  await wallet.refresh();
}

/** Another PIN. */
export function PinPanel(): VNode {
  const { security } = useStrings();
  const wallet = useWallet();
  const { held } = wallet;
  const [stage, setStage] = useState<'idle' | 'confirm' | 'choose' | 'working' | 'done'>('idle');
  const [current, setCurrent] = useState<Unlocking>();
  const [wanted, setWanted] = useState('');
  const { problem, attempt } = useUnlocking((secret) => changePin(wallet, secret, wanted));
  const birth = (held.credentials[0] ?? held.signed)?.attributes.birth;

  return (
    <Panel>
      <h2>{security.pin}</h2>
      {(stage === 'idle' || stage === 'done') && (
        <>
          {stage === 'done' && (
            <Notice tone="good" result>
              {security.pinChanged}
            </Notice>
          )}
          <p class="soft">{security.pinText}</p>
          <div class="actions">
            <Button onClick={() => setStage('confirm')}>{security.changePin}</Button>
          </div>
        </>
      )}
      {stage === 'confirm' && (
        <Confirm
          hint={security.confirmFirst}
          onSecret={(secret) => {
            setCurrent(secret);
            setStage('choose');
            return Promise.resolve();
          }}
          onCancel={() => setStage('idle')}
        />
      )}
      {stage === 'choose' && current !== undefined && (
        <NewPin
          birth={birth}
          submit={security.changePin}
          onPin={(pin) => {
            setWanted(pin);
            setStage('working');
          }}
        />
      )}
      {stage === 'working' && current !== undefined && (
        <Working
          run={() => attempt(() => Promise.resolve(current))}
          label={security.changing}
          problem={problem}
          onDone={() => {
            setCurrent(undefined);
            setWanted('');
            setStage('done');
          }}
          onCancel={() => setStage('idle')}
        />
      )}
    </Panel>
  );
}

/** Runs something once it is shown, and again on request. */
function Working(props: {
  readonly run: () => Promise<boolean>;
  readonly label: string;
  readonly problem: string | undefined;
  readonly onDone: () => void;
  readonly onCancel: () => void;
}): VNode {
  const { retry, cancel } = useStrings();
  const run = async (): Promise<void> => {
    if (await props.run()) props.onDone();
  };
  useEffect(() => void run(), []);
  return props.problem === undefined ? (
    <Progress label={props.label} />
  ) : (
    <Problem code={props.problem}>
      <Button kind="primary" onClick={run}>
        {retry}
      </Button>
      <Button onClick={props.onCancel}>{cancel}</Button>
    </Problem>
  );
}

/** A passkey: fingerprint or face of the device, in place of the PIN's eight digits. */
export function PasskeyPanel(): VNode | null {
  const { security } = useStrings();
  const { held, store, refresh } = useWallet();
  const [adding, setAdding] = useState(false);
  const [none, setNone] = useState(false);
  const has = held.passkey !== undefined;
  if (!passkeysAvailable() && !has) return null;
  const add = async (current: Unlocking): Promise<void> => {
    const { id, prf } = await createPasskey('Bauta');
    if (prf === undefined) setNone(true);
    else await store.safe.addWay(current, { kind: 'passkey', id, prf });
    setAdding(false);
    await refresh();
  };
  return (
    <Panel>
      <h2>{security.passkey}</h2>
      <p class="soft" data-passkey={has}>
        {has ? security.passkeyHas : security.passkeyText}
      </p>
      {none && (
        <Notice tone="warn" result>
          {security.passkeyNone}
        </Notice>
      )}
      {adding ? (
        <Confirm hint={security.confirmFirst} onSecret={add} onCancel={() => setAdding(false)} />
      ) : (
        <div class="actions">
          {has ? (
            <ConfirmDialog
              open={security.passkeyDrop}
              title={security.passkeyDropTitle}
              yes={security.passkeyDropYes}
              no={security.passkeyDropNo}
              onYes={async () => {
                await store.safe.dropPasskey();
                await refresh();
              }}
            >
              {security.passkeyDropText}
            </ConfirmDialog>
          ) : (
            <Button onClick={() => setAdding(true)}>{security.passkeyAdd}</Button>
          )}
        </div>
      )}
    </Panel>
  );
}
