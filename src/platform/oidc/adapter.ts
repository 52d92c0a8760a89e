// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The bridge's provider on SQL: what it began in one process goes on in another, or after a restart.
 *
 * @module
 */
import { type Adapter, type AdapterFactory, errors } from 'oidc-provider';
import {
  consumeRecord,
  deleteByGrant,
  deleteRecord,
  findRecord,
  type OidcDatabase,
  putRecord,
} from '../../storage/oidc.ts';

/**
 * Makes the adapter.
 *
 * @param db - Migrated with `oidcMigrations`.
 * @param clock - Unix time in milliseconds.
 */
export function sqlAdapter(db: OidcDatabase, clock: () => number): AdapterFactory {
  return (model): Adapter => ({
    async upsert(id, payload, expiresIn) {
      if (expiresIn === undefined) throw new TypeError(`a record of ${model} needs an end`);
      await putRecord(db, model, id, payload, clock() + expiresIn * 1000);
    },
    find: async (id) => await findRecord(db, model, { id }, clock()),
    findByUid: async (uid) => await findRecord(db, model, { uid }, clock()),
    // Codes that a person types on another device belong to a flow that the bridge does not have.
    findByUserCode: () => Promise.resolve(undefined),
    async consume(id) {
      // The provider looks first and consumes then; of two at once only one may go on.
      if (!(await consumeRecord(db, model, id, Math.floor(clock() / 1000)))) {
        throw new errors.InvalidGrant('the code was used before');
      }
    },
    destroy: (id) => deleteRecord(db, model, id),
    revokeByGrantId: (grantId) => deleteByGrant(db, model, grantId),
  });
}
