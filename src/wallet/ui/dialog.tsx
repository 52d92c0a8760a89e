// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A question before something that cannot be undone. The harmless answer comes first and has the focus.
 *
 * @module
 */
import type { ComponentChildren, VNode } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { Button, Problem } from './parts.tsx';
import { codeOf } from './problems.ts';

/**
 * The button with its question.
 *
 * @param props - Texts of the button that asks, of the question and of both answers; what a yes does.
 */
export function ConfirmDialog(props: {
  readonly open: string;
  readonly title: string;
  readonly yes: string;
  readonly no: string;
  readonly onYes: () => unknown;
  readonly children: ComponentChildren;
}): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const agree = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await props.onYes();
      dialog.current?.close();
    } catch (error) {
      setProblem(codeOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button kind="danger" onClick={() => dialog.current?.showModal()}>
        {props.open}
      </Button>
      <dialog ref={dialog} class="dialog" aria-labelledby={id}>
        <div class="stack">
          <h2 id={id}>{props.title}</h2>
          <p>{props.children}</p>
          {problem !== undefined && <Problem code={problem} />}
          <div class="actions">
            <Button kind="primary" onClick={() => dialog.current?.close()}>
              {props.no}
            </Button>
            <Button kind="danger" disabled={busy} onClick={agree}>
              {props.yes}
            </Button>
          </div>
        </div>
      </dialog>
    </>
  );
}
