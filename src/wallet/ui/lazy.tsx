// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Pages that are loaded when they are first shown, so that the first page of the wallet is light.
 *
 * @module
 */
import type { FunctionComponent, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useStrings } from './language.tsx';
import { Button, Problem } from './parts.tsx';

/**
 * Makes a component of one that is loaded later.
 *
 * @param load - Imports it. What a browser could not load once it may not load again in the same document, so
 * that after a failure, e.g. without a connection, the page is loaded anew.
 */
export function lazy<Props extends object>(
  load: () => Promise<FunctionComponent<Props>>,
): (props: Props) => VNode | null {
  let loaded: FunctionComponent<Props> | undefined;
  return function Lazy(props) {
    const { loading, retry } = useStrings();
    const [, setReady] = useState(loaded !== undefined);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (loaded !== undefined) return;
      load().then(
        (component) => {
          loaded = component;
          setReady(true);
        },
        () => setFailed(true),
      );
    }, []);
    const Part = loaded;
    if (Part !== undefined) return <Part {...props} />;
    if (!failed) return <p class="soft">{loading}</p>;
    return (
      <div class="narrow">
        <Problem code="network_failed">
          <Button kind="primary" onClick={() => location.reload()}>
            {retry}
          </Button>
        </Problem>
      </div>
    );
  };
}
