// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Choosing a PIN: typed twice, weak ones refused at once and by name.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { PIN_DIGITS, pinFault } from '../pin.ts';
import { Form, PinField } from './fields.tsx';
import { useStrings } from './language.tsx';
import { Button } from './parts.tsx';
import { textOf } from './problems.ts';

/**
 * The form.
 *
 * @param props - `birth`: YYYYMMDD, so that PINs made of it are refused; `problem`: of what was done with
 * the last PIN.
 */
export function NewPin(props: {
  readonly birth: number | undefined;
  readonly submit: string;
  readonly busy?: boolean;
  readonly problem?: string | undefined;
  readonly onPin: (pin: string) => unknown;
}): VNode {
  const strings = useStrings();
  const { pin: texts } = strings;
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const isWhole = (pin: string): boolean => pin.length === PIN_DIGITS;
  const weak = isWhole(first) ? pinFault(first, props.birth) : undefined;
  const differs = isWhole(first) && isWhole(second) && first !== second;
  const fault =
    weak !== undefined
      ? textOf(weak, strings)
      : differs
        ? texts.differs
        : props.problem === undefined
          ? ''
          : textOf(props.problem, strings);
  const isReady = weak === undefined && isWhole(first) && first === second && props.busy !== true;
  return (
    <Form onSubmit={() => (isReady ? props.onPin(first) : undefined)}>
      <PinField label={texts.choose} value={first} onValue={setFirst} wrong={weak !== undefined} first fresh />
      <PinField label={texts.again} value={second} onValue={setSecond} wrong={differs} fresh />
      <p role="alert" class="fault" data-fault={weak ?? (differs ? 'differs' : props.problem)}>
        {fault}
      </p>
      <div class="actions">
        <Button kind="primary" disabled={!isReady}>
          {props.submit}
        </Button>
      </div>
    </Form>
  );
}
