// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The twelve words: shown once, three of them asked for, and only then is the backup made that they open.
 * They are kept nowhere.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { sealBackup } from '../backup.ts';
import { storeBackups } from '../life.ts';
import { createPhrase, PHRASE_WORDS, phraseWords } from '../phrase.ts';
import { random } from './browser.ts';
import { enrolDeps } from './enrol_flow.ts';
import { Field, Form } from './fields.tsx';
import { holdUnlocked } from './inactivity.ts';
import { useStrings } from './language.tsx';
import { Button, Panel, Problem, Progress } from './parts.tsx';
import { codeOf } from './problems.ts';
import { holdProver, useWallet } from './wallet_context.ts';

/** How many words are asked for. */
const ASKED = 3;

/** Places of the words that are asked for, in order. */
function drawPlaces(): readonly number[] {
  const places = Array.from({ length: PHRASE_WORDS }, (_, place) => place);
  const drawn: number[] = [];
  while (drawn.length < ASKED) {
    // Which words are asked for is no secret; it only must not always be the same ones.
    const [at = 0] = random(1);
    drawn.push(...places.splice(at % places.length, 1));
  }
  return drawn.sort((a, b) => a - b);
}

/**
 * The page's part.
 *
 * @param props - `onDone` with whether there is a phrase now; `skip` is the text of the button that goes on
 * without.
 */
export function PhraseSetup(props: { readonly skip: string; readonly onDone: (made: boolean) => void }): VNode {
  const strings = useStrings();
  const { phrase: texts, retry, back } = strings;
  const wallet = useWallet();
  const { store, held } = wallet;
  const [stage, setStage] = useState<'before' | 'words' | 'check' | 'sealing'>('before');
  const [problem, setProblem] = useState<string>();
  const entropy = useMemo(() => createPhrase(random), []);
  const words = useMemo(() => phraseWords(entropy, strings.tag === 'zh-CN' ? 'zh' : 'en'), [entropy, strings.tag]);
  const places = useMemo(drawPlaces, []);
  useEffect(holdUnlocked, []);

  const seal = async (): Promise<void> => {
    const owner = held.credentials[0] ?? held.signed;
    if (owner === undefined) return;
    setProblem(undefined);
    setStage('sealing');
    const letGo = holdProver();
    try {
      const backup = await sealBackup(owner.seed, { kind: 'phrase', entropy }, random);
      await storeBackups(enrolDeps(wallet, AbortSignal.timeout(120_000)), owner.seed, { phrase: backup });
      await store.changeBackups((notes) => ({ ...notes, phrase: true }));
      await wallet.refresh();
      props.onDone(true);
    } catch (error) {
      setProblem(codeOf(error));
    } finally {
      letGo();
    }
  };

  switch (stage) {
    case 'before':
      return (
        <Panel>
          <p>{texts.what}</p>
          <p class="soft small">{texts.rules}</p>
          <div class="actions">
            <Button kind="primary" onClick={() => setStage('words')}>
              {texts.show}
            </Button>
            <Button name="skip" onClick={() => props.onDone(false)}>
              {props.skip}
            </Button>
          </div>
        </Panel>
      );
    case 'words':
      return (
        <Panel>
          <p>{texts.write}</p>
          <ol class="words" translate={false}>
            {words.map((word, place) => (
              <li key={place} data-word={place}>
                <span class="soft small">{place + 1}</span> {word}
              </li>
            ))}
          </ol>
          <div class="actions">
            <Button kind="primary" onClick={() => setStage('check')}>
              {texts.written}
            </Button>
            <Button onClick={() => setStage('before')}>{back}</Button>
          </div>
        </Panel>
      );
    case 'check':
      return <Check words={words} places={places} onRight={seal} onBack={() => setStage('words')} />;
    case 'sealing':
      return problem === undefined ? (
        <Panel>
          <Progress label={texts.sealing} />
        </Panel>
      ) : (
        <Problem code={problem}>
          <Button kind="primary" onClick={seal}>
            {retry}
          </Button>
          <Button onClick={() => props.onDone(false)}>{props.skip}</Button>
        </Problem>
      );
  }
}

function Check(props: {
  readonly words: readonly string[];
  readonly places: readonly number[];
  readonly onRight: () => unknown;
  readonly onBack: () => void;
}): VNode {
  const { phrase: texts, back } = useStrings();
  const [given, setGiven] = useState<Readonly<Record<number, string>>>({});
  const [wrong, setWrong] = useState(false);
  const isRight = (place: number): boolean => given[place]?.trim().toLowerCase() === props.words[place];
  return (
    <Panel>
      <Form
        onSubmit={() => {
          const all = props.places.every(isRight);
          setWrong(!all);
          return all ? props.onRight() : undefined;
        }}
      >
        <p>{texts.check}</p>
        {props.places.map((place, i) => (
          <Field
            key={place}
            label={texts.word(place + 1)}
            value={given[place] ?? ''}
            onValue={(value) => setGiven((known) => ({ ...known, [place]: value }))}
            wrong={wrong && !isRight(place)}
            first={i === 0}
          />
        ))}
        <p role="alert" class="fault">
          {wrong ? texts.wrong : ''}
        </p>
        <div class="actions">
          <Button kind="primary">{texts.confirm}</Button>
          <Button onClick={props.onBack}>{back}</Button>
        </div>
      </Form>
    </Panel>
  );
}
