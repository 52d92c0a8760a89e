// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Last step of an enrolment: what brings the pseudonyms back when this device is lost.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { KnownPin } from './enrol_restore.tsx';
import { GuardSetup } from './backup_guards.tsx';
import { PhraseSetup } from './backup_phrase.tsx';
import { useStrings } from './language.tsx';
import { Heading } from './parts.tsx';
import { useWallet } from './wallet_context.ts';

/**
 * The step.
 *
 * @param props - `pin` as it was set a moment ago; `known`: with its records at the guards, if it has them.
 */
export function BackupStep(props: {
  readonly pin: string;
  readonly known: KnownPin | undefined;
  readonly onDone: () => void;
}): VNode {
  const { backup, phrase } = useStrings();
  const { config } = useWallet();
  const needsGuards = config.guards.length > 0 && props.known === undefined;
  const [part, setPart] = useState<'guards' | 'phrase'>(needsGuards ? 'guards' : 'phrase');
  return part === 'guards' ? (
    <>
      <Heading>{backup.title}</Heading>
      <p>{backup.text}</p>
      <GuardSetup pin={props.pin} onDone={() => setPart('phrase')} onLater={() => setPart('phrase')} />
    </>
  ) : (
    <>
      <Heading key="phrase">{phrase.title}</Heading>
      <PhraseSetup skip={phrase.skip} onDone={props.onDone} />
    </>
  );
}
