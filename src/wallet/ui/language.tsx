// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Which language the pages speak: the browser's first known one, until the holder switches. The choice
 * is kept in localStorage; it says nothing about a person that the browser does not send anyway.
 *
 * @module
 */
import { createContext, type VNode } from 'preact';
import { useContext } from 'preact/hooks';
import { en, type Strings } from './strings/en.ts';
import { zh } from './strings/zh.ts';

/** Every language, in the order of the switch. */
const LANGUAGES: readonly Strings[] = [zh, en];
const STORED = 'bauta-wallet-language';

const Language = createContext<Strings>(en);

/** Makes a language the one that {@link useStrings} gives. */
export const LanguageProvider = Language.Provider;

/** The texts of the current language. */
export function useStrings(): Strings {
  return useContext(Language);
}

/** The language to begin with. */
export function preferredLanguage(): Strings {
  const wanted = [localStorage.getItem(STORED), ...navigator.languages, navigator.language];
  for (const tag of wanted) {
    const found = LANGUAGES.find((language) => tag?.slice(0, 2).toLowerCase() === language.tag.slice(0, 2));
    if (found !== undefined) {
      return found;
    }
  }
  return en;
}

/** Keeps the holder's choice. */
export function rememberLanguage(language: Strings): void {
  localStorage.setItem(STORED, language.tag);
}

/** Buttons to choose a language; each says its own name in itself. */
export function LanguageSwitch({ onChange }: { readonly onChange: (language: Strings) => void }): VNode {
  const strings = useStrings();
  return (
    <div class="languages" role="group" aria-label={strings.language}>
      {LANGUAGES.map((language) => (
        <button
          key={language.tag}
          type="button"
          lang={language.tag}
          aria-pressed={language === strings}
          onClick={() => onChange(language)}
        >
          {language.name}
        </button>
      ))}
    </div>
  );
}
