// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What both sides of a transfer show: a code to be scanned with its text beside it, a place to read the other
 * side's, and the digits to compare.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { TRANSFER_MS } from '../transfer.ts';
import { Field, Form } from './fields.tsx';
import { useStrings } from './language.tsx';
import { Button, Panel } from './parts.tsx';
import { QrCode } from './qr_code.tsx';
import { QrScanner } from './qr_scanner.tsx';

/** How long each of several codes is shown, milliseconds. */
const TURN_MS = 600;

/** Ends a transfer when its keys have lived long enough. */
export function useTransferEnd(onEnd: () => void): void {
  useEffect(() => {
    const timer = setTimeout(onEnd, TRANSFER_MS);
    return () => clearTimeout(timer);
  }, []);
}

/** Codes, one after the other. */
export function Shown(props: { readonly texts: readonly string[]; readonly label: string }): VNode {
  const { device } = useStrings();
  const { texts } = props;
  const [turn, setTurn] = useState(0);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (texts.length < 2) return undefined;
    const timer = setInterval(() => setTurn((now) => now + 1), TURN_MS);
    return () => clearInterval(timer);
  }, [texts]);
  const text = texts[turn % texts.length] ?? '';
  return (
    <Panel>
      <p>{props.label}</p>
      <QrCode text={text} label={props.label} />
      <div class="actions">
        <Button
          onClick={async () => {
            await navigator.clipboard.writeText(texts.join(' '));
            setCopied(true);
          }}
        >
          {copied ? device.copied : device.copy}
        </Button>
      </div>
    </Panel>
  );
}

/** Reads codes of the other side. */
export function Reading(props: { readonly label: string; readonly onText: (text: string) => void }): VNode {
  const { device } = useStrings();
  const [pasted, setPasted] = useState('');
  return (
    <Panel>
      <p>{props.label}</p>
      <QrScanner onText={props.onText} />
      <Form
        onSubmit={() => {
          pasted.trim().split(/\s+/).forEach(props.onText);
          setPasted('');
        }}
      >
        <Field label={device.paste} value={pasted} onValue={setPasted} />
        <div class="actions">
          <Button disabled={pasted.trim() === ''}>{device.use}</Button>
        </div>
      </Form>
    </Panel>
  );
}

/** The digits that both devices show. */
export function Comparing(props: {
  readonly code: string;
  readonly onSame: () => void;
  readonly onDiffer: () => void;
}): VNode {
  const { device } = useStrings();
  // It comes by itself, after the other screen was seen: nobody has turned to it.
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <Panel>
      <h2 ref={heading} tabIndex={-1}>
        {device.compare}
      </h2>
      <p class="code" data-compare={props.code} aria-label={Array.from(props.code).join(' ')}>
        {`${props.code.slice(0, 4)} ${props.code.slice(4)}`}
      </p>
      <p class="soft">{device.compareText}</p>
      <div class="actions">
        <Button kind="primary" name="same" onClick={props.onSame}>
          {device.same}
        </Button>
        <Button kind="danger" onClick={props.onDiffer}>
          {device.differ}
        </Button>
      </div>
    </Panel>
  );
}
