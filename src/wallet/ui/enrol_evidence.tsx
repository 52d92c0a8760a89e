// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where a document's data come from: sample people on a demonstration, or files that a reader took from
 * the chip.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { DocumentKind } from '../../protocol/attributes.ts';
import { useStrings } from './language.tsx';
import { Button, Panel, Problem } from './parts.tsx';
import { PicturePicker } from './picture.tsx';
import { codeOf } from './problems.ts';
import { type Evidence, listPeople, makePerson, openDocument, type SamplePerson } from './samples.ts';

/** Takes a document that was read. */
export type OnEvidence = (evidence: Evidence) => unknown;

/** Sample people and the visitor's own face, on a demonstration. */
export function SampleEvidence(props: {
  readonly kind: DocumentKind;
  /** Identifier of the enrolment, under whose challenge cards are read. */
  readonly enrolment: string;
  readonly onEvidence: OnEvidence;
}): VNode {
  const strings = useStrings();
  const { enrol } = strings;
  const { kind, enrolment, onEvidence } = props;
  const language = strings.tag === 'zh-CN' ? 'zh' : 'en';
  const [people, setPeople] = useState<readonly SamplePerson[]>();
  const [busy, setBusy] = useState<string>();
  const [problem, setProblem] = useState<string>();

  const attempt = useCallback(async (label: string, work: () => Promise<void>) => {
    setProblem(undefined);
    setBusy(label);
    try {
      await work();
    } catch (error) {
      setProblem(codeOf(error));
    } finally {
      setBusy(undefined);
    }
  }, []);
  const list = useCallback(
    () =>
      attempt('', async () => {
        setPeople(await listPeople(kind));
      }),
    [attempt],
  );
  useEffect(() => void list(), [list]);

  return (
    <>
      <Panel>
        <h2>{enrol.people}</h2>
        <p class="soft small">{enrol.chooseHint}</p>
        {people === undefined && problem === undefined && <p class="soft">{strings.loading}</p>}
        <ul class="people">
          {people?.flatMap((person) =>
            person.documents
              .filter((document) => document.kind === kind)
              .map((document) => (
                <li key={`${person.id} ${document.id}`}>
                  <button
                    type="button"
                    class="person"
                    disabled={busy !== undefined}
                    data-sample={person.id}
                    data-document={document.id}
                    onClick={() =>
                      void attempt(enrol.opening, async () => {
                        onEvidence(await openDocument(person, document, enrolment));
                      })
                    }
                  >
                    <span class="monogram" aria-hidden="true">
                      {monogram(person.names[language])}
                    </span>
                    <span>
                      {person.names[language]}
                      {[person.notes[language], document.notes[language]]
                        .filter((note) => note !== '')
                        .map((note) => (
                          <span key={note} class="note soft">
                            {note}
                          </span>
                        ))}
                    </span>
                  </button>
                </li>
              )),
          )}
        </ul>
        {problem !== undefined && (
          <Problem code={problem}>{people === undefined && <Button onClick={list}>{strings.retry}</Button>}</Problem>
        )}
        <p class="soft small" role="status">
          {busy}
        </p>
      </Panel>
      {kind === 'passport' && (
        <Panel>
          <h2>{enrol.own}</h2>
          <p class="soft small">{enrol.ownHint}</p>
          <PicturePicker
            onPicture={(jpeg) =>
              attempt(enrol.making, async () => {
                onEvidence(await makePerson(jpeg, enrolment));
              })
            }
          />
        </Panel>
      )}
    </>
  );
}

function monogram(name: string): string {
  return (
    name
      .split(/\s+/)
      // A Chinese name's family name is enough.
      .map((part) => part.slice(0, 1))
      .slice(0, 2)
      .join('')
  );
}

const FILES = ['sod', 'dg1', 'dg2', 'dg11', 'dg14', 'dg15'] as const;
type FileName = (typeof FILES)[number];

/** Files that a reader took from a document's chip, outside of a demonstration. */
export function FileEvidence({ onEvidence }: { readonly onEvidence: OnEvidence }): VNode {
  const { enrol } = useStrings();
  const [files, setFiles] = useState<Partial<Record<FileName, Uint8Array>>>({});
  const { sod, dg1, dg2, ...rest } = files;
  const isComplete = sod !== undefined && dg1 !== undefined && dg2 !== undefined;

  const choose = async (name: FileName, input: HTMLInputElement): Promise<void> => {
    const file = input.files?.[0];
    if (file !== undefined) {
      const bytes = new Uint8Array(await file.arrayBuffer());
      setFiles((known) => ({ ...known, [name]: bytes }));
    }
  };

  return (
    <Panel>
      <h2>{enrol.fileTitle}</h2>
      <p class="soft small">{enrol.fileHint}</p>
      {FILES.map((name) => (
        <label key={name} class="field">
          <span>{enrol.files[name]}</span>
          <input type="file" onChange={(event) => void choose(name, event.currentTarget)} />
        </label>
      ))}
      <div class="actions">
        <Button
          kind="primary"
          disabled={!isComplete}
          onClick={() => isComplete && onEvidence({ document: { sod, dg1, dg2, ...rest } })}
        >
          {enrol.next}
        </Button>
      </div>
    </Panel>
  );
}
