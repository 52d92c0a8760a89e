// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What the approvers of a running demonstration decide about a holder's credential.
 *
 * @module
 */
import { setTimeout } from 'node:timers/promises';
import { openCheckpoint } from '../../src/log/checkpoint.ts';
import { parseEvent } from '../../src/log/events.ts';
import { decodeBundle } from '../../src/log/tiles.ts';
import { fromBase64Url } from '../../src/protocol/scope.ts';
import { type Act, approve, submit } from '../../src/register/approver.ts';
import type { DemoStack } from '../../src/server/demo_stack.ts';

/** How long the register may take to carry out what was decided. */
const CARRY_OUT_MS = 30_000;

/** The leaf that was added last, as decimal text; for logs of less than 256 entries. */
export async function lastLeaf({ urls, walletConfig }: DemoStack): Promise<string> {
  const key = { name: walletConfig.register.name, publicKey: fromBase64Url(walletConfig.register.key) };
  const { size } = openCheckpoint(await (await fetch(`${urls.register}/checkpoint`)).text(), key);
  const bundle = await fetch(`${urls.register}/tile/entries/000.p/${String(size)}`);
  const entries = decodeBundle(new Uint8Array(await bundle.arrayBuffer()), size);
  const events = entries.map((entry) => parseEvent(JSON.parse(new TextDecoder().decode(entry))));
  const added = events.filter((event) => event.kind === 'leaf_added').at(-1);
  if (added === undefined) throw new Error('no leaf was ever added');
  return added.leaf;
}

/** Has two of the three approvers decide, and waits until the register has carried it out. */
export async function decide({ urls, approverKeys }: DemoStack, act: Act): Promise<void> {
  const signed = approverKeys.slice(1).map((key) => approve(act, key));
  await submit({ url: urls.register, fetch }, act.act, signed);
  const until = Date.now() + CARRY_OUT_MS;
  for (;;) {
    const answer = await fetch(`${urls.register}/v1/leaves/${act.leaf}`);
    const { status, announcement } = (await answer.json()) as { status: string; announcement?: { status: string } };
    if ((act.act === 'revoke' ? status : announcement?.status) === WANTED[act.act]) return;
    if (Date.now() > until) throw new Error(`the register did not ${act.act}: the leaf is ${status}`);
    await setTimeout(200);
  }
}

/** How the leaf stands, or its announcement, once it is done. */
const WANTED = { announce: 'open', reverse: 'reversed', revoke: 'revoked' } as const;
