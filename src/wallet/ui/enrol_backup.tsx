// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Last step of an enrolment: what brings the pseudonyms back when this device is lost.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { GuardSetup } from './backup_guards.tsx';
import { PhraseSetup } from './backup_phrase.tsx';
import { useStrings } from './language.tsx';
import { Heading } from './parts.tsx';
import { useWallet } from './wallet_context.ts';

/**
 * The step. What there is already, after a restore or a transfer, is not made again.
 *
 * @param props - `pin` as it was set a moment ago.
 */
export function BackupStep(props: { readonly pin: string; readonly onDone: () => void }): VNode | null {
  const { backup, phrase } = useStrings();
  const { config, held } = useWallet();
  const [has] = useState(held.backups);
  const needsGuards = config.guards.length > 0 && has.stored !== true;
  const needsPhrase = has.phrase !== true;
  const [part, setPart] = useState<'guards' | 'phrase'>(needsGuards ? 'guards' : 'phrase');
  useEffect(() => {
    if (part === 'phrase' && !needsPhrase) props.onDone();
  }, [part]);
  if (part === 'guards') {
    return (
      <>
        <Heading>{backup.title}</Heading>
        <p>{backup.text}</p>
        <GuardSetup pin={props.pin} onDone={() => setPart('phrase')} onLater={() => setPart('phrase')} />
      </>
    );
  }
  if (!needsPhrase) return null;
  return (
    <>
      <Heading key="phrase">{phrase.title}</Heading>
      <PhraseSetup skip={phrase.skip} onDone={props.onDone} />
    </>
  );
}
