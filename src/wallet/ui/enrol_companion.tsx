// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Reading a chip through the companion, a program on this computer with a card reader: found, paired by its
 * six digits, told what is printed on the document, with real progress.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import {
  type ChipAccess,
  type ChipProgress,
  type CompanionDeps,
  findCompanion,
  type FoundCompanion,
  pairCompanion,
  type PairedCompanion,
  readThroughCompanion,
} from '../companion.ts';
import { anonymousFetch } from './browser.ts';
import type { OnEvidence } from './enrol_evidence.tsx';
import { Field, Form } from './fields.tsx';
import { useAttempt } from './attempt.ts';
import { useStrings } from './language.tsx';
import { Button, Notice, Panel, Problem, Progress } from './parts.tsx';
import { codeOf } from './problems.ts';

/** The companion does not know this page any more, or is not there: it is looked for and paired again. */
const UNPAIRED: ReadonlySet<string> = new Set(['companion_unpaired', 'companion_lost', 'network_failed']);
const MRZ_DATE = /^\d{6}$/;

type Stage =
  | { readonly name: 'idle' | 'looking' | 'missing' }
  | { readonly name: 'pairing'; readonly found: FoundCompanion }
  | { readonly name: 'access'; readonly paired: PairedCompanion }
  | { readonly name: 'reading'; readonly paired: PairedCompanion; readonly progress?: ChipProgress };

/** Ends what was asked of the companion as soon as the panel is left: what it reads afterwards goes nowhere. */
function useCompanionDeps(): CompanionDeps & { readonly signal: AbortSignal } {
  const [stop] = useState(() => new AbortController());
  useEffect(() => () => stop.abort(), [stop]);
  return { fetch: anonymousFetch, signal: stop.signal };
}

/** The panel. */
export function CompanionEvidence({ onEvidence }: { readonly onEvidence: OnEvidence }): VNode {
  const { companion: texts, retry } = useStrings();
  const [stage, setStage] = useState<Stage>({ name: 'idle' });
  const { problem, attempt } = useAttempt();
  const deps = useCompanionDeps();
  // Kept over a refusal, so that only what was mistyped is typed again.
  const [printed, setPrinted] = useState<Printed>({ number: '', birth: '', expiry: '' });

  const look = (): Promise<void> =>
    attempt(async () => {
      setStage({ name: 'looking' });
      const found = await findCompanion(deps);
      setStage(found === undefined ? { name: 'missing' } : { name: 'pairing', found });
    });
  const pair = (found: FoundCompanion, code: string): Promise<void> =>
    attempt(async () => setStage({ name: 'access', paired: await pairCompanion(deps, found, code) }));
  const read = (paired: PairedCompanion, access: ChipAccess): Promise<void> =>
    attempt(async () => {
      setStage({ name: 'reading', paired });
      try {
        const { files } = await readThroughCompanion(deps, paired, access, (progress) =>
          setStage({ name: 'reading', paired, progress }),
        );
        deps.signal.throwIfAborted();
        onEvidence({ document: files, companion: paired });
      } catch (error) {
        setStage(UNPAIRED.has(codeOf(error)) ? { name: 'idle' } : { name: 'access', paired });
        throw error;
      }
    });

  return (
    <Panel>
      <div class="stack tight" data-companion={stage.name}>
        <h2>{texts.title}</h2>
        <p class="soft small">{texts.text}</p>
        {problem !== undefined && <Problem code={problem} />}
        {(stage.name === 'idle' || stage.name === 'looking') && (
          <div class="actions">
            <Button disabled={stage.name === 'looking'} onClick={look}>
              {stage.name === 'looking' ? texts.looking : texts.look}
            </Button>
          </div>
        )}
        {stage.name === 'missing' && (
          <>
            <Notice tone="info" title={texts.missing}>
              {texts.missingText}
            </Notice>
            <div class="actions">
              <Button onClick={look}>{retry}</Button>
            </div>
          </>
        )}
        {stage.name === 'pairing' && <Pairing found={stage.found} onCode={(code) => pair(stage.found, code)} />}
        {stage.name === 'access' && (
          <Access
            simulated={stage.paired.reader.kind === 'simulator'}
            printed={printed}
            onPrinted={setPrinted}
            onAccess={(access) => read(stage.paired, access)}
          />
        )}
        {stage.name === 'reading' && <Reading progress={stage.progress} />}
      </div>
    </Panel>
  );
}

function Pairing(props: { readonly found: FoundCompanion; readonly onCode: (code: string) => unknown }): VNode {
  const { companion: texts, problems } = useStrings();
  const [code, setCode] = useState('');
  if (props.found.locked) return <Notice tone="warn">{problems.companion_locked}</Notice>;
  return (
    <Form onSubmit={() => props.onCode(code)}>
      <Field
        label={texts.code}
        hint={texts.codeHint}
        value={code}
        onValue={setCode}
        mode="numeric"
        maxLength={7}
        first
      />
      <div class="actions">
        <Button kind="primary" disabled={code.replace(/\s/g, '').length !== 6}>
          {texts.pair}
        </Button>
      </div>
    </Form>
  );
}

/** What stands in the last two lines of a passport's page. */
interface Printed {
  readonly number: string;
  readonly birth: string;
  readonly expiry: string;
}

function Access(props: {
  readonly simulated: boolean;
  readonly printed: Printed;
  readonly onPrinted: (printed: Printed) => void;
  readonly onAccess: (access: ChipAccess) => unknown;
}): VNode {
  const { companion: texts } = useStrings();
  const { number, birth, expiry } = props.printed;
  const set = (change: Partial<Printed>): void => props.onPrinted({ ...props.printed, ...change });
  const isComplete = number.trim() !== '' && MRZ_DATE.test(birth) && MRZ_DATE.test(expiry);
  return (
    <Form
      onSubmit={() =>
        isComplete ? props.onAccess({ documentNumber: number.trim().toUpperCase(), birth, expiry }) : undefined
      }
    >
      {props.simulated && <Notice tone="warn">{texts.simulated}</Notice>}
      <p>{texts.access}</p>
      <Field label={texts.number} value={number} onValue={(value) => set({ number: value })} maxLength={20} first />
      <Field
        label={texts.birth}
        hint={texts.dateHint}
        value={birth}
        onValue={(value) => set({ birth: value })}
        mode="numeric"
        maxLength={6}
      />
      <Field
        label={texts.expiry}
        hint={texts.dateHint}
        value={expiry}
        onValue={(value) => set({ expiry: value })}
        mode="numeric"
        maxLength={6}
      />
      <div class="actions">
        <Button kind="primary" disabled={!isComplete}>
          {texts.read}
        </Button>
      </div>
    </Form>
  );
}

function Reading({ progress }: { readonly progress: ChipProgress | undefined }): VNode {
  const { companion: texts } = useStrings();
  if (progress?.step !== 'files') return <Progress label={texts.steps[progress?.step ?? 'waiting']} />;
  const { file, read, total } = progress;
  return <Progress label={texts.steps.files(file)} fraction={total === 0 ? undefined : read / total} />;
}
