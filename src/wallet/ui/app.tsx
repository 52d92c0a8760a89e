// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The frame around every page: name, language, what is held, which page.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { ConsentPage } from './consent.tsx';
import { loadConfig, type WalletConfig } from './config.ts';
import { CredentialPage } from './credential_page.tsx';
import { EnrolPage } from './enrol.tsx';
import { LanguageProvider, LanguageSwitch, preferredLanguage, rememberLanguage, useStrings } from './language.tsx';
import { Mask } from './mask.tsx';
import { Button, PageLink, Problem } from './parts.tsx';
import { codeOf } from './problems.ts';
import { type Route, useRoute } from './route.ts';
import { type Held, openStore, type Store } from './store.ts';
import { Wallet } from './wallet_context.ts';
import { WelcomePage } from './welcome.tsx';

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

function Body(): VNode {
  const strings = useStrings();
  const route = useRoute();
  const [boot, setBoot] = useState<Boot>({ state: 'loading' });

  const start = useCallback(async () => {
    setBoot({ state: 'loading' });
    try {
      const [config, store] = await Promise.all([loadConfig(), openStore()]);
      setBoot({ state: 'ready', config, store, held: await store.held() });
    } catch (error) {
      setBoot({ state: 'failed', code: codeOf(error) });
    }
  }, []);
  useEffect(() => void start(), [start]);

  const wallet = useMemo(() => {
    if (boot.state !== 'ready') {
      return undefined;
    }
    const refresh = async (): Promise<void> => {
      setBoot({ ...boot, held: await boot.store.held() });
    };
    return { config: boot.config, store: boot.store, held: boot.held, refresh };
  }, [boot]);

  return (
    <>
      <main class="page" aria-busy={boot.state === 'loading'}>
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
            <CurrentPage route={route} held={wallet.held} />
          </Wallet.Provider>
        )}
      </main>
      <footer class="foot">
        <p>{strings.foot}</p>
        {wallet?.config.demo === true && <p>{strings.demonstration}</p>}
      </footer>
    </>
  );
}

function CurrentPage({ route, held }: { readonly route: Route; readonly held: Held }): VNode {
  switch (route.page) {
    case 'present':
      return <ConsentPage key={route.fragment} fragment={route.fragment} />;
    case 'enrol':
      return <EnrolPage fragment={route.fragment} />;
    case 'credential':
      return held.kind === 'nothing' ? <WelcomePage /> : <CredentialPage />;
    case 'welcome':
      return held.kind === 'nothing' ? <WelcomePage /> : <CredentialPage />;
  }
}
