// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A request that another screen shows: a shop terminal, a computer. The answer goes to the platform, and a
 * code comes back to be typed there.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { Field, Form } from './fields.tsx';
import { useStrings } from './language.tsx';
import { Button, Heading, Panel } from './parts.tsx';
import { QrScanner } from './qr_scanner.tsx';
import { go } from './route.ts';

/** The fragment of a link to any Bauta wallet; what it says is checked when the request is read. */
export function requestIn(text: string): string | undefined {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return undefined;
  const { protocol, hash } = new URL(trimmed);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  return isWeb && new URLSearchParams(hash.slice(1)).has('request_uri') ? hash : undefined;
}

/** The page. */
export function ScanPage(): VNode {
  const { scan } = useStrings();
  const [other, setOther] = useState(false);
  const [link, setLink] = useState('');
  const take = (text: string): void => {
    const fragment = requestIn(text);
    setOther(fragment === undefined);
    if (fragment !== undefined) go('present', fragment);
  };
  return (
    <div class="stack narrow">
      <Heading>{scan.title}</Heading>
      <p class="soft">{scan.text}</p>
      <Panel>
        <QrScanner onText={take} />
        <div role="alert">{other && <p class="fault">{scan.other}</p>}</div>
      </Panel>
      <Panel tone="sunken">
        <Form onSubmit={() => take(link)}>
          <Field label={scan.paste} value={link} onValue={setLink} />
          <div class="actions">
            <Button disabled={link.trim() === ''}>{scan.pasteOpen}</Button>
          </div>
        </Form>
      </Panel>
    </div>
  );
}
