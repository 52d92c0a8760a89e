// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Faults of a log: which rule was broken first, and where. docs/protocol.md section 7.
 *
 * @module
 */
import { ProtocolError } from '../protocol/errors.ts';

/** The rules that a replay checks, with what it means to break each. */
export const LOG_RULES = {
  entry_form: 'An entry is no event, or not in its one canonical form.',
  entry_beyond: 'There are more entries than the checkpoint counts.',
  entry_missing: 'There are fewer entries than the checkpoint counts.',
  first_entry: 'Entry 0, and no other, creates the log and names its origin.',
  key_in_force: 'A key is added that is in force already.',
  key_unknown: 'A key is removed or used that is not in force.',
  key_id: 'A key stands under an id that is not its own.',
  signature: 'A signature does not hold.',
  issuer_other: "An issuer speaks for the holder of a leaf that is another issuer's.",
  leaf_repeated: 'A leaf is added, or replaces another, that the log held before.',
  index_taken: 'A leaf takes a position that another has or had.',
  index_outside: 'A leaf takes a position beyond those that the checkpoint counts.',
  leaf_unknown: 'A leaf is named that the log does not hold.',
  leaf_elsewhere: 'A leaf is named with a position that is not its own.',
  leaf_revoked: 'A leaf is named that was revoked before.',
  leaf_replaced: 'A leaf is named that was replaced before.',
  rules_missing: 'A revocation is made before the log says how revocations are decided.',
  approvals: 'There are fewer approvals by distinct approvers than the rules ask for.',
  announcement_open: 'A revocation is announced that is announced already.',
  announcement_replaced: 'A leaf is replaced while its revocation is announced.',
  announcement_unknown: 'There is no open announcement at the named position.',
  announcement_reason: 'A revocation is carried out for another reason than it was announced for.',
  delay: 'A revocation is carried out before its delay has passed.',
  second_root: 'An epoch has a second checkpoint.',
  epoch: 'A checkpoint is not of the next epoch.',
  active_from: 'A checkpoint is not active later than the one before.',
  rollback: 'A checkpoint is of a smaller log than the one before.',
  log_root: 'The entries do not have the root that the checkpoint states.',
  presentation_root: 'The leaves do not have the presentation root that the checkpoint states.',
  counts: 'The counts of the checkpoint are not those of the log.',
  reasons: 'The counts by reason of the checkpoint are not those of the log.',
} as const;

/** Name of a rule. */
export type LogRule = keyof typeof LOG_RULES;

/** Rules about checkpoints; all others are about entries. */
const OF_CHECKPOINTS: ReadonlySet<LogRule> = new Set<LogRule>([
  'second_root',
  'epoch',
  'active_from',
  'rollback',
  'log_root',
  'presentation_root',
  'counts',
  'reasons',
]);

/** The first fault of a log. */
export interface LogFault {
  readonly rule: LogRule;
  /** What the position counts: an entry's place in the log, or a checkpoint's size. */
  readonly of: 'entry' | 'checkpoint';
  readonly position: number;
  /** What is wrong there. */
  readonly detail: string;
}

/** A fault as the error that is thrown: `log_fault`. */
export function fault(rule: LogRule, position: number, detail: string, options?: ErrorOptions): ProtocolError {
  const of = OF_CHECKPOINTS.has(rule) ? 'checkpoint' : 'entry';
  const found: LogFault = { rule, of, position, detail };
  const cause = new LogFaultCause(found, options);
  return new ProtocolError(
    'log_fault',
    `the log breaks the rule ${rule} at ${of === 'entry' ? 'entry' : 'the checkpoint of size'} ${String(position)}: ${detail}`,
    { cause },
  );
}

class LogFaultCause extends Error {
  readonly fault: LogFault;

  constructor(found: LogFault, options?: ErrorOptions) {
    super(LOG_RULES[found.rule], options);
    this.fault = found;
  }
}

/** The fault that an error tells of; undefined for any other error. */
export function faultOf(error: unknown): LogFault | undefined {
  return error instanceof ProtocolError && error.cause instanceof LogFaultCause ? error.cause.fault : undefined;
}
