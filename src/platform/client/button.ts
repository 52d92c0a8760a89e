// SPDX-License-Identifier: Apache-2.0
/**
 * `<bauta-login>`: the button that begins a login, an age check, a confirmation or a vote; `<bauta-return>`: the end of
 * it, on the page that the wallet returns to.
 *
 * ```html
 * <script type="module" src="/bauta-login.js"></script>
 * <bauta-login purpose="age"><form method="post" action="/login"><button>Continue with Bauta</button></form></bauta-login>
 * ```
 *
 * The form is the platform's own, with whatever it needs against forgery; the button submits it, and the platform
 * answers with a redirect to `request_url`. Where scripts are off, the form stands there by itself. Without a form
 * inside, `action` names where to post. `lang` is `en` or `zh`, by default that of the page; `theme` is `light` or
 * `dark`, by default what the reader prefers. Works under a strict Content-Security-Policy and with Trusted Types;
 * loads nothing, stores nothing, tells nobody.
 *
 * ```html
 * <bauta-return><form method="post" action="/return"><input type="hidden" name="response_code"></form></bauta-return>
 * ```
 *
 * The response code is in the page's fragment, which no server sees: this element puts it into the form, takes it out
 * of the address, and submits.
 *
 * @module
 */

/** What the button is for. */
export type ButtonPurpose = 'login' | 'age' | 'confirm' | 'once';

type Language = 'en' | 'zh';

/** Words of the button, and of the moment after it. */
const TEXTS: Readonly<Record<Language, Readonly<Record<ButtonPurpose | 'busy', string>>>> = {
  en: {
    login: 'Continue with Bauta',
    age: 'Show your age with Bauta',
    confirm: 'Confirm with Bauta',
    once: 'Take part with Bauta',
    busy: 'Opening your wallet …',
  },
  zh: {
    login: '使用 Bauta 继续',
    age: '使用 Bauta 证明年龄',
    confirm: '使用 Bauta 确认',
    once: '使用 Bauta 参与',
    busy: '正在打开钱包……',
  },
};

const STYLE = `
:host { display: inline-block; max-width: 100%; color-scheme: light dark; }
:host([hidden]) { display: none; }
:host([theme='light']) { color-scheme: light; }
:host([theme='dark']) { color-scheme: dark; }
button {
  display: inline-flex; align-items: center; justify-content: center; gap: 0.6em;
  box-sizing: border-box; width: 100%; min-height: 48px; padding: 0.6em 1.2em;
  font: 600 1rem/1.3 system-ui, 'Noto Sans CJK SC', sans-serif; text-align: center;
  color: light-dark(#ffffff, #16121c); background: light-dark(#2b1d3f, #eadfff);
  border: 1px solid transparent; border-radius: 10px; cursor: pointer;
}
button:hover { background: light-dark(#3d2b58, #ffffff); }
button:focus-visible { outline: 3px solid light-dark(#7a4fd0, #b79bff); outline-offset: 2px; }
button[aria-busy='true'] { cursor: progress; opacity: 0.85; }
button:disabled { cursor: not-allowed; opacity: 0.55; }
svg { width: 1.5em; height: 1.5em; flex: none; }
@media (forced-colors: active) { button { border-color: ButtonText; } }
@media (prefers-reduced-motion: no-preference) { button { transition: background-color 120ms; } }
`;
/** The mask: a face without features, two eyes. */
const MASK = [
  'M3 7c3-2.2 6-3.2 9-3.2s6 1 9 3.2c0 7.200-3.300 13.200-9 14.200-5.700-1-9-7-9-14.200z',
  'M6.500 10.200c1.700-1.200 3.400-1.200 4.600.3-1.300 1.400-3.200 1.500-4.600-.3zM17.500 10.200c-1.700-1.200-3.400-1.200-4.600.3 1.300 1.400 3.200 1.500 4.600-.3z',
] as const;
const SVG = 'http://www.w3.org/2000/svg';

