// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Fourth step of an enrolment: the PIN. From then on everything secret lies behind it.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { KnownPin } from './enrol_restore.tsx';
import { useStrings } from './language.tsx';
import { NewPin } from './new_pin.tsx';
import { Heading, Panel } from './parts.tsx';
import { codeOf } from './problems.ts';
import { askToStay } from './storage.ts';
import { useWallet } from './wallet_context.ts';

/**
 * The step.
 *
 * @param props - `known`: the PIN that has just opened the backup, which becomes this device's without being
 * typed again; `onPin` takes the PIN for the guards: it is kept nowhere.
 */
export function PinStep(props: { readonly known: KnownPin | undefined; readonly onPin: (pin: string) => void }): VNode {
  const { known, onPin } = props;
  const { pin } = useStrings();
  const { store, held, refresh } = useWallet();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const birth = (held.signed ?? held.credentials[0])?.attributes.birth;

  const protect = async (chosen: string): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await store.protect(chosen);
      if (known !== undefined) {
        const { records, eraseTokens } = known.keyring;
        await store.changeBackups((notes) => ({ ...notes, guards: { records, eraseTokens }, stored: true }));
      }
      await askToStay();
      onPin(chosen);
      await refresh();
    } catch (error) {
      setProblem(codeOf(error));
      setBusy(false);
    }
  };

  useEffect(() => {
    if (known !== undefined) void protect(known.pin);
  }, []);

  return (
    <>
      <Heading>{pin.title}</Heading>
      <p>{pin.text}</p>
      <Panel>
        <NewPin birth={birth} submit={pin.set} busy={busy} problem={problem} onPin={protect} />
      </Panel>
      <p class="soft small">{pin.advice}</p>
    </>
  );
}
