// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the holder did, and which platforms know a pseudonym. Kept on this device only.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Activity, type ActivityEntry, type ConnectedPlatform, NO_ACTIVITY } from '../activity.ts';
import { ConfirmDialog } from './dialog.tsx';
import { dateTimeName, learned } from './facts.ts';
import { useStrings } from './language.tsx';
import { Heading, PageLink, Panel } from './parts.tsx';
import { shortSub } from './short_sub.ts';
import { useWallet } from './wallet_context.ts';

/** The list and a way to change it. */
function useActivity(): readonly [Activity | undefined, (change: (activity: Activity) => Activity) => Promise<void>] {
  const { store } = useWallet();
  const [activity, setActivity] = useState<Activity>();
  useEffect(() => {
    store.activity().then(setActivity, () => setActivity(NO_ACTIVITY));
  }, []);
  const change = async (changing: (activity: Activity) => Activity): Promise<void> => {
    await store.changeActivity(changing);
    setActivity(await store.activity());
  };
  return [activity, change];
}

const hostOf = (origin: string): string => (URL.canParse(origin) ? new URL(origin).host : origin);

/** The page of what was done. */
export function ActivityPage(): VNode {
  const { activity: texts, loading } = useStrings();
  const [activity, change] = useActivity();
  return (
    <div class="stack narrow">
      <Heading>{texts.title}</Heading>
      <p class="soft">{texts.text}</p>
      <Tabs />
      {activity === undefined && <p class="soft">{loading}</p>}
      {activity?.entries.length === 0 && <p class="empty">{texts.none}</p>}
      {activity !== undefined && activity.entries.length > 0 && (
        <>
          <Panel>
            <ul class="entries">
              {activity.entries.map((entry) => (
                <Entry key={`${entry.origin} ${String(entry.at)}`} entry={entry} />
              ))}
            </ul>
          </Panel>
          <div class="actions">
            <ConfirmDialog
              open={texts.clear}
              title={texts.clearTitle}
              yes={texts.clearYes}
              no={texts.clearNo}
              onYes={() => change(({ platforms }) => ({ entries: [], platforms }))}
            >
              {texts.clearText}
            </ConfirmDialog>
          </div>
        </>
      )}
    </div>
  );
}

function Entry({ entry }: { readonly entry: ActivityEntry }): VNode {
  const strings = useStrings();
  const { activity: texts, consent } = strings;
  const { sub } = entry;
  return (
    <li data-entry={entry.outcome}>
      <div class="entry-head">
        <strong>{hostOf(entry.origin)}</strong>
        <span class="soft small">{dateTimeName(entry.at, strings)}</span>
      </div>
      {entry.outcome === 'declined' ? (
        <p class="soft">{texts.declined}</p>
      ) : (
        <p>
          {consent.sentence(learned(entry.ask, entry.disclosed, strings))}
          <span class="soft small block">
            {sub === undefined ? consent.notRecognised : texts.as(shortSub(sub))}
            {entry.crossDevice === true && ` ${texts.crossDevice}`}
          </span>
        </p>
      )}
    </li>
  );
}

/** The page of platforms that were shown something. */
export function PlatformsPage(): VNode {
  const { platforms: texts, loading } = useStrings();
  const [activity, change] = useActivity();
  return (
    <div class="stack narrow">
      <Heading>{texts.title}</Heading>
      <p class="soft">{texts.text}</p>
      <Tabs />
      {activity === undefined && <p class="soft">{loading}</p>}
      {activity?.platforms.length === 0 && <p class="empty">{texts.none}</p>}
      {activity?.platforms.map((platform) => (
        <Platform
          key={platform.origin}
          platform={platform}
          onForget={() =>
            change(({ entries, platforms }) => ({
              entries: entries.filter(({ origin }) => origin !== platform.origin),
              platforms: platforms.filter(({ origin }) => origin !== platform.origin),
            }))
          }
        />
      ))}
    </div>
  );
}

function Platform(props: { readonly platform: ConnectedPlatform; readonly onForget: () => unknown }): VNode {
  const strings = useStrings();
  const { platforms: texts } = strings;
  const { origin, sub, first, last, times } = props.platform;
  return (
    <Panel>
      <h2 class="host">{hostOf(origin)}</h2>
      <dl class="facts" data-platform={origin}>
        <dt>{texts.pseudonym}</dt>
        <dd data-short={sub}>{sub === undefined ? texts.noPseudonym : shortSub(sub)}</dd>
        <dt>{texts.first}</dt>
        <dd>{dateTimeName(first, strings)}</dd>
        <dt>{texts.last}</dt>
        <dd>{dateTimeName(last, strings)}</dd>
        <dt>{texts.times}</dt>
        <dd>{times}</dd>
      </dl>
      <div class="actions">
        <a class="button plain" href={origin}>
          {texts.visit}
        </a>
        <ConfirmDialog
          open={texts.forget}
          title={texts.forgetTitle(hostOf(origin))}
          yes={texts.forgetYes}
          no={texts.forgetNo}
          onYes={props.onForget}
        >
          {texts.forgetText}
        </ConfirmDialog>
      </div>
    </Panel>
  );
}

function Tabs(): VNode {
  const { activity, platforms } = useStrings();
  const here = location.pathname;
  return (
    <ul class="tabs">
      <li>
        <PageLink to="activity" current={here === '/activity'}>
          {activity.tab}
        </PageLink>
      </li>
      <li>
        <PageLink to="platforms" current={here === '/platforms'}>
          {platforms.tab}
        </PageLink>
      </li>
    </ul>
  );
}
