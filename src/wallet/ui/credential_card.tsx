// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The credential drawn as a card: nothing on it identifies its holder.
 *
 * @module
 */
import type { VNode } from 'preact';
import { useStrings } from './language.tsx';
import { Mask } from './mask.tsx';

/**
 * The card.
 *
 * @param props - What stands on it; nothing for the picture on the welcome page.
 */
export function CredentialCard(props: {
  readonly document?: string;
  readonly validUntil?: string;
  readonly status?: string;
}): VNode {
  const { credential } = useStrings();
  const blank = props.document === undefined;
  return (
    <figure class="card" aria-hidden={blank}>
      <div class="card-head">
        <span>Bauta</span>
        {props.status !== undefined && <span class="card-status">{props.status}</span>}
      </div>
      <Mask tile={false} />
      <figcaption class="card-foot">
        <span class="card-label">{credential.cardLabel}</span>
        <span class="card-facts">
          {blank ? '••••••' : props.document}
          {props.validUntil !== undefined && (
            <span>
              {credential.validUntil} {props.validUntil}
            </span>
          )}
        </span>
      </figcaption>
    </figure>
  );
}
