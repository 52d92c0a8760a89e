// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Third step of an enrolment, which can be left out: confirming a phone number by a code.
 *
 * @module
 */
import type { VNode } from 'preact';
import type { Flow } from './enrol_flow.ts';
import { useStrings } from './language.tsx';
import { Button, Heading, Panel } from './parts.tsx';

/** The step. */
export function PhoneStep({ flow }: { readonly flow: Flow }): VNode {
  const { enrol } = useStrings();
  const { phone } = enrol;
  return (
    <>
      <Heading>{phone.title}</Heading>
      <Panel>
        <p>{phone.why}</p>
        <p class="soft small">{phone.skipMeans}</p>
        <div class="actions">
          <Button name="skip" onClick={() => flow.advance({ stage: 'request' })}>
            {phone.skip}
          </Button>
        </div>
      </Panel>
    </>
  );
}
