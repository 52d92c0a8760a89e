// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * First stage of an enrolment: where the document's files and the live picture come from.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { useStrings } from './language.tsx';
import { Button, Panel, Problem } from './parts.tsx';
import { PicturePicker } from './picture.tsx';
import { codeOf } from './problems.ts';
import { type Evidence, listPeople, makePerson, openPerson, type SamplePerson } from './samples.ts';

type OnEvidence = (evidence: Evidence) => void;

/** Sample people and the visitor's own face, on a demonstration. */
export function SampleEvidence({ onEvidence }: { readonly onEvidence: OnEvidence }): VNode {
  const strings = useStrings();
  const { enrol } = strings;
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
        setPeople(await listPeople());
      }),
    [attempt],
  );
  useEffect(() => void list(), [list]);
  const hasNote = (id: string): id is keyof typeof enrol.notes => Object.hasOwn(enrol.notes, id);

  return (
    <>
      <Panel>
        <h2>{enrol.people}</h2>
        <p class="soft small">{enrol.chooseHint}</p>
        {people === undefined && problem === undefined && <p class="soft">{strings.loading}</p>}
        <ul class="people">
          {people?.map((person) => (
            <li key={person.id}>
              <button
                type="button"
                class="person"
                disabled={busy !== undefined}
                onClick={() => void attempt(enrol.opening, async () => onEvidence(await openPerson(person)))}
              >
                <span class="monogram" aria-hidden="true">
                  {monogram(person.name)}
                </span>
                <span>
                  {person.name}
                  {hasNote(person.id) && <span class="note soft">{enrol.notes[person.id]}</span>}
                </span>
              </button>
            </li>
          ))}
        </ul>
        {problem !== undefined && (
          <Problem code={problem}>{people === undefined && <Button onClick={list}>{strings.retry}</Button>}</Problem>
        )}
        <p class="soft small" role="status">
          {busy}
        </p>
      </Panel>
      <Panel>
        <h2>{enrol.own}</h2>
        <p class="soft small">{enrol.ownHint}</p>
        <PicturePicker onPicture={(jpeg) => attempt(enrol.making, async () => onEvidence(await makePerson(jpeg)))} />
      </Panel>
    </>
  );
}

function monogram(name: string): string {
  return name
    .split(/\s+/)
    .map((part) => part.slice(0, 1))
    .slice(0, 2)
    .join('');
}

const FILES = ['sod', 'dg1', 'dg2'] as const;
type FileName = (typeof FILES)[number];

/** Files that a reader took from a document's chip, outside of a demonstration. */
export function FileEvidence({ onEvidence }: { readonly onEvidence: OnEvidence }): VNode {
  const { enrol } = useStrings();
  const [files, setFiles] = useState<Partial<Record<FileName, Uint8Array>>>({});
  const [face, setFace] = useState<Uint8Array>();
  const { sod, dg1, dg2 } = files;
  const complete = sod !== undefined && dg1 !== undefined && dg2 !== undefined && face !== undefined;

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
      <h3>
        {enrol.files.face} {face !== undefined && '✓'}
      </h3>
      <PicturePicker onPicture={async (jpeg) => setFace(new Uint8Array(await jpeg.arrayBuffer()))} />
      <div class="actions">
        <Button
          kind="primary"
          disabled={!complete}
          onClick={() => {
            if (complete) {
              onEvidence({
                files: { sod, dg1, dg2 },
                face: { type: 'image/jpeg', bytes: face },
                altered: false,
                source: 'own',
              });
            }
          }}
        >
          {enrol.next}
        </Button>
      </div>
    </Panel>
  );
}