function maskIcon(document: Document): SVGSVGElement {
  const icon = document.createElementNS(SVG, 'svg');
  icon.setAttribute('viewBox', '0 0 24 24');
  icon.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', MASK.join(''));
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('fill-rule', 'evenodd');
  icon.append(path);
  return icon;
}

function languageOf(element: Element): Language {
  const tag = element.closest('[lang]')?.getAttribute('lang') ?? globalThis.navigator.language;
  return /^zh\b/i.test(tag) ? 'zh' : 'en';
}

function purposeOf(element: Element): ButtonPurpose {
  const purpose = element.getAttribute('purpose');
  return purpose === 'age' || purpose === 'confirm' || purpose === 'once' ? purpose : 'login';
}

/** Makes the class: only where there are elements, so that a server may import this module. */
function createButtonClass(): CustomElementConstructor {
  return class BautaLogin extends HTMLElement {
    static readonly observedAttributes = ['lang', 'purpose', 'disabled'];
    readonly #button: HTMLButtonElement;
    readonly #label: HTMLSpanElement;
    readonly #onShow = (): void => {
      // The reader came back, perhaps to a page that was kept as it was left.
      this.#setBusy(false);
    };

    constructor() {
      super();
      const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      this.#button = document.createElement('button');
      this.#button.type = 'button';
      this.#button.part.add('button');
      this.#label = document.createElement('span');
      this.#button.append(maskIcon(document), this.#label);
      this.#button.addEventListener('click', () => {
        this.#begin();
      });
      root.append(this.#button);
    }

    connectedCallback(): void {
      globalThis.addEventListener('pageshow', this.#onShow);
      this.#show();
    }

    disconnectedCallback(): void {
      globalThis.removeEventListener('pageshow', this.#onShow);
    }

    attributeChangedCallback(): void {
      this.#show();
    }

    #show(): void {
      const texts = TEXTS[languageOf(this)];
      const isBusy = this.#button.getAttribute('aria-busy') === 'true';
      this.#label.textContent = isBusy ? texts.busy : texts[purposeOf(this)];
      this.#button.disabled = this.hasAttribute('disabled');
    }

    #setBusy(isBusy: boolean): void {
      this.#button.setAttribute('aria-busy', String(isBusy));
      this.#show();
    }

    #begin(): void {
      if (this.#button.getAttribute('aria-busy') === 'true') return;
      // Listeners may prevent it, as they may prevent a form.
      if (!this.dispatchEvent(new Event('bauta-begin', { bubbles: true, composed: true, cancelable: true }))) return;
      const form = this.querySelector('form') ?? this.#ownForm();
      if (form === undefined || !form.reportValidity()) return;
      this.#setBusy(true);
      form.requestSubmit();
    }

    /** A form for the address in `action`. */
    #ownForm(): HTMLFormElement | undefined {
      const action = this.getAttribute('action');
      if (action === null) return undefined;
      const form = document.createElement('form');
      form.method = 'post';
      form.action = action;
      form.hidden = true;
      this.append(form);
      return form;
    }
  };
}

function createReturnClass(): CustomElementConstructor {
  return class BautaReturn extends HTMLElement {
    connectedCallback(): void {
      const code = new URLSearchParams(globalThis.location.hash.slice(1)).get('response_code');
      const form = this.querySelector('form');
      const field = form?.querySelector<HTMLInputElement>('input[name=response_code]');
      if (code === null || form === null || field === null || field === undefined) return;
      // It works once, and is of no use in a history.
      globalThis.history.replaceState(null, '', globalThis.location.pathname + globalThis.location.search);
      field.value = code;
      form.requestSubmit();
    }
  };
}

/** Defines both elements, once. */
export function defineElements(): void {
  const { customElements } = globalThis;
  if (customElements.get('bauta-login') !== undefined) return;
  customElements.define('bauta-login', createButtonClass());
  customElements.define('bauta-return', createReturnClass());
}

// As a script of a page it needs no other: on a server there is nothing to define.
if ('customElements' in globalThis) defineElements();
