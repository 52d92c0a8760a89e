// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which backups there are, and making them.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { GuardSetup } from './backup_guards.tsx';
import { PhraseSetup } from './backup_phrase.tsx';
import { useStrings } from './language.tsx';
import { Button, Panel } from './parts.tsx';
import { Confirm } from './unlock_ways.tsx';
import { useWallet } from './wallet_context.ts';

/** The panels. */
export function BackupPanel(): VNode {
  const { security, backup, phrase, cancel } = useStrings();
  const { held, config } = useWallet();
  const [making, setMaking] = useState<'guards' | 'phrase'>();
  const [pin, setPin] = useState<string>();
  const { stored = false, phrase: hasPhrase = false } = held.backups;
  const end = (): void => {
    setMaking(undefined);
    setPin(undefined);
  };
  return (
    <>
      {config.guards.length > 0 && (
        <Panel>
          <h2>{backup.title}</h2>
          <p class="soft" data-backup={stored}>
            {stored ? security.backupMade : security.backupMissing}
          </p>
          {making === 'guards' && pin === undefined && (
            <Confirm
              hint={security.pinForBackup}
              onSecret={(secret) => {
                if (secret.kind === 'pin') setPin(secret.pin);
                return Promise.resolve();
              }}
              onCancel={end}
              pinOnly
            />
          )}
          {making === 'guards' && pin !== undefined && <GuardSetup pin={pin} onDone={end} onLater={end} />}
          {!stored && making !== 'guards' && (
            <div class="actions">
              <Button onClick={() => setMaking('guards')}>{security.makeBackup}</Button>
            </div>
          )}
        </Panel>
      )}
      {making === 'phrase' ? (
        <PhraseSetup skip={cancel} onDone={end} />
      ) : (
        <Panel>
          <h2>{phrase.title}</h2>
          <p class="soft" data-phrase={hasPhrase}>
            {hasPhrase ? security.phraseMade : security.phraseMissing}
          </p>
          <div class="actions">
            <Button onClick={() => setMaking('phrase')}>{hasPhrase ? security.newPhrase : security.makePhrase}</Button>
          </div>
        </Panel>
      )}
    </>
  );
}
