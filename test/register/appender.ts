// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A register in a process of its own that its test kills: submits leaf after leaf, turns in between,
 * and prints each leaf once the register has acknowledged it; with `announce`
 * as its third argument, once it has acknowledged that the leaf's revocation is to be announced.
 *
 * @module
 */
import { startHashing } from '../../src/register/hashing.ts';
import { openTestRegister, leafOf, START } from './harness.ts';

const [url = '', prefix = '', mode = ''] = process.argv.slice(2);
// Cuts that have no room for all, and hash in a thread: a nation's.
const { hashAll } = startHashing(1);
const register = await openTestRegister(url, { epochSeconds: 1, maxLeaves: 5, hashAll });
// Later than every cut of the process that was killed before.
register.time.now = START + Number(prefix) * 1_000_000_000;

async function turnForEver(): Promise<void> {
  for (;;) {
    register.time.now += 1000;
    await register.turn();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function submitForEver(): Promise<void> {
  for (let i = 0; ; i++) {
    const leaf = leafOf(`${prefix} ${String(i)}`);
    const submitted = await register.submit(leaf);
    const response = mode === 'announce' && submitted.status === 202 ? await register.announce(leaf) : submitted;
    if (response.status === 202) {
      process.stdout.write(`${leaf.toString()}\n`);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

await Promise.all([turnForEver(), submitForEver()]);
