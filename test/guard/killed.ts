// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A guard that dies, without warning, in the moment after a guess was counted and before it is answered.
 * Arguments: database URL, key, id. Prints when a guess is answered, which never happens.
 */
import { evaluate, openWorld } from './world.ts';

const [url = '', key = '', id = ''] = process.argv.slice(2);

const world = await openWorld({
  url,
  key,
  around: (database) => ({
    ...database,
    transaction: async (work, options) => {
      const result = await database.transaction(work, options);
      if ((result as { outcome?: string }).outcome === 'counted') process.kill(process.pid, 'SIGKILL');
      return result;
    },
  }),
});
await evaluate(world, id);
process.stdout.write('answered');
