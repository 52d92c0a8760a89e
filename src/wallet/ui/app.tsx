// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The frame around every page: name, language, lock, what is held, which page.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { loadConfig, type WalletConfig } from './config.ts';
import { watchInactivity } from './inactivity.ts';
import { LanguageProvider, LanguageSwitch, preferredLanguage, rememberLanguage, useStrings } from './language.tsx';
import { Mask } from './mask.tsx';
import { Navigation } from './navigation.tsx';
import { CurrentPage } from './pages.tsx';
import { Button, PageLink, Problem } from './parts.tsx';
import { codeOf } from './problems.ts';
import { usePublication } from './publishing.ts';
import { useRoute } from './route.ts';
import { type Held, openStore, type Store } from './store.ts';
import { joinTabs, type TabMessage, type Tabs } from './tabs.ts';
import { UpdateNotice } from './update_notice.tsx';
import { closeProver, Wallet, type WalletContext } from './wallet_context.ts';

/** The whole wallet. */
export function App(): VNode {
  const [language, setLanguage] = useState(preferredLanguage);
  useEffect(() => {
    document.documentElement.lang = language.tag;
  }, [language]);
  return (
    <LanguageProvider value={language}>
      <div class="frame">
        <header class="top">
          <PageLink to="welcome" class="brand" label={language.home}>
            <Mask tile />
            Bauta
          </PageLink>
          <LanguageSwitch
            onChange={(chosen) => {
              rememberLanguage(chosen);
              setLanguage(chosen);
            }}
          />
        </header>
        <Body />
      </div>
    </LanguageProvider>
  );
}

type Boot =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly code: string }
  | { readonly state: 'ready'; readonly config: WalletConfig; readonly store: Store; readonly held: Held };

/** Opens storage and configuration, and keeps what is held up to date over all pages of the wallet. */
function useBoot(): { readonly boot: Boot; readonly start: () => Promise<void>; readonly wallet?: WalletContext } {
  const [boot, setBoot] = useState<Boot>({ state: 'loading' });
  const tabs = useRef<Tabs>();
  const store = boot.state === 'ready' ? boot.store : undefined;

  const start = useCallback(async () => {
    setBoot({ state: 'loading' });
    try {
      const [config, opened] = await Promise.all([loadConfig(), openStore()]);
      setBoot({ state: 'ready', config, store: opened, held: await opened.held() });
    } catch (error) {
      setBoot({ state: 'failed', code: codeOf(error) });
    }
  }, []);
  useEffect(() => void start(), [start]);

  const read = useCallback(async () => {
    if (store === undefined) return;
    try {
      const held = await store.held();
      setBoot((known) => (known.state === 'ready' ? { ...known, held } : known));
    } catch (error) {
      setBoot({ state: 'failed', code: codeOf(error) });
    }
  }, [store]);
  const lockHere = useCallback(async () => {
    store?.safe.lock();
    await closeProver();
    await read();
  }, [store]);

  useEffect(() => {
    if (store === undefined) return undefined;
    const onMessage = (message: TabMessage): void => void (message === 'lock' ? lockHere() : read());
    const joined = joinTabs(onMessage);
    tabs.current = joined;
    const unwatch = watchInactivity(() => void lockHere());
    return () => {
      unwatch();
      joined.close();
    };
  }, [store]);

  const wallet = useMemo(() => {
    if (boot.state !== 'ready') return undefined;
    const refresh = async (): Promise<void> => {
      await read();
      tabs.current?.tell('changed');
    };
    const lock = async (): Promise<void> => {
      tabs.current?.tell('lock');
      await lockHere();
    };
    return { config: boot.config, store: boot.store, held: boot.held, refresh, lock };
  }, [boot]);
  return wallet === undefined ? { boot, start } : { boot, start, wallet };
}

function Body(): VNode {
  const strings = useStrings();
  const route = useRoute();
  const { boot, start, wallet } = useBoot();
  const hindrance = usePublication(wallet);
  return (
    <>
      {wallet !== undefined && (
        <Wallet.Provider value={wallet}>
          <Navigation page={route.page} />
        </Wallet.Provider>
      )}
      <main class="page" aria-busy={boot.state === 'loading'}>
        <UpdateNotice />
        {hindrance !== undefined && (
          <div class="narrow spaced">
            <Problem code={hindrance} />
          </div>
        )}
        {boot.state === 'loading' && <p class="soft">{strings.loading}</p>}
        {boot.state === 'failed' && (
          <div class="narrow">
            <Problem code={boot.code}>
              <Button kind="primary" onClick={start}>
                {strings.retry}
              </Button>
            </Problem>
          </div>
        )}
        {wallet !== undefined && (
          <Wallet.Provider value={wallet}>
            <CurrentPage route={route} />
          </Wallet.Provider>
        )}
      </main>
      <footer class="foot">
        <p>
          {strings.foot} <PageLink to="promises">{strings.promises.link}</PageLink>
        </p>
        {wallet?.config.demo === true && <p>{strings.demonstration}</p>}
      </footer>
    </>
  );
}
