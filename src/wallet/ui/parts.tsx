// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Parts that several pages use.
 *
 * @module
 */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useStrings } from './language.tsx';
import { textOf } from './problems.ts';
import { go, hrefOf, type Page } from './route.ts';

type Children = ComponentChildren;

/** The page's heading and title; takes the focus when the page opens, so that screen readers begin there. */
export function Heading({ children }: { readonly children: Children }): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    document.title = `${heading.current?.textContent ?? ''} – Bauta`;
  }, [children]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** A button. */
export function Button(props: {
  readonly kind?: 'primary' | 'plain' | 'danger';
  readonly disabled?: boolean;
  /** For programs that look for it. */
  readonly name?: string;
  /** Without it the button submits its form. */
  readonly onClick?: () => unknown;
  readonly children: Children;
}): VNode {
  return (
    <button
      type={props.onClick === undefined ? 'submit' : 'button'}
      class={`button ${props.kind ?? 'plain'}`}
      disabled={props.disabled ?? false}
      data-name={props.name}
      onClick={() => void props.onClick?.()}
    >
      {props.children}
    </button>
  );
}

/** A link to a page of the wallet; keeps a platform's request. */
export function PageLink(props: {
  readonly to: Page;
  readonly fragment?: string;
  readonly class?: string;
  readonly label?: string;
  /** Whether it is the page that is shown. */
  readonly current?: boolean;
  /** Done before the page is left. */
  readonly onGo?: () => Promise<void>;
  readonly children: Children;
}): VNode {
  const fragment = props.fragment ?? '';
  return (
    <a
      href={hrefOf(props.to) + fragment}
      class={props.class}
      aria-label={props.label}
      aria-current={props.current === true ? 'page' : undefined}
      onClick={(event) => {
        if (!event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0) {
          event.preventDefault();
          if (props.onGo === undefined) go(props.to, fragment);
          else void props.onGo().then(() => go(props.to, fragment));
        }
      }}
    >
      {props.children}
    </a>
  );
}

/** A framed part of a page. */
export function Panel({ children, tone }: { readonly children: Children; readonly tone?: 'plain' | 'sunken' }): VNode {
  return <section class={`panel ${tone ?? 'plain'}`}>{children}</section>;
}

/** A remark with a tone. */
export function Notice(props: {
  readonly tone: 'info' | 'good' | 'warn' | 'bad';
  readonly title?: string;
  /** Says what came of something that the holder did: screen readers tell it at once. */
  readonly result?: boolean;
  readonly children: Children;
}): VNode {
  const role = props.tone === 'bad' ? 'alert' : props.result === true ? 'status' : undefined;
  return (
    <div class={`notice ${props.tone}`} role={role}>
      {props.title !== undefined && <strong>{props.title}</strong>}
      <div>{props.children}</div>
    </div>
  );
}

/** What went wrong, and what to do next. */
export function Problem(props: {
  readonly code: string;
  /** It is all that is on the page, which then has its title for a heading. */
  readonly alone?: boolean;
  readonly children?: Children;
}): VNode {
  const strings = useStrings();
  const { code, alone = false, children } = props;
  return (
    <div class="stack tight" data-problem={code}>
      {alone && <Heading>{strings.problemTitle}</Heading>}
      <Notice tone="bad" {...(alone ? {} : { title: strings.problemTitle })}>
        <p>{textOf(code, strings)}</p>
        <p class="small soft">{strings.problemCode(code)}</p>
      </Notice>
      {children !== undefined && <div class="actions">{children}</div>}
    </div>
  );
}

/**
 * How far something has come.
 *
 * @param props - `fraction` from 0 to 1; undefined where it cannot be known.
 */
export function Progress(props: { readonly label: string; readonly fraction?: number | undefined }): VNode {
  const { fraction } = props;
  return (
    <label class="progress">
      <span>
        {props.label}
        {fraction !== undefined && <span class="soft"> {percent(fraction)}</span>}
      </span>
      {fraction === undefined ? <progress max={1} /> : <progress max={1} value={fraction} />}
    </label>
  );
}

/** A fraction in per cent, rounded down, so that 100 % means done; unbroken at the end of a line. */
export function percent(fraction: number): string {
  return `${String(Math.floor(fraction * 100))}\u00a0%`;
}
