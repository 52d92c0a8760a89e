// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Fields that people fill in.
 *
 * @module
 */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { PIN_DIGITS } from '../pin.ts';
import { useStrings } from './language.tsx';

/** A form that is never sent anywhere; Enter does what its button does. */
export function Form(props: { readonly onSubmit: () => unknown; readonly children: ComponentChildren }): VNode {
  return (
    <form
      class="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        void props.onSubmit();
      }}
    >
      {props.children}
    </form>
  );
}

/** A line of text with its label. */
export function Field(props: {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly mode?: 'text' | 'numeric' | 'tel';
  readonly autocomplete?: string;
  readonly maxLength?: number;
  readonly wrong?: boolean;
  /** Takes the focus when it is shown. */
  readonly first?: boolean;
}): VNode {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.first === true) input.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.hint !== undefined && (
        <p id={`${id}-hint`} class="soft small">
          {props.hint}
        </p>
      )}
      <input
        ref={input}
        id={id}
        inputMode={props.mode ?? 'text'}
        autocomplete={props.autocomplete ?? 'off'}
        autocapitalize="none"
        spellcheck={false}
        maxLength={props.maxLength}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
        aria-invalid={props.wrong === true}
        value={props.value}
        onInput={({ currentTarget }) => props.onValue(currentTarget.value)}
      />
    </div>
  );
}

/** A PIN: digits that bystanders do not see; only digits are taken. */
export function PinField(props: {
  readonly label: string;
  readonly value: string;
  readonly onValue: (pin: string) => void;
  readonly wrong?: boolean;
  readonly first?: boolean;
  /** Whether it is a PIN that is being chosen. */
  readonly fresh?: boolean;
}): VNode {
  const id = useId();
  const { pin } = useStrings();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.first === true) input.current?.focus({ preventScroll: true });
  }, []);
  const length = props.value.length;
  return (
    <div class="field pin">
      <label for={id}>{props.label}</label>
      <input
        ref={input}
        id={id}
        type="password"
        inputMode="numeric"
        pattern="[0-9]*"
        maxLength={PIN_DIGITS}
        // Browsers would offer to store it: it must not be where the wallet is.
        autocomplete={props.fresh === true ? 'new-password' : 'off'}
        aria-invalid={props.wrong === true}
        aria-describedby={`${id}-count`}
        value={props.value}
        onInput={({ currentTarget }) => {
          const digits = currentTarget.value.replace(/[^0-9]/g, '').slice(0, PIN_DIGITS);
          currentTarget.value = digits;
          props.onValue(digits);
        }}
      />
      <span id={`${id}-count`} class="soft small" aria-live="polite">
        {pin.count(length, PIN_DIGITS)}
      </span>
    </div>
  );
}
