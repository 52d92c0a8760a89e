// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Unlocking, with a passkey where one was added, otherwise with the PIN. Nobody is asked for it: it is
 * checked on this device.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { PIN_DIGITS } from '../pin.ts';
import type { Unlocking } from '../safe.ts';
import { Form, PinField } from './fields.tsx';
import { useStrings } from './language.tsx';
import { Mask } from './mask.tsx';
import { Button, Heading, PageLink, Panel } from './parts.tsx';
import { askPasskey } from './passkey.ts';
import { codeOf, textOf } from './problems.ts';
import { useWallet } from './wallet_context.ts';

/** The page in front of every other while the wallet is locked. */
export function UnlockPage(): VNode {
  const { unlock } = useStrings();
  return (
    <div class="stack narrow" data-locked>
      <div class="stack tight center">
        <Mask tile />
        <Heading>{unlock.title}</Heading>
        <p class="soft">{unlock.text}</p>
      </div>
      <Panel>
        <UnlockForm />
      </Panel>
      <p class="small">
        <PageLink to="recover">{unlock.forgotten}</PageLink>
      </p>
      <p class="soft small">{unlock.forgottenText}</p>
    </div>
  );
}

/** Unlocks with whatever way the holder takes. */
export function useUnlocking(use: (secret: Unlocking) => Promise<void>): {
  readonly busy: boolean;
  readonly problem: string | undefined;
  readonly attempt: (secret: () => Promise<Unlocking>) => Promise<boolean>;
} {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const attempt = async (secret: () => Promise<Unlocking>): Promise<boolean> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await use(await secret());
      return true;
    } catch (error) {
      setProblem(codeOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, attempt };
}

/** The secret of a passkey that unlocks this wallet. */
export async function passkeySecret(id: Uint8Array): Promise<Unlocking> {
  const { prf } = await askPasskey(id);
  return { kind: 'passkey', prf: prf ?? new Uint8Array() };
}

/** The form; also below a platform's name while a request waits. */
export function UnlockForm(): VNode {
  const strings = useStrings();
  const { unlock } = strings;
  const { store, held, refresh } = useWallet();
  const [pin, setPin] = useState('');
  const { busy, problem, attempt } = useUnlocking(async (secret) => {
    await store.safe.unlock(secret).catch((error: unknown) => {
      // Before the refusal is shown: what is typed from then on is another PIN.
      if (secret.kind === 'pin') setPin((typed) => (typed === secret.pin ? '' : typed));
      throw error;
    });
    await refresh();
  });
  const { passkey } = held;
  return (
    <div class="stack">
      {passkey !== undefined && (
        <div class="stack tight">
          <Button kind="primary" disabled={busy} onClick={() => attempt(() => passkeySecret(passkey))}>
            {unlock.passkey}
          </Button>
          <p class="divider">{unlock.or}</p>
        </div>
      )}
      <Form onSubmit={() => attempt(() => Promise.resolve({ kind: 'pin', pin }))}>
        <PinField label={unlock.pin} value={pin} onValue={setPin} first wrong={problem === 'unlock_refused'} />
        <p role="alert" class="fault" data-problem={problem}>
          {problem === undefined ? '' : textOf(problem, strings)}
        </p>
        <Button kind={passkey === undefined ? 'primary' : 'plain'} disabled={busy || pin.length !== PIN_DIGITS}>
          {busy ? unlock.opening : unlock.submit}
        </Button>
      </Form>
    </div>
  );
}
